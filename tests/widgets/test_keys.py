"""The keys of the actions in napari."""

from __future__ import annotations

from dataclasses import replace

import pytest
from app_model.types import KeyBinding
from napari.components import ViewerModel
from napari.utils._proxies import PublicOnlyProxy
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import KeymapHandler

from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.keys import bind_keys, keys_of, name_of, unbind_keys


@pytest.fixture
def viewers():
    made = [ViewerModel(), ViewerModel()]
    yield made
    for viewer in made:
        unbind_keys(viewer)


def press(viewer, key):
    handler = KeymapHandler()
    handler.keymap_providers = [viewer]
    handler.press_key(key)
    return handler


def test_a_key_is_pressed_in_one_viewer_alone(viewers):
    one, other = [], []
    bind_keys(PublicOnlyProxy(viewers[0]), one.append)  # as a plugin is given it
    bind_keys(viewers[1], other.append)
    press(viewers[0], "K")
    assert (one, other) == ([ACTIONS["skip"]], [])
    press(viewers[1], "Ctrl-Alt-Z")
    assert other == [ACTIONS["undo_decision"]]


def test_without_a_project_a_key_does_nothing(viewers):
    done = []
    bind_keys(viewers[0], done.append)
    unbind_keys(viewers[0])
    press(viewers[0], "K")
    assert done == []


def test_a_key_that_is_held_acts_again_when_it_is_let_go(viewers):
    done = []
    bind_keys(viewers[0], done.append)
    action = ACTIONS["hide_masks"]
    handler = press(viewers[0], action.key)
    assert done == [action]
    handler.release_key(action.key)
    assert done == [action, replace(action, run=action.let_go)]


def test_all_stand_in_the_preferences(viewers):
    bind_keys(viewers[0], print)
    listed = {
        name: action.description
        for name, action in action_manager._actions.items()
        if action.keymapprovider is ViewerModel
    }
    for action in ACTIONS.values():
        assert listed[name_of(action)] == f"ALNT: {action.tip}"
        assert keys_of(action) == action.key_text


def test_another_key_that_the_user_has_chosen_stays(viewers):
    done = []
    action = ACTIONS["skip"]
    bind_keys(viewers[0], done.append)
    before = action_manager.unbind_shortcut(name_of(action))
    action_manager.bind_shortcut(name_of(action), KeyBinding.from_str("Ctrl-Alt-K"))
    try:
        bind_keys(viewers[0], done.append)
        assert keys_of(action) == "Ctrl+Alt+K"
        press(viewers[0], "Ctrl-Alt-K")
        press(viewers[0], "K")
        assert done == [action]
    finally:
        action_manager.unbind_shortcut(name_of(action))
        for key in before:
            action_manager.bind_shortcut(name_of(action), key)
