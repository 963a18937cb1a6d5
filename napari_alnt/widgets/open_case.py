"""All that is shown of a case, as it is read from its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import Array, Case, Project, Volume, read_labels, read_volume
from napari_alnt.data.journal import Resumed, has_changes, resume
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    from napari_alnt.events import Predicted


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the student says of a case.

    Attributes
    ----------
    labels : its mask ``(Z, Y, X)``
    trust_map : the voxel trust ``(Z, Y, X)``
    slice : the axial slice in which its mask differs most from the teacher's
    """

    labels: Array
    trust_map: Array
    slice: int


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
    def sentence(self) -> str:
        """What is to be said of the mask, or ''."""
        count = self.resumed.restored
        if self.resumed.notice:
            return self.resumed.notice
        if count:
            strokes, were = ("stroke", "was") if count == 1 else ("strokes", "were")
            return f"Case {self.case.name}: {count} {strokes} since the last save {were} restored."
        if self.origin == "draft":
            return "Your draft of this case was kept and is shown; Revert starts over."
        return ""


def load_case(project: Project, name: str, predicted: Predicted | None) -> OpenCase:
    """Read the files of a case; slow, so done in a thread.

    Raises
    ------
    AlntError
        If a file is missing or broken.
    """
    case = project.case(name)
    image = project.image(case)
    teacher = project.teacher(case)
    given, origin = _first_mask(project, case, image, teacher)
    # the layer has to hold every label that can be painted, not only those of the file
    highest = max([*project.label_names, project.settings.ignore_label])
    given = np.array(given, np.min_scalar_type(highest))
    journal = project.drafts.journal(name)
    resumed = resume(journal, given, case.version, draft=origin == "draft")
    prediction = load_prediction(project, predicted, image) if predicted else None
    seconds = project.drafts.seconds(name)
    return OpenCase(
        case=case,
        image=image,
        teacher=None if teacher is None else teacher.voxels,
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
        return expert.voxels, f"version {case.version}"
    if teacher is not None:
        return teacher.voxels, "teacher"
    return np.zeros(image.voxels.shape, np.uint8), "nothing"


def _fullest_slice(mask: Array) -> int:
    area = np.count_nonzero(mask, axis=(1, 2))
    return int(area.argmax()) if area.any() else len(mask) // 2


def load_prediction(project: Project, predicted: Predicted, image: Volume) -> Prediction:
    """Read the student's mask and the voxel trust of a case."""
    labels = read_labels(
        project.folder / predicted.student, like=image, ignore_label=project.settings.ignore_label
    )
    trust_map = read_volume(project.folder / predicted.trust_map)
    return Prediction(labels.voxels, trust_map.voxels, predicted.slice)
