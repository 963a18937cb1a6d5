"""Going back and forth in the history of the open case, which its journal holds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

from napari_alnt.data.strokes.journal import Step, mask_at, steps
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_writer import Journal
from napari_alnt.errors import AlntError
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from pathlib import Path

    from napari_alnt.data import Array
    from napari_alnt.widgets.case.strokes import Strokes
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.worker import FileWorker

_WORDS = {
    "base": "the mask it began with",
    "revert": "after Revert",
    "taken_over": "the mask saved elsewhere",
    "tool": "after a change by a program",
    "step": "after going to another step",
}


@dataclass(frozen=True, eq=False)
class _Place:
    """Where in the history the layer is.

    Attributes
    ----------
    journal : of the open case
    count : changes that had been handed to it then; with more the layer is elsewhere
    index : of the step that is shown
    top : of the step from which the way back began
    """

    journal: Journal
    count: int
    index: int
    top: int


class Stepper(QObject):
    """Shows the mask as it was after an earlier or later step; that is a new step itself.

    ``message`` says which step it is.
    """

    message = Signal(str, str)

    def __init__(
        self, strokes: Strokes, layers: CaseLayers, files: FileWorker, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.strokes = strokes
        self.layers = layers
        self.files = files
        self._place: _Place | None = None
        self._busy = False

    def go(self, path: Path, by: int) -> None:
        """Go ``by`` -1 or 1 step in the journal of the open case at ``path``."""
        journal = self.strokes.journal
        if journal is None or self._busy:
            return
        place = self._place
        if place is None or place.journal is not journal or place.count != journal.count:
            place = None
        count = journal.count

        def done(found: tuple[Step, int, Array]) -> None:
            self._busy = False
            # what was painted while the history was read is not painted over
            if self.strokes.journal is journal and journal.count == count:
                step, top, mask = found
                self.strokes.put(mask, Kind.STEP)
                self._place = _Place(journal, journal.count, step.index, top)
                self.message.emit(f"{_sentence(step)} ({step.index} of {top}).", "")

        def failed(error: AlntError) -> None:
            self._busy = False
            self.message.emit(str(error), "warn")

        self._busy = True
        self.files.run(_find, journal, path, self.layers.mask, place, by, done=done, failed=failed)


def _find(
    journal: Journal, path: Path, shown: Array, place: _Place | None, by: int
) -> tuple[Step, int, Array]:
    """The step to go to, the newest one, and the mask (Z, Y, X) after it.

    Raises
    ------
    AlntError
        If there is none, or it cannot be read.
    """
    journal.flush()
    history = steps(path)
    if place is not None:
        index, top = place.index, place.top
    else:
        index = top = len(history) - 1
        if history and not np.array_equal(mask_at(path, index, shown.shape), shown):
            # the journal learns of a mask that was decided on with the next change
            index = top = len(history)
    if by < 0:
        # steps that changed nothing are passed over
        while 0 < index < len(history) and not history[index].voxels:
            index -= 1
        index -= 1
    else:
        index += 1
        while index < min(top, len(history) - 1) and not history[index].voxels:
            index += 1
    if index < 0 or index > top or index >= len(history):
        raise AlntError(f"This is the {'oldest' if by < 0 else 'newest'} step of the case.")
    return history[index], top, mask_at(path, index, shown.shape)


def _sentence(step: Step) -> str:
    words = _WORDS.get(step.kind, f"after a {step.kind}")
    when = time.strftime("%d.%m. %H:%M", time.localtime(step.time))
    return f"The mask as it was {when}, {words}"
