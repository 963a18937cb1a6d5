"""The volumes of the cases that come next are read before they are asked for."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_alnt.data import Volume
from napari_alnt.data.fingerprint import file_stat
from napari_alnt.data.images.limits import free_memory
from napari_alnt.errors import AlntError
from napari_alnt.events import Predicted
from napari_alnt.widgets.case.prediction import Prediction, load_prediction

if TYPE_CHECKING:
    from napari_alnt.data import Case, Project

MOST = 2
"""Cases that are kept at most."""
BYTES = 9
"""Most bytes of a voxel: of the image, of two masks and of the voxel trust."""
SPARE = 4
"""So many times the memory of a case has to be free before it is read ahead."""


@dataclass(frozen=True, eq=False)
class Volumes:
    """What is read of a case's files, as far as nobody works on it.

    Attributes
    ----------
    image, teacher : its volumes; the teacher's may be missing
    predicted : of what :attr:`prediction` was read, with the files as they were then
    prediction : what the student says of the case, if it has been asked
    """

    image: Volume
    teacher: Volume | None
    predicted: tuple[Predicted, str] | None
    prediction: Prediction | None


def read_volumes(project: Project, case: Case, predicted: Predicted | None) -> Volumes:
    """Read them; slow, so done in a thread.

    Raises
    ------
    AlntError
        If a file is missing, broken, or not the one that became part of the project.
    """
    image = project.image(case)
    teacher = project.teacher(case)
    if predicted is None:
        return Volumes(image, teacher, None, None)
    stat = _stat(project, predicted)
    prediction = load_prediction(project, predicted, image)
    return Volumes(image, teacher, (predicted, stat), prediction)


class ReadAhead:
    """Keeps the volumes of at most :data:`MOST` cases, which a thread of its own reads.

    What was read ahead is compared with its files again when it is asked for: a file that has
    changed since is never shown as it was.

    Parameters
    ----------
    project : whose cases these are
    predictions : the newest prediction of a case; called from the thread
    """

    def __init__(self, project: Project, predictions: Callable[[str], Predicted | None]) -> None:
        self._project = project
        self._predictions = predictions
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="alnt-ahead")
        self._lock = threading.Lock()
        self._closed = False
        self._kept: dict[str, Future[tuple[Case, Volumes]]] = {}

    def ask(self, cases: Sequence[str]) -> None:
        """Read cases, the first one first; all others are let go."""
        wanted = list(dict.fromkeys(filter(None, cases)))[:MOST]
        with self._lock:
            if self._closed:
                return
            for name in self._kept.keys() - set(wanted):
                self._kept.pop(name).cancel()
            for name in wanted:
                if name not in self._kept:
                    self._kept[name] = self._pool.submit(self._read, name)

    def take(self, case: Case, predicted: Predicted | None) -> Volumes:
        """The volumes of a case as its files are now, read now unless they were before.

        Raises
        ------
        AlntError
            As :func:`read_volumes`.
        """
        with self._lock:
            future = self._kept.pop(case.name, None)
        found = None
        # one that has not begun is read here, before the others
        if future is not None and not future.cancel():
            # whatever went wrong there goes wrong here again, or not at all
            with suppress(Exception):
                found = future.result()
        if found is None or not _same_files(found[0], case):
            return read_volumes(self._project, case, predicted)
        return self._renewed(case, found[1], predicted)

    def close(self) -> None:
        """Let go of all cases; what is being read is dropped when it has been."""
        self.ask(())
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read(self, name: str) -> tuple[Case, Volumes]:
        case = self._project.case(name)
        size = BYTES * math.prod(self._project.grid(case).shape)
        if SPARE * size > free_memory():
            raise AlntError(f"There is too little memory to read '{name}' ahead.")
        return case, read_volumes(self._project, case, self._predictions(name))

    def _renewed(self, case: Case, found: Volumes, predicted: Predicted | None) -> Volumes:
        """What was read ahead, if it still holds; the prediction is read anew where it is newer."""
        self._project.require_unchanged(case, "image", "teacher")
        prediction = None
        if predicted is not None:
            known = found.predicted
            if known is not None and known == (predicted, _stat(self._project, predicted)):
                prediction = found.prediction
            else:
                prediction = load_prediction(self._project, predicted, found.image)
        return Volumes(found.image, found.teacher, None, prediction)


def _same_files(one: Case, other: Case) -> bool:
    """Whether two looks at a case name the same files with the same content."""

    def key(case: Case) -> tuple[Any, ...]:
        return case.image, case.image_sha256, case.teacher, case.teacher_sha256

    return key(one) == key(other)


def _stat(project: Project, predicted: Predicted) -> str:
    """Sizes and times of the files of a prediction; '' where one is missing."""
    try:
        return " ".join(
            file_stat(project.folder / name) for name in (predicted.student, predicted.trust_map)
        )
    except OSError:
        return ""
