"""The keys of the actions, as napari knows them: they stand in its preferences.

There a user can give an action another key. They work in every viewer in which a project is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.actions import ACTIONS, Action

if TYPE_CHECKING:
    import napari

Act = Callable[[Action], None]
_ACTING: dict[int, Act] = {}
"""What does the actions in a viewer, by the viewer's identity."""


def bind_keys(viewer: napari.Viewer, act: Act) -> None:
    """Let the keys of a viewer do what their actions say."""
    _ACTING[viewer_adapter.identity(viewer)] = act
    for action in ACTIONS.values():
        tip = f"ALNT: {action.tip}"
        viewer_adapter.register_key(name_of(action), tip, action.key, _pressing(action))


def unbind_keys(viewer: napari.Viewer) -> None:
    """Let the keys of a viewer do nothing any more."""
    _ACTING.pop(viewer_adapter.identity(viewer), None)


def name_of(action: Action) -> str:
    """Under which name napari knows an action."""
    return f"napari-alnt:{action.id}"


def keys_of(action: Action) -> str:
    """The keys that the user has chosen for an action, as text; its own until then."""
    # napari writes the modifiers in another order
    return viewer_adapter.keys_of(name_of(action), action.key) or action.key_text


def _pressing(action: Action) -> Callable[[Any], object]:
    """What napari calls with the viewer in which the key of an action is pressed."""

    def press(viewer: object) -> None:
        if (act := _ACTING.get(viewer_adapter.identity(viewer))) is not None:
            act(action)

    if action.let_go is None:
        return press
    released = replace(action, run=action.let_go)

    def hold(viewer: object) -> Iterator[None]:
        press(viewer)
        yield  # until the key is let go
        if (act := _ACTING.get(viewer_adapter.identity(viewer))) is not None:
            act(released)

    return hold
