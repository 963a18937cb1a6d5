"""Every key and button of the open case stands once, and all that shows it follows."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.actions import ACTIONS, Action, Place, keys_table

SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_keys_skip_flag_and_walk_through_the_queue(window, balls):
    window.dock.open_project(balls.folder)
    cases = [row.case for row in window.loop.queue.in_order()]
    window.open_row(0)
    window.press(Qt.Key.Key_G)
    window.rest()
    assert window.loop.session.project.case(cases[0]).status == "flagged"
    window.press(Qt.Key.Key_N)
    window.until(lambda: window.loop.correction.case == cases[1])
    window.press(Qt.Key.Key_N, SHIFT)
    window.until(lambda: window.loop.correction.case == cases[0])
    window.press(Qt.Key.Key_K)
    window.until(lambda: window.loop.correction.case == cases[1])
    assert window.loop.session.project.case(cases[0]).status == "skipped"
    window.rest()
    assert [row.case for row in window.loop.queue.in_order()][-1] == cases[0]


def test_no_key_is_taken_from_napari(window):
    from app_model.types import KeyBinding
    from napari.utils.shortcuts import default_shortcuts

    taken = {str(key) for keys in default_shortcuts.values() for key in keys}
    assert not taken & {str(KeyBinding.from_str(action.key)) for action in ACTIONS.values()}


def test_no_key_is_used_twice():
    keys = [action.key for action in ACTIONS.values()]
    assert len(set(keys)) == len(keys)


def test_each_record_stands_under_its_own_name():
    assert {name: action.id for name, action in ACTIONS.items()} == {name: name for name in ACTIONS}


def test_every_window_of_the_settings_can_be_shown():
    assert [action.id for action in ACTIONS.values() if action.id in WINDOWS] == list(WINDOWS)
    assert ACTIONS["soft_tissue"].title == "Soft tissue"


def test_what_only_shows_is_open_to_those_who_only_look():
    assert {action.id for action in ACTIONS.values() if not action.needs_write} == {
        "previous", "next", "trust", *WINDOWS, "default_window", "smooth", "gestures", "hide_masks",
        "flip_teacher", "flip_student", "flip_correction", "keys", "planes", "legend", "versions",
        "find", "difference", "stronger_fill", "fainter_fill",
    }  # fmt: skip


def test_the_table_of_keys_has_every_action():
    lines = keys_table().splitlines()
    assert lines[:2] == ["| key | does |", "|---|---|"]
    assert len(lines) == 2 + len(ACTIONS)
    assert "| Ctrl+Shift+Enter |" in lines[3]
    for line, action in zip(lines[2:], ACTIONS.values(), strict=True):
        assert action.tip in line


@pytest.fixture
def erase(monkeypatch):
    """One more action, as somebody would add it; ``done`` holds the cases it was used on."""
    done = []
    action = Action(
        "erase",
        "Erase",
        "Take a label away",
        "Alt-E",
        lambda loop: done.append(loop.correction.case),
        Place.STEP,
        needs_write=True,
    )
    monkeypatch.setitem(ACTIONS, action.id, action)
    return done


def test_an_action_is_one_record(erase, window, balls):
    window.dock.open_project(balls.folder)
    case = window.open_row(0)
    button = window.loop.case_bar.buttons["erase"]
    assert button.text() == "Erase"
    assert "[Alt+E]" in button.toolTip()
    window.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    window.press(Qt.Key.Key_E, Qt.KeyboardModifier.AltModifier)
    assert erase == [case, case]
    assert "| Alt+E | Take a label away |" in keys_table()


def test_an_action_that_writes_is_refused_to_a_reader(erase, window, balls, make_window):
    window.dock.open_project(balls.folder)
    reader = make_window()
    reader.dock.open_project(balls.folder)
    reader.open_row(0)
    assert not reader.loop.case_bar.buttons["erase"].isEnabled()
    assert reader.loop.case_bar.buttons["lung"].isEnabled()
    reader.press(Qt.Key.Key_E, Qt.KeyboardModifier.AltModifier)
    assert erase == []


def test_the_windows_show_other_grey_values(window, balls):
    window.dock.open_project(balls.folder)
    case = window.open_row(0)
    window.press(Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert tuple(window.viewer.layers[case].contrast_limits) == WINDOWS["bone"]
