"""What a project lacks before a student can be trained in it, in words that name no command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from napari_alnt.events import TeacherWritten
from napari_alnt.session.session import Session
from napari_alnt.session.teaching import by_folder

Cure = Literal["new_project", "teacher_masks", ""]
"""What helps: another project, a folder of teacher masks, or nothing that a button can do."""
BUTTONS: dict[Cure, str] = {
    "new_project": "New project …",
    "teacher_masks": "Choose a folder of masks …",
    "": "",
}
"""The text on the button for each cure."""


@dataclass(frozen=True)
class Lack:
    """What a project lacks.

    Attributes
    ----------
    text : one sentence or two: what is missing, and what to do
    cure : what the button beside it does; "" for no button
    """

    text: str
    cure: Cure

    @property
    def button(self) -> str:
        """The text on the button, or ""."""
        return BUTTONS[self.cure]


def what_is_lacking(project: Project) -> Lack | None:
    """Why no student can be trained, or None where one can.

    A pool without teacher masks is no lack where some expert cases train a teacher: the training
    begins with that.
    """
    pool = project.by_role("pool")
    if not pool:
        return _no_pool(project)
    if any(case.teacher for case in pool) or project.by_role("teacher_training"):
        return None
    cases = "The case" if len(pool) == 1 else f"None of the {len(pool)} cases"
    have = "to correct has no teacher mask" if len(pool) == 1 else "to correct has a teacher mask"
    return Lack(
        f"{cases} {have}. Choose a folder of masks that a program has made, with the images'"
        " names.",
        "teacher_masks",
    )


def _no_pool(project: Project) -> Lack:
    accepted = sum(case.version > 0 for case in project.cases)
    if accepted:
        return Lack(
            f"All cases are accepted ({accepted}), so nothing is left to train on. Take one back"
            " with Revert, or make a new project with more images.",
            "",
        )
    return Lack(
        "There is nothing to correct, as every image has an expert mask. Make a new project in"
        " which some images have none.",
        "new_project",
    )


def take_masks(session: Session, folder: Path | str) -> str:
    """Use the masks in a folder as the teacher's; returns a sentence that says of how many cases.

    Raises
    ------
    AlntError
        If there is none, or when all have had their turn, if some of them do not fit.
    """
    try:
        events = list(by_folder(session, str(folder)))
    except AlntError as error:
        cure = "correct them and choose the folder again"
        raise AlntError(str(error).replace("mend it and run teach again", cure)) from error
    finally:
        session.queue_changed.emit()
    count = sum(isinstance(event, TeacherWritten) for event in events)
    cases = "1 case has" if count == 1 else f"{count} cases have"
    return f"{cases} a teacher mask now; press Start training."
