"""The queue as a table."""

from __future__ import annotations

import math

import pytest
from qtpy.QtCore import QPoint, Qt

from napari_alnt.session import QueueRow
from napari_alnt.widgets.loop import WIDTH
from napari_alnt.widgets.queue import QueueView
from napari_alnt.widgets.queue_model import COLUMNS

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
    field = COLUMNS[column].field
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


def test_enter_opens_the_selected_case(view, qtbot):
    view.select("d")
    with qtbot.waitSignal(view.chosen) as told:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert told.args == ["d"]


def item(view, title):
    return next(one for one in view.columns_menu.actions() if one.text() == title)


def test_the_menu_of_the_header_shows_and_hides_columns(view):
    assert "agreement" not in view.shown_columns
    assert not item(view, "Agreement").isChecked()
    item(view, "Agreement").trigger()
    assert "agreement" in view.shown_columns
    item(view, "Dice").trigger()
    assert "dice" not in view.shown_columns
    assert not item(view, "Case").isEnabled()


def test_a_right_click_on_the_header_opens_the_menu(view, qtbot):
    header = view.horizontalHeader()
    header.customContextMenuRequested.emit(header.rect().center())
    qtbot.waitUntil(view.columns_menu.isVisible)
    view.columns_menu.close()


def test_names_stay_whatever_is_chosen(view):
    view.show_columns([])
    assert view.shown_columns == ("case",)


@pytest.mark.parametrize(
    ("case", "step", "neighbour"),
    [("c", 1, "a"), ("a", -1, "c"), ("c", -1, ""), ("b", 1, ""), ("", 1, "c"), ("x", -1, "c")],
)
def test_the_neighbour_is_the_row_above_or_below(view, case, step, neighbour):
    assert view.neighbour(case, step) == neighbour


def test_an_empty_queue_has_no_neighbours(view):
    view.set_rows(())
    assert view.neighbour("", 1) == ""
    assert view.next_undecided("") == ""


def test_the_next_case_is_one_that_is_not_decided(view):
    assert view.next_undecided("c") == "a"
    assert view.next_undecided("a") == "c"  # from the top again
    assert view.next_undecided("") == "c"
    view.set_rows((QueueRow("a", 1, "accepted"), QueueRow("b", 2, "skipped")))
    assert view.next_undecided("a") == ""


def test_keys_of_the_viewer_pass_through(view, qtbot):
    view.select("c")
    with qtbot.waitSignal(view.chosen, raising=False, timeout=50) as told:
        qtbot.keyClick(view, Qt.Key.Key_N)
    assert not told.signal_triggered
    assert view.selected == "c"
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.selected == "a"


def titles(view):
    return [
        view.source.headerData(place, Qt.Orientation.Horizontal) for place in range(len(COLUMNS))
    ]


def test_the_arrow_stands_beside_the_title_it_belongs_to(view, qtbot):
    assert [title for title in titles(view) if title[-1] in "▴▾"] == ["Priority ▾"]
    header = view.horizontalHeader()
    for arrow, order in (("▴", "cdab"), ("▾", "adcb")):
        place = QPoint(header.sectionViewportPosition(6) + 9, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert [title for title in titles(view) if title[-1] in "▴▾"] == [f"Dice {arrow}"]
        assert names(view).startswith(order[:1])


def test_the_names_keep_their_width_when_columns_are_added(view):
    view.resize(460, 200)
    view.show_columns([column.field for column in COLUMNS])
    assert view.columnWidth(0) == COLUMNS[0].width
    view.show_columns(["trust"])
    assert view.columnWidth(0) == view.viewport().width() - view.columnWidth(2)


def test_the_usual_columns_fit_into_the_dock():
    scroll_bar, margins = 16, 20
    usual = sum(column.width for column in COLUMNS if column.visible)
    assert usual <= WIDTH - scroll_bar - margins


def test_no_title_is_cut(view):
    view.show_columns([column.field for column in COLUMNS])
    metrics = view.fontMetrics()
    for column in COLUMNS:
        title = column.short or column.title
        assert metrics.horizontalAdvance(f"{title} ▾") + 8 < column.width
