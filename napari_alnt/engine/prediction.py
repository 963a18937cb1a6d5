"""The student's mask of a whole case, on the case's own grid, and the voxel trust beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from napari_alnt import core
from napari_alnt.data import Case, Project, Run, make_folder, write_labels, write_map
from napari_alnt.data.paths import inside
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.student import Student
from napari_alnt.events import Predicted

if TYPE_CHECKING:
    from torch import Tensor


class Predictor:
    """Predicts cases with a student as it is, and writes what it finds into the run's folder."""

    def __init__(self, project: Project, run: Run, dataset: Dataset, student: Student) -> None:
        self._project = project
        self._folder = run.maps
        self._dataset = dataset
        self._student = student

    def probabilities(self, image: NDArray[np.float16]) -> Tensor:
        """Class probabilities ``(C, D, H, W)`` of an ``image (D, H, W)`` on the training grid."""
        return core.predict(self._student.net, self._tensor(image), self._dataset.settings.patch)

    def classes(self, image: NDArray[np.float16], shape: tuple[int, ...]) -> NDArray[np.int16]:
        """The class of every voxel of a case's own grid.

        Parameters
        ----------
        image : ``(D, H, W)`` on the training grid
        shape : of the case's own grid, (z, y, x)
        """
        return argmax_on_grid(self.probabilities(image), shape)

    def write(self, case: Case, direction: core.Direction) -> Predicted:
        """Write the student's mask and the voxel trust along the expert gradient ``direction``."""
        volume = self._project.image(case)
        image = self._dataset.image(case)
        target = torch.from_numpy(self._target(case, image.shape))[None].to(self._student.device)
        # logits and trust come from one pass
        found = core.voxel_trust(
            self._student.net, direction, self._tensor(image), target, self._dataset.settings.patch
        )
        shape = volume.voxels.shape
        classes = argmax_on_grid(found.logits.softmax(0), shape)
        trust = core.resample_image(found.voxels.cpu().numpy(), shape)
        make_folder(self._folder)
        # by number: a name may be that of a patient
        student_file = inside(self._folder, f"{case.number:04d}_student.nii.gz")
        trust_file = inside(self._folder, f"{case.number:04d}_trust.nii.gz")
        write_labels(student_file, self._dataset.labels_of(classes), volume.grid)
        write_map(trust_file, trust.astype(np.float32), volume.grid)
        mask = self._mask_on_grid(case, shape)
        return Predicted(
            case=case.name,
            step=self._student.state.step,
            student=student_file.relative_to(self._project.folder).as_posix(),
            trust_map=trust_file.relative_to(self._project.folder).as_posix(),
            slice=key_slice(classes, mask),
            dice=core.mean_known(core.dice(classes, mask, self._dataset.classes)),
            mask_sha256=case.label_sha256,
        )

    def _tensor(self, image: NDArray[np.float16]) -> Tensor:
        return torch.from_numpy(np.array(image, np.float32))[None, None].to(self._student.device)

    def _target(self, case: Case, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """The mask that is judged, on the training grid: the expert's, else the teacher's, else one
        without a labelled voxel.
        """
        if not case.expert and not case.teacher:
            return np.full(shape, core.IGNORE, np.int64)
        prepared = self._dataset.expert(case) if case.expert else self._dataset.pseudo(case)
        return np.array(prepared.target, np.int64)

    def _mask_on_grid(self, case: Case, shape: tuple[int, ...]) -> NDArray[np.int16]:
        """The same mask on the case's own grid."""
        volume = self._project.expert(case) or self._project.teacher(case)
        if volume is None:
            return np.full(shape, core.IGNORE, np.int16)
        return self._dataset.classes_of(volume.voxels)


def argmax_on_grid(probabilities: Tensor, shape: tuple[int, ...]) -> NDArray[np.int16]:
    """The most probable class of every voxel of another grid.

    Parameters
    ----------
    probabilities : ``(C, D, H, W)``
    shape : of the other grid over the same volume, (z, y, x)
    """
    # class by class, so that memory is that of two classes, whatever their number
    best = core.resample(probabilities[:1], shape)[0]
    winner = torch.zeros(shape, dtype=torch.int16, device=best.device)
    for index in range(1, len(probabilities)):
        other = core.resample(probabilities[index : index + 1], shape)[0]
        winner[other > best] = index
        best = torch.maximum(best, other)
    return winner.cpu().numpy()


def key_slice(prediction: NDArray[np.int16], mask: NDArray[np.int16]) -> int:
    """The axial slice to show first: where the two differ most, else where the mask is largest.

    Parameters
    ----------
    prediction, mask : classes ``(Z, Y, X)``; ``IGNORE`` in the mask counts nowhere

    Returns
    -------
    Index of the slice; the middle one if the mask is empty too.
    """
    differ = ((prediction != mask) & (mask != core.IGNORE)).sum((1, 2))
    for area in (differ, (mask > 0).sum((1, 2))):
        if area.any():
            return int(area.argmax())
    return len(mask) // 2
