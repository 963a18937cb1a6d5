"""The model of the queue: columns, cells and order."""

from __future__ import annotations

import dataclasses
import math

import pytest
from qtpy.QtCore import Qt

from napari_alnt.session import QueueRow
from napari_alnt.widgets.queue_model import COLUMNS, SORT, QueueModel, QueueOrder

NAN = math.nan


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
    assert {column.field for column in COLUMNS} <= set(fields)
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
    for place, column in enumerate(COLUMNS):
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


def test_by_priority_means_by_the_queue(model):
    model.set_rows((QueueRow("b", 2, "new", priority=0.1), QueueRow("a", 1, "skipped", priority=9)))
    order = QueueOrder()
    order.setSourceModel(model)
    order.setSortRole(SORT)
    order.sort(len(COLUMNS) - 1, Qt.SortOrder.DescendingOrder)
    assert [order.index(n, 0).data() for n in range(2)] == ["b", "a"]
