"""A field for a path, and the frame that says that it is wrong."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QFileDialog, QLabel

from napari_alnt.widgets.start.path_row import WRONG, Framed, PathRow


@pytest.mark.parametrize("pick", ["folder", "file"])
def test_a_row_takes_what_was_picked(qtbot, monkeypatch, pick):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/a/file", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/a/folder")
    row = PathRow("hint", pick)
    qtbot.addWidget(row)
    row.field.setText("  before ")
    assert row.text == "before"
    with qtbot.waitSignal(row.changed):
        row._choose()
    assert row.text == f"/a/{pick}"


def test_a_file_that_was_dropped_is_a_path(qtbot):
    row = PathRow("hint")
    qtbot.addWidget(row)
    row.field.setText("file:///a/my%20scans")
    assert row.text == "/a/my scans"


def test_the_frame_takes_the_same_room_when_it_turns_red(qtbot):
    inside = QLabel("x")
    inside.setToolTip("what it is")
    frame = Framed(inside)
    qtbot.addWidget(frame)
    frame.show()
    before = (frame.sizeHint(), inside.geometry())
    frame.show_wrong("No images were found.")
    assert (frame.sizeHint(), inside.geometry()) == before
    assert WRONG in frame.styleSheet()
    assert inside.toolTip() == inside.accessibleDescription() == "No images were found."
    frame.show_wrong("")
    assert WRONG not in frame.styleSheet()
    assert (inside.toolTip(), inside.accessibleDescription()) == ("what it is", "")
