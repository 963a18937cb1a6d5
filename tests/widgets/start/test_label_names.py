"""The table of a new project's labels."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit

from napari_alnt.widgets.start.label_names import MOST, LabelNames


@pytest.fixture
def labels(qtbot):
    table = LabelNames()
    qtbot.addWidget(table)
    table.show()
    return table


def rows(table):
    return [
        (table.item(row, 0).text(), table.item(row, 1).text()) for row in range(table.rowCount())
    ]


def test_names_come_from_the_source_or_from_the_value(labels):
    labels.show_labels((1, 4), {4: "liver"})
    assert rows(labels) == [("1", "label 1"), ("4", "liver")]
    assert labels.names == {}


def test_a_name_that_was_written_stays_while_labels_come_and_go(labels):
    labels.show_labels((2,), {})
    labels.item(0, 1).setText("  lesion\n")
    labels.show_labels((1, 2, 3), {2: "other"})
    assert rows(labels) == [("1", "label 1"), ("2", "lesion"), ("3", "label 3")]
    assert labels.names == {2: "lesion"}
    labels.show_labels((), {})
    assert labels.names == {}  # what is not there has no name
    labels.show_labels((2,), {})
    assert labels.names == {2: "lesion"}


def test_a_name_in_the_middle_of_being_written_is_not_lost(labels, qtbot):
    labels.show_labels((5,), {})
    labels.editItem(labels.item(0, 1))
    (editor,) = labels.findChildren(QLineEdit)
    qtbot.keyClicks(editor, "vessel")
    labels.show_labels((1, 5), {})
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: labels.names == {5: "vessel"})
    assert rows(labels) == [("1", "label 1"), ("5", "vessel")]


def test_an_emptied_name_is_the_one_of_before(labels):
    labels.show_labels((1, 2), {2: "liver"})
    for row in (0, 1):
        labels.item(row, 1).setText("x")
        labels.item(row, 1).setText(" ")
    assert rows(labels) == [("1", "label 1"), ("2", "liver")]
    assert labels.names == {}


def test_what_nobody_has_labelled_is_told_and_has_no_name_to_write(labels):
    labels.show_labels((1,), {}, 255)
    assert rows(labels)[1] == ("255", "unknown: nobody has labelled it")
    assert not labels.item(1, 1).flags() & Qt.ItemFlag.ItemIsEditable
    labels.show_labels((1, 255), {})
    assert labels.item(1, 1).flags() & Qt.ItemFlag.ItemIsEditable


def test_masks_of_numbered_objects_do_not_fill_the_table(labels):
    labels.show_labels(range(1, 60_000), {})
    assert labels.rowCount() == MOST
