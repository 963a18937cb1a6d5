from __future__ import annotations

import math

import pytest
from qtpy.QtCore import Qt

from napari_alnt.session import QueueRow
from napari_alnt.widgets.queue import COLUMNS, QueueView

NAN = math.nan
ROWS = (
    QueueRow("c", 3, "new", trust=0.1, dice=0.5, priority=0.9),
    QueueRow("a", 1, "draft", trust=NAN, dice=0.9, priority=0.4),
    QueueRow("d", 4, "skipped", trust=-0.2, dice=NAN, priority=0.99),
    QueueRow("b", 2, "accepted"),
)


@pytest.fixture
def view(qtbot):
    widget = QueueView()
    qtbot.addWidget(widget)
    widget.set_rows(ROWS)
    widget.show()
    return widget


def names(view):
    return "".join(row.case for row in view.in_order())


def test_it_begins_in_the_sessions_order(view):
    assert names(view) == "cadb"


@pytest.mark.parametrize("column", range(len(COLUMNS)))
def test_every_column_sorts_both_ways_with_the_unknown_last(view, column):
    field = COLUMNS[column][0]
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        view.sortByColumn(column, order)
        values = [getattr(row, field) for row in view.in_order()]
        if field == "priority":
            assert names(view) == ("cadb" if order == Qt.SortOrder.DescendingOrder else "bdac")
            continue
        known = [value for value in values if value == value]
        assert values[: len(known)] == known
        assert known == sorted(known, reverse=order == Qt.SortOrder.DescendingOrder)


def test_the_selection_stays_with_its_case_when_values_and_order_change(view):
    view.select("a")
    view.set_rows(
        (QueueRow("a", 1, "new", priority=2.0), *ROWS[2:], QueueRow("c", 3, "new", priority=0.1))
    )
    assert names(view) == "adbc"
    assert view.selected == "a"
    view.set_rows((*ROWS, QueueRow("e", 5, "new")))
    assert view.selected == "a"


def test_unknown_is_a_dash_and_share_a_percentage(view):
    index = view.source.index(1, 2)
    assert view.source.index(0, 2).data() == "–"
    assert index.siblingAtColumn(2).data() == "–"
    view.set_rows((QueueRow("a", 1, "new", trust=-0.25, share=0.125),))
    assert [view.source.index(0, column).data() for column in (2, 4)] == ["−0.25", "12 %"]


def test_enter_opens_the_selected_case(view, qtbot):
    view.select("d")
    with qtbot.waitSignal(view.chosen) as told:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert told.args == ["d"]
