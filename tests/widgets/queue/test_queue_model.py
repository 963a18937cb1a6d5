"""The model of the queue: columns, cells and order."""

from __future__ import annotations

import dataclasses
import math

import pytest
from qtpy.QtCore import QPersistentModelIndex, Qt

from napari_alnt.session import QueueRow
from napari_alnt.session.queue import ExpertRow
from napari_alnt.widgets.queue.queue_model import (
    COLUMNS,
    EXPERTS,
    HELD_OUT,
    LIVE,
    PRIORITY,
    QUEUE,
    QueueModel,
)
from napari_alnt.widgets.queue.queue_rows import Filter

NAN = math.nan
OF_QUEUE = [column for column in COLUMNS if QUEUE in column.lists and column.field != LIVE]


@pytest.fixture
def model(qapp):
    return QueueModel()


def test_unknown_is_a_dash_and_share_a_percentage(model):
    model.set_rows((QueueRow("a", 1, "draft", trust=NAN),))
    assert texts(model)["trust"] == "–"
    model.set_rows((QueueRow("a", 1, "new", trust=-0.25, share=0.125),))
    assert (texts(model)["trust"], texts(model)["share"]) == ("−0.25", "12 %")


def test_the_columns_are_those_of_the_queue():
    fields = [item.name for item in dataclasses.fields(QueueRow)]
    assert {column.field for column in OF_QUEUE} <= set(fields)
    others = [item.name for item in dataclasses.fields(ExpertRow)]
    for name in (EXPERTS, HELD_OUT):
        assert {column.field for column in COLUMNS if name in column.lists} <= set(others)
    assert [column.field for column in COLUMNS if not column.visible] == ["agreement"]


def test_trust_and_agreement_are_two_numbers(model):
    model.set_rows((QueueRow("a", 1, "new", trust=0.25, agreement=0.75),))
    assert (texts(model)["trust"], texts(model)["agreement"]) == ("0.25", "0.75")


def test_the_header_names_and_explains_each_column(model):
    for place, column in enumerate(COLUMNS):
        said = model.headerData(place, Qt.Orientation.Horizontal)
        tip = model.headerData(place, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        assert said.rstrip(" ▴▾") == (column.short or column.title)
        assert tip == column.tip
        assert len(column.tip) > 10


def texts(model, row=0):
    return {column.field: model.index(row, n).data() for n, column in enumerate(COLUMNS)}


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.0 %"), (0.058, "5.8 %"), (0.125, "12 %"), (1.0, "100 %")]
)
def test_small_shares_have_a_digit_more(model, share, text):
    model.set_rows((QueueRow("a", 1, "new", share=share),))
    assert texts(model)["share"] == text


def test_informativeness_keeps_two_digits_that_count(model):
    model.set_rows((QueueRow("a", 1, "new", informativeness=0.00512),))
    assert texts(model)["informativeness"] == "0.0051"


def test_words_stand_left_and_numbers_right(model):
    model.set_rows((QueueRow("a", 1, "new"),))
    for place, column in enumerate(OF_QUEUE):
        sides = (
            model.index(0, place).data(Qt.ItemDataRole.TextAlignmentRole),
            model.headerData(place, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole),
        )
        is_word = column.field in ("case", "status")
        side = Qt.AlignmentFlag.AlignLeft if is_word else Qt.AlignmentFlag.AlignRight
        assert all(Qt.AlignmentFlag(one) & side for one in sides)


def test_a_status_has_its_dot_and_a_row_its_tip(model):
    model.set_rows((QueueRow("a", 1, "flagged"),))
    dots = [model.index(0, n).data(Qt.ItemDataRole.DecorationRole) for n in range(len(COLUMNS))]
    assert [column.field for column, dot in zip(COLUMNS, dots, strict=True) if dot] == ["status"]
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == "a · flagged"
    model.notes = {"a": "ask Anna"}
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == "a · flagged\nFlagged: ask Anna"


def test_a_skipped_case_shows_its_flag_too(model, qtbot):
    model.set_rows((QueueRow("a", 1, "skipped"), QueueRow("b", 2, "skipped")))
    with qtbot.waitSignal(model.dataChanged), qtbot.assertNotEmitted(model.modelReset):
        model.notes = {"b": "ask Anna"}
    assert [texts(model, row)["status"] for row in range(2)] == ["skipped", "skipped ⚑"]
    model.choose(Filter.of("", ["flagged"]))
    assert shown(model) == ["b"]
    model.notes = {}
    assert shown(model) == []


def test_new_values_of_the_same_cases_are_no_new_table(model, qtbot):
    model.set_rows((QueueRow("a", 1, "new"), QueueRow("b", 2, "new")))
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.set_rows((QueueRow("b", 2, "new", dice=0.5), QueueRow("a", 1, "new")))
    assert [row.case for row in model.rows] == ["a", "b"]
    with qtbot.waitSignal(model.modelReset):
        model.set_rows((QueueRow("a", 1, "new"),))


def test_the_table_has_no_rows_below_its_rows(model):
    model.set_rows((QueueRow("a", 1, "new"),))
    assert (model.rowCount(), model.columnCount()) == (1, len(COLUMNS))
    assert model.rowCount(model.index(0, 0)) == model.columnCount(model.index(0, 0)) == 0


UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


def shown(model):
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_by_priority_means_by_the_queue(model):
    model.set_rows((QueueRow("b", 2, "new", priority=0.1), QueueRow("a", 1, "skipped", priority=9)))
    assert shown(model) == ["a", "b"]
    model.sort(PRIORITY, DOWN)
    assert shown(model) == ["b", "a"]
    model.sort(PRIORITY, UP)
    assert shown(model) == ["a", "b"]


def test_sorting_takes_marked_cells_along(model, qtbot):
    model.set_rows(tuple(QueueRow(case, n, "new", dice=n / 9) for n, case in enumerate("abc")))
    marked = QPersistentModelIndex(model.index(0, 3))
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.layoutChanged):
        model.sort([column.field for column in COLUMNS].index("dice"), DOWN)
    assert shown(model) == ["c", "b", "a"]
    assert (marked.row(), marked.column()) == (2, 3)


def test_a_filter_is_kept_when_new_values_come(model):
    model.set_rows((QueueRow("a", 1, "new"), QueueRow("b", 2, "flagged")))
    model.choose(Filter.of("flagged"))
    assert shown(model) == ["b"]
    assert len(model.rows) == 2
    model.set_rows((QueueRow("a", 1, "flagged"), QueueRow("b", 2, "new")))
    assert shown(model) == ["a"]


def test_a_cell_is_looked_at_only_when_it_is_drawn(model, monkeypatch):
    asked = []
    monkeypatch.setattr(QueueModel, "data", lambda *_: asked.append(1))
    model.set_rows(tuple(QueueRow(f"c{n}", n, "new", priority=n % 7) for n in range(500)))
    model.sort(PRIORITY, DOWN)
    model.choose(Filter.of("c1"))
    assert not asked
