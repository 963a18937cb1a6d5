"""Which actions cannot be done on the open case, and why, as their buttons say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_alnt.data import Case

DECISIONS = ("accept", "confirm", "skip", "flag", "revert")


@dataclass(frozen=True)
class Situation:
    """What the buttons depend on.

    Attributes
    ----------
    case : name of the open case, '' for none
    role : what it is for
    has_expert : whether a human's mask of it has been accepted or given
    has_teacher : whether there is a teacher's mask of it
    writable : whether the project is open for writing
    busy : what is being done, in words; '' if nothing
    decided : how many decisions can be taken back
    """

    case: str = ""
    role: str = "pool"
    has_expert: bool = False
    has_teacher: bool = True
    writable: bool = True
    busy: str = ""
    decided: int = 0

    @classmethod
    def of(cls, case: Case, *, writable: bool, busy: str, decided: int, status: str) -> Situation:
        """That of an open case; its status may have changed since it was opened."""
        return cls(
            case.name,
            case.role,
            status in ("accepted", "expert"),
            case.teacher is not None,
            writable,
            busy,
            decided,
        )


def refusals(now: Situation, writing: frozenset[str]) -> dict[str, str]:
    """Why actions cannot be done now, by their ids; ``writing`` are those that change something."""
    if not now.case:
        return dict.fromkeys((*writing, *DECISIONS), "Open a case first: click one in the queue.")
    if not now.writable:
        why = "The project is open read-only, so nothing can be changed."
        return dict.fromkeys(writing, why)
    if now.busy:
        return dict.fromkeys(writing, f"Wait a moment: {now.busy}")
    found = _of_the_case(now)
    if not now.decided:
        found["undo_decision"] = "Nothing was decided since the project was opened."
    return found


def _of_the_case(now: Situation) -> dict[str, str]:
    if now.role in ("test", "teacher_training"):
        why = f"{now.case} is held out for tests, so its mask stays as it is."
        if now.role == "teacher_training":
            why = f"The teacher is trained on {now.case}, so its mask stays as it is."
        return dict.fromkeys(DECISIONS, why)
    if now.has_expert:
        has = f"{now.case} has an expert mask already"
        return {
            "confirm": f"{has}; Accept replaces it by what is on screen.",
            "skip": f"{has}, so it is not waiting in the queue.",
            "flag": f"{has}; only cases that are still to be decided can be flagged.",
        }
    if not now.has_teacher:
        return {"confirm": f"{now.case} has no teacher's mask to confirm; paint one, then Accept."}
    return {}
