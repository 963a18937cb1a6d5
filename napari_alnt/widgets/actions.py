"""Every key and button of the open case, once.

The case bar, the keys of the viewer, napari's command palette and the README's table are all
derived from :data:`ACTIONS`; to add one is to add a record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from napari_alnt.settings import WINDOWS

if TYPE_CHECKING:
    import napari

    from napari_alnt.widgets.loop import Loop

Run = Callable[["Loop"], object]


class Place(Enum):
    """The row of the case bar in which an action has its button."""

    VIEW = auto()
    DECISION = auto()
    STEP = auto()
    HISTORY = auto()


@dataclass(frozen=True)
class Action:
    """One thing to do with the open case.

    Attributes
    ----------
    id : its name in code, and in napari's commands
    title : text of its button
    tip : what it does, as one sentence without a full stop
    key : its key in the viewer, as napari writes it; none of them is napari's own
    run : what it does to the window of a project
    place : where its button stands
    needs_write : whether it is refused where the project is open read-only
    """

    id: str
    title: str
    tip: str
    key: str
    run: Run
    place: Place
    needs_write: bool = False

    @property
    def key_text(self) -> str:
        """The key as it is written for people: Ctrl+Enter."""
        return self.key.replace("-", "+")


def _window(name: str, key: str) -> Action:
    words = name.replace("_", " ")
    tip = f"Show the image in the {words} window"
    return Action(
        name, words.capitalize(), tip, key, lambda loop: loop.layers.set_window(name), Place.VIEW
    )


ACTIONS = {
    action.id: action
    for action in (
        Action(
            "accept",
            "Accept",
            "Keep this mask as the expert label, and open the next case",
            "Ctrl-Enter",
            lambda loop: loop.decide(loop.correction.accept),
            Place.DECISION,
            needs_write=True,
        ),
        Action(
            "confirm",
            "Confirm unchanged",
            "The teacher's mask is right as it stands; open the next case",
            "Ctrl-Shift-Enter",
            lambda loop: loop.decide(loop.correction.confirm),
            Place.DECISION,
            needs_write=True,
        ),
        Action(
            "skip",
            "Skip",
            "Put the case at the end of the queue; what you painted is kept as a draft",
            "K",
            lambda loop: loop.decide(loop.correction.skip),
            Place.STEP,
            needs_write=True,
        ),
        Action(
            "flag",
            "Flag",
            "Mark the case to talk about, or take the mark away",
            "G",
            lambda loop: loop.correction.flag(),
            Place.STEP,
            needs_write=True,
        ),
        Action(
            "revert",
            "Revert",
            "Take the accepted mask back; without one, start over from the teacher's mask",
            "Alt-R",
            lambda loop: loop.correction.revert(),
            Place.STEP,
            needs_write=True,
        ),
        Action(
            "earlier",
            "Earlier",
            "Show the mask as it was before the last step, also one of an earlier day",
            "Alt-Z",
            lambda loop: loop.correction.drafts.step(-1),
            Place.HISTORY,
            needs_write=True,
        ),
        Action(
            "later",
            "Later",
            "Go a step forward again",
            "Alt-Shift-Z",
            lambda loop: loop.correction.drafts.step(1),
            Place.HISTORY,
            needs_write=True,
        ),
        Action(
            "previous",
            "Previous",
            "Open the case above in the queue",
            "Shift-N",
            lambda loop: loop.open_neighbour(-1),
            Place.STEP,
        ),
        Action(
            "next",
            "Next",
            "Open the case below in the queue",
            "N",
            lambda loop: loop.open_neighbour(1),
            Place.STEP,
        ),
        *(_window(name, f"Alt-{number}") for number, name in enumerate(WINDOWS, start=1)),
        Action(
            "trust",
            "Voxel trust",
            "Show or hide which parts of the mask agree with the experts",
            "H",
            lambda loop: loop.layers.toggle_trust(),
            Place.VIEW,
        ),
    )
}
"""Every action by its id, in the order of the bar."""


def bind_keys(viewer: napari.Viewer, act: Callable[[Action], None]) -> None:
    """Let the keys of a viewer do what their actions say."""
    for action in ACTIONS.values():
        # the default argument keeps this turn's action; the loop's variable goes on
        def press(_: object, action: Action = action) -> None:
            act(action)

        press.__doc__ = f"ALNT: {action.tip}"  # napari shows it beside the key
        viewer.bind_key(action.key, press, overwrite=True)  # of a project that was open before


def unbind_keys(viewer: napari.Viewer) -> None:
    """Give the keys back to the viewer."""
    for action in ACTIONS.values():
        viewer.bind_key(action.key, None)


def keys_table() -> str:
    """The keys as a Markdown table, for the README."""
    rows = [f"| {action.key_text} | {action.tip} |" for action in ACTIONS.values()]
    return "\n".join(["| key | does |", "|---|---|", *rows]) + "\n"
