"""The parts of a project's window: nothing that can be clicked moves while one works."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSplitter, QTabBar, QTableView
from widgets.cut_texts import cut, overlapping

from napari_alnt.data import Project
from napari_alnt.widgets.actions import ACTIONS

CLICKABLE = (QAbstractButton, QComboBox, QLineEdit, QSplitter, QTabBar, QTableView)
CONTROL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
LONG = "The disk is full, so the mask was not saved; make room there, and press Accept again. " * 4


def places(loop):
    """Where everything stands that can be clicked, but for what a tab shows."""
    found = {}
    for kind in CLICKABLE:
        for widget in loop.findChildren(kind):
            page = loop.tabs.currentWidget()
            if widget.isVisible() and not page.isAncestorOf(widget):
                found[widget] = (widget.mapTo(loop, QPoint(0, 0)), widget.size())
    return found


@pytest.fixture
def noticed(window, balls):
    """A window of a project that has a notice."""
    with Project.open(balls.folder) as project:
        project._set("settings", project._get("settings").replace("{", '{"strange": 1, ', 1))
    window.dock.open_project(balls.folder)
    return window


def test_nothing_that_can_be_clicked_moves(noticed):
    window, loop = noticed, noticed.loop
    window.rest()
    window.qtbot.wait(50)
    start = places(loop)
    assert len(start) > 20

    def look(what):
        window.qtbot.wait(20)
        now = places(loop)
        moved = [
            (what, widget.objectName(), getattr(widget, "text", str)(), start[widget], now[widget])
            for widget in start.keys() & now.keys()
            if start[widget] != now[widget]
        ]
        assert not moved

    case = window.open_row(0)
    look("open")
    window.paint((4, 6, 7))
    look("paint")
    loop.case_bar.say(LONG, "error")
    look("error")
    loop.header.show_waiting(True)
    loop.queue_panel.show_noise("About 30 % of the teacher's masks are wrong. " * 4)
    look("another program, and the noise")
    loop.header.show_waiting(False)
    loop.header.show_error(LONG)
    look("error above")
    loop.header.show_notice()
    window.qtbot.mouseClick(loop.header.put_away, Qt.MouseButton.LeftButton)
    look("notice put away")
    window.act("flag")
    look("flag")
    window.act("accept")
    window.until(lambda: loop.correction.case not in ("", case))
    look("accept")
    window.qtbot.mouseClick(loop.case_bar.line.undo, Qt.MouseButton.LeftButton)
    window.until(lambda: loop.correction.case == case and not loop.correction.loading)
    window.rest()
    look("undo")
    loop.form.rows["patch"].value = "7"
    window.qtbot.mouseClick(loop.training.main, Qt.MouseButton.LeftButton)
    look("training refused")
    loop.case_bar.line.let_go()
    look("the button goes")
    check_undo(window, case)


def check_undo(window, case):
    """In the window that is open: every decision is taken back with one key."""
    loop = window.loop
    project = loop.session.project
    assert project.case(case).status == "flagged"
    assert project.drafts.file(case) is not None
    painted = window.layer.data.copy()
    window.act("revert")
    window.until(lambda: project.drafts.file(case) is None)
    window.rest()
    assert (window.layer.data != painted).any()
    window.press(Qt.Key.Key_Z, CONTROL_ALT)
    window.until(lambda: project.drafts.file(case) is not None)
    window.rest()
    assert (window.layer.data == painted).all()
    window.act("skip")
    window.rest()
    assert project.case(case).status == "skipped"
    assert case in loop.flags
    window.press(Qt.Key.Key_Z, CONTROL_ALT)
    window.until(lambda: project.case(case).status == "flagged")
    window.rest()
    assert ACTIONS["undo_decision"].key_text == "Ctrl+Alt+Z"
    check_versions(window, case)


def check_versions(window, case):
    """In the window that is open: versions are compared and accepted again, and keys are shown."""
    loop = window.loop
    window.act("accept")
    window.until(lambda: loop.correction.case not in ("", case))
    loop.open_case(case)
    window.until(lambda: loop.correction.case == case and not loop.correction.loading)
    window.rest()
    for name in ("confirm", "skip", "flag"):
        assert not loop.case_bar.buttons[name].isEnabled()
        assert "expert mask already" in loop.case_bar.buttons[name].toolTip()
    loop.act(ACTIONS["skip"])
    assert "expert mask already" in window.said

    active = window.viewer.layers.selection.active
    loop.case_bar.versions.compared.emit(1)
    window.until(lambda: loop.compared.shown == {1})
    assert "version 1" in window.viewer.layers
    assert window.viewer.layers.selection.active is active
    loop.case_bar.versions.taken_up.emit(1)
    window.until(lambda: loop.session.project.case(case).version == 3)
    window.until(lambda: not loop.correction.deciding and not loop.correction.loading)
    window.rest()
    assert "version 1" not in window.viewer.layers
    # the eraser, and the label that X swaps in, are shown as what they paint
    window.layer.selected_label = 1
    assert loop.case_bar.chips[1].isChecked()
    window.press(Qt.Key.Key_X)
    assert loop.case_bar.chips[0].isChecked()
    window.press(Qt.Key.Key_X)
    window.layer.mode = "erase"
    assert loop.case_bar.chips[0].isChecked()
    window.qtbot.mouseClick(loop.case_bar.chips[255], Qt.MouseButton.LeftButton)
    assert (window.layer.mode, window.layer.selected_label) == ("paint", 255)

    window.press(Qt.Key.Key_H, CONTROL_ALT)
    assert loop.sheet.isVisible()
    window.qtbot.keyClick(loop.sheet, Qt.Key.Key_Escape)
    assert not loop.sheet.isVisible()
    check_room(window)


SIZES = [((1280, 800), 400, 5), ((1600, 1000), 496, 8)]
"""Sizes of a window, the dock's width in it, and the rows of the queue that are seen at least."""


def check_room(window):
    """In the window that is open: nothing is cut or covered, and the queue has its rows."""
    loop = window.loop
    main = window.viewer.window._qt_window
    for size, width, rows in SIZES:
        main.resize(*size)
        main.resizeDocks([window.dock.parentWidget()], [width], Qt.Orientation.Horizontal)
        window.qtbot.wait(50)
        assert loop.width() < width + 40
        for page in range(loop.tabs.count()):
            loop.tabs.setCurrentIndex(page)
            loop.case_bar.say(LONG if page else "", "error")
            loop.header.show_error(LONG if page else "")
            window.qtbot.wait(20)
            assert [*cut(loop)] == [], (size, page)
            assert [*overlapping(loop)] == [], (size, page)
        row = loop.queue.verticalHeader().defaultSectionSize()
        assert loop.queue.viewport().height() >= rows * row, size
