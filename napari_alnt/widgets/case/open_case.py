"""All that is shown of a case, as it is read from its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import Array, Case, Project, Volume
from napari_alnt.data.strokes.journal import Resumed, has_changes, resume
from napari_alnt.data.time_spent import time_on_case
from napari_alnt.errors import AlntError
from napari_alnt.widgets.case.prediction import Prediction, as_type, mask_type
from napari_alnt.widgets.case.read_ahead import read_volumes

if TYPE_CHECKING:
    from napari_alnt.events import Predicted
    from napari_alnt.widgets.case.read_ahead import ReadAhead


FIXED = {
    "test": "This case is held out and only tests the result",
    "teacher_training": "The teacher was trained on this case",
}
"""The roles of cases whose masks never change, and what is said of such a case."""


@dataclass(frozen=True, eq=False)
class OpenCase:
    """All that is shown of a case.

    Attributes
    ----------
    case, image : which case it is, and its volume
    teacher : the teacher's mask ``(Z, Y, X)``
    start : the mask ``(Z, Y, X)`` that the correction starts from
    origin : in words, where that mask comes from
    seconds : time that was spent on the case before
    prediction : what the student says, if it has been asked yet
    slice : the axial slice that is shown first
    resumed : how the case's journal goes on
    """

    case: Case
    image: Volume
    teacher: Array | None
    start: Array
    origin: str
    seconds: float
    prediction: Prediction | None
    slice: int
    resumed: Resumed

    @property
    def is_fixed(self) -> bool:
        """Whether its mask is only looked at, as it tests the result or has trained the teacher."""
        return self.case.role in FIXED

    @property
    def sentence(self) -> str:
        """What is to be said of the mask, or ''."""
        if self.is_fixed:
            return f"{FIXED[self.case.role]}: you can look at its mask, which stays as it is."
        count = self.resumed.restored
        if self.resumed.notice:
            return self.resumed.notice
        if count:
            strokes, were = ("stroke", "was") if count == 1 else ("strokes", "were")
            return f"Case {self.case.name}: {count} {strokes} since the last save {were} restored."
        if self.origin == "draft":
            return "Your draft of this case was kept and is shown; Revert starts over."
        return ""


def load_case(
    project: Project, name: str, predicted: Predicted | None, ahead: ReadAhead | None = None
) -> OpenCase:
    """Read the files of a case; slow, so done in a thread.

    Its drafts and strokes are always those of this moment, what was read ahead or not.

    Raises
    ------
    AlntError
        If a file is missing or broken.
    """
    case = project.case(name)
    if ahead is not None:
        volumes = ahead.take(case, predicted)
    else:
        volumes = read_volumes(project, case, predicted)
    image, teacher, prediction = volumes.image, volumes.teacher, volumes.prediction
    given, origin = _first_mask(project, case, image, teacher)
    given = np.array(given, mask_type(project))
    journal = project.drafts.journal(name)
    resumed = resume(journal, given, case.version, draft=origin == "draft")
    seconds = time_on_case(project, name)
    return OpenCase(
        case=case,
        image=image,
        teacher=None if teacher is None else as_type(teacher.voxels, given.dtype),
        start=resumed.mask.copy(),
        origin="draft" if resumed.restored else origin,
        seconds=max(seconds, resumed.seconds) if resumed.restored else seconds,
        prediction=prediction,
        slice=prediction.slice if prediction else _fullest_slice(resumed.mask),
        resumed=resumed,
    )


def _first_mask(
    project: Project, case: Case, image: Volume, teacher: Volume | None
) -> tuple[Array, str]:
    """The most advanced mask that was saved of a case, and its origin in words."""
    try:
        draft = project.drafts.load(case.name)
    except AlntError:
        # the journal holds the strokes of a draft that is lost
        if not has_changes(project.drafts.journal(case.name), case.version):
            raise
        draft = None
    if draft is not None:
        return draft, "draft"
    expert = project.expert(case)
    if expert is not None:
        origin = f"version {case.version}" if case.version else "the expert's mask"
        return expert.voxels, origin
    if teacher is not None:
        return teacher.voxels, "teacher"
    return np.zeros(image.voxels.shape, np.uint8), "nothing"


def _fullest_slice(mask: Array) -> int:
    area = np.count_nonzero(mask, axis=(1, 2))
    return int(area.argmax()) if area.any() else len(mask) // 2
