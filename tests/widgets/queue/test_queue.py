"""The queue as a table."""

from __future__ import annotations

import math

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QStyle, QStyleOptionViewItem

from napari_alnt.session import QueueRow
from napari_alnt.session.queue import ExpertRow
from napari_alnt.widgets.queue.queue import QueueView
from napari_alnt.widgets.queue.queue_columns import BARS
from napari_alnt.widgets.queue.queue_model import COLUMNS, HELD_OUT, LIVE, QUEUE
from napari_alnt.widgets.queue.queue_rows import Filter

NAN = math.nan
PADDING_OF_SECTIONS = 4
"""Pixels that the dock's style leaves beside a title."""
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
    widget.resize(800, 200)
    widget.show()
    return widget


def names(view):
    return "".join(row.case for row in view.in_order())


def test_it_begins_in_the_sessions_order(view):
    assert names(view) == "cadb"


OF_QUEUE = [
    place for place, column in enumerate(COLUMNS) if QUEUE in column.lists and column.field != LIVE
]


@pytest.mark.parametrize("column", OF_QUEUE)
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
    return next(one for one in view.columns.menu.actions() if one.text() == title)


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
    qtbot.waitUntil(view.columns.menu.isVisible)
    view.columns.menu.close()


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


def test_numbers_are_left_out_where_names_have_no_room(view):
    view.resize(900, 200)
    assert view.columnWidth(0) == view.viewport().width() - sum(map(view.columnWidth, range(1, 10)))
    assert not any(map(view.isColumnHidden, (2, 4, 5, 6, 7)))
    # the widths of the others stay, and those are the first to go that matter least
    view.resize(440, 200)
    assert [n for n in (1, 2, 4, 5, 6, 7) if view.isColumnHidden(n)] == [4, 5]
    view.resize(300, 200)
    assert [n for n in (1, 2, 4, 5, 6, 7) if not view.isColumnHidden(n)] == [1, 2]
    view.resize(900, 200)
    assert not any(map(view.isColumnHidden, (2, 4, 5, 6, 7)))


def test_a_column_that_was_asked_for_stays(view):
    view.resize(300, 200)
    item(view, "Agreement").trigger()
    assert not view.isColumnHidden(3)
    assert view.columnWidth(0) >= view.columns.least_width(0)


@pytest.mark.parametrize("points", [8, 11, 16])
def test_no_title_is_cut_in_any_font(view, points):
    view.show_columns([column.field for column in COLUMNS])
    view.resize(2000, 200)
    view.setStyleSheet(f"* {{ font-size: {points}pt; }}")
    view.ensurePolished()
    header = view.horizontalHeader()
    margin = header.style().pixelMetric(QStyle.PixelMetric.PM_HeaderMargin)
    view.show_live()
    for place in (*OF_QUEUE, BARS):
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            view.sortByColumn(place, order)
            title = view.source.headerData(place, Qt.Orientation.Horizontal)
            room = view.columnWidth(place) - 2 * (PADDING_OF_SECTIONS + margin)
            assert header.fontMetrics().horizontalAdvance(title) <= room


def test_names_are_drawn_so_that_they_differ(view):
    names = [f"radiopaedia_org_covid-19-pneumonia-{n}_86902_{m}" for n in range(9) for m in "12"]
    view.set_rows([QueueRow(name, number, "new") for number, name in enumerate(names)])
    cell = view.itemDelegateForColumn(0)
    for width in (60, 90, 150, 400):
        view.setColumnWidth(0, width)
        drawn = []
        for row in range(len(names)):
            option = QStyleOptionViewItem()
            view.initViewItemOption(option)
            option.rect = view.visualRect(view.source.index(row, 0))
            cell.initStyleOption(option, view.source.index(row, 0))
            drawn.append(option.text)
        assert len(set(drawn)) == len(names)


def test_a_filter_keeps_the_selected_case(view):
    view.select("d")
    view.set_filter(Filter.of("draft"))
    assert (names(view), view.selected) == ("a", "")
    assert view.neighbour("d", -1) == "a"
    view.set_filter(Filter())
    assert view.selected == "d"


def test_new_values_leave_the_table_where_it_is_scrolled(view):
    rows = [QueueRow(f"c{n:03d}", n, "new", priority=1 - n / 500) for n in range(300)]
    view.set_rows(rows)
    view.select("c004")
    view.verticalScrollBar().setValue(150)
    view.set_rows([*rows[1:], rows[0]])
    assert (view.selected, view.verticalScrollBar().value()) == ("c004", 150)
    view.set_rows([*rows, QueueRow("new", 300, "new")])
    assert (view.selected, view.verticalScrollBar().value()) == ("c004", 150)


def test_another_list_has_its_own_columns_and_order(view):
    view.show_list(HELD_OUT)
    view.set_rows([ExpertRow(f"t{n}", n, "expert", "test", 0) for n in (1, 2, 3)])
    shown = [column.field for n, column in enumerate(COLUMNS) if not view.isColumnHidden(n)]
    assert shown == ["case", "status", "role", "version"]
    assert "".join(names(view)) == "t1t2t3"
    index = view.source.index(0, shown.index("version") + len(COLUMNS) - len(shown))
    assert index.data() == "as given"
    # the queue's columns stay as they were chosen
    assert "dice" in view.shown_columns
    view.show_list(QUEUE)
    view.set_rows(ROWS)
    assert names(view) == "cadb"
    assert not view.isColumnHidden(6)
