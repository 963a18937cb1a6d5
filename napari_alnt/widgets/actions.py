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
    from napari_alnt.widgets.loop import Loop

Run = Callable[["Loop"], object]


class Place(Enum):
    """The row of the case bar in which an action has its button."""

    VIEW = auto()
    DECISION = auto()
    STEP = auto()
    HISTORY = auto()
    KEY = auto()
    """None: it has a key, and stands in the command palette."""


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
    let_go : what happens when its key is let go, where it works while the key is held
    """

    id: str
    title: str
    tip: str
    key: str
    run: Run
    place: Place
    needs_write: bool = False
    let_go: Run | None = None

    @property
    def key_text(self) -> str:
        """The key as it is written for people: Ctrl+Enter."""
        return self.key.replace("-", "+")

    @property
    def full_tip(self) -> str:
        """What its button says when the mouse rests on it."""
        return f"{self.tip}  [{self.key_text}]"


def _window(name: str, key: str) -> Action:
    words = name.replace("_", " ")
    tip = f"Show the image in the {words} window"
    return Action(
        name,
        words.capitalize(),
        tip,
        key,
        lambda loop: loop.viewing.window.choose(name),
        Place.VIEW,
    )


def _flip(role: str, key: str) -> Action:
    whose = "mask as it is painted" if role == "correction" else f"{role}'s mask"
    title, tip = f"Show or hide {role}", f"Show or hide the {whose}"
    return Action(
        f"flip_{role}", title, tip, key, lambda loop: loop.viewing.masks.flip(role), Place.KEY
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
            "undo_decision",
            "Undo decision",
            "Take the last decision of this session back: accept, confirm, skip, flag or revert",
            "Ctrl-Alt-Z",
            lambda loop: loop.undo_decision(),
            Place.HISTORY,
            needs_write=True,
        ),
        Action(
            "versions",
            "Versions …",
            "List the accepted masks of this case: accept one again, or compare it as outlines",
            "Ctrl-Alt-V",
            lambda loop: loop.show_versions(),
            Place.HISTORY,
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
        Action(
            "find",
            "Find a case",
            "Go to the search above the queue; there Escape shows all cases again",
            "Ctrl-F",
            lambda loop: loop.queue_panel.filter.focus(),
            Place.KEY,
        ),
        *(_window(name, f"Alt-{number}") for number, name in enumerate(WINDOWS, start=1)),
        Action(
            "default_window",
            "Default",
            "Show the image in the project's own window, which for MR fits each case",
            "Alt-0",
            lambda loop: loop.viewing.window.choose(""),
            Place.VIEW,
        ),
        Action(
            "trust",
            "Voxel trust",
            "Show or hide which parts of the mask agree with the experts",
            "H",
            lambda loop: loop.viewing.masks.flip("voxel trust"),
            Place.VIEW,
        ),
        *(_flip(role, f"Shift-{role[0].upper()}") for role in ("teacher", "student", "correction")),
        Action(
            "hide_masks",
            "Hide masks",
            "Hide all masks while the key is held",
            "Q",
            lambda loop: loop.viewing.masks.hide(),
            Place.KEY,
            let_go=lambda loop: loop.viewing.masks.bring_back(),
        ),
        Action(
            "difference",
            "Difference",
            "Fill what only the teacher marks, and what only the student marks",
            "Shift-D",
            lambda loop: loop.slices.difference.turn(),
            Place.KEY,
        ),
        Action(
            "stronger_fill",
            "Stronger fill",
            "Fill the mask that is painted more strongly",
            "Shift-Up",
            lambda loop: loop.viewing.masks.fill(0.1),
            Place.KEY,
        ),
        Action(
            "fainter_fill",
            "Fainter fill",
            "Fill the mask that is painted less, so that the image below is seen",
            "Shift-Down",
            lambda loop: loop.viewing.masks.fill(-0.1),
            Place.KEY,
        ),
        Action(
            "smooth",
            "Smooth",
            "Show the image's voxels as squares, or smoothly",
            "Shift-I",
            lambda loop: loop.viewing.change_smoothing(),
            Place.KEY,
        ),
        Action(
            "planes",
            "Planes",
            "Show three planes and the mask in 3D, or one plane; with Shift the crosshair follows",
            "Shift-O",
            lambda loop: loop.slices.planes.turn(),
            Place.VIEW,
        ),
        Action(
            "legend",
            "Legend",
            "Show or hide the legend on the picture",
            "Alt-L",
            lambda loop: loop.slices.legend.widget.turn(),
            Place.KEY,
        ),
        Action(
            "gestures",
            "Mouse gestures",
            "Change between the mouse of a PACS and napari's own",
            "Alt-M",
            lambda loop: loop.viewing.change_gestures(),
            Place.KEY,
        ),
        Action(
            "keys",
            "Keys",
            "Show all keys on a panel, as ? does",
            "Ctrl-Alt-H",
            lambda loop: loop.sheet.turn(),
            Place.VIEW,
        ),
    )
}
"""Every action by its id, in the order of the bar."""


def keys_table() -> str:
    """The keys as a Markdown table, for the README."""
    rows = [f"| {action.key_text} | {action.tip} |" for action in ACTIONS.values()]
    return "\n".join(["| key | does |", "|---|---|", *rows]) + "\n"
