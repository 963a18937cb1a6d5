"""The marks of the open case's slices are kept up to date while its mask is painted on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_alnt.widgets.picture.slice_marks import Masks, slice_marks, touched
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_alnt.data import Array
    from napari_alnt.data.strokes.journal_mirror import Change
    from napari_alnt.errors import AlntError
    from napari_alnt.widgets.case.open_case import OpenCase
    from napari_alnt.widgets.case.prediction import Prediction
    from napari_alnt.widgets.case.strokes import Strokes
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.picture.slice_marks import SliceMarks

PAUSE = 60
"""Milliseconds after a stroke until its slices are looked at, so that those of one drag are one."""


class SliceWatch(QObject):
    """Looks at the masks of the open case away from the window; after a stroke only at its slices.

    ``changed`` when :attr:`marks` are others; they are None while no case is open, or while it has
    not been looked at.
    """

    changed = Signal()

    def __init__(self, layers: CaseLayers, strokes: Strokes, parent: QObject) -> None:
        super().__init__(parent)
        self.marks: SliceMarks | None = None
        self.files = FileWorker(self)
        self._layers = layers
        self._opened: OpenCase | None = None
        self._student: Array | None = None
        self._slices: set[int] | None = set()  # to be looked at; None for all
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self._look)
        layers.shown.connect(self._begin)
        layers.predicted.connect(self._compare_with)
        layers.cleared.connect(self._end)
        strokes.changed.connect(self._painted)

    def look_at_all(self) -> None:
        """Look at every slice again, as after a change that nobody told of."""
        self._slices = None
        self._look()

    def stop(self) -> None:
        """Look at nothing any more."""
        self._end()
        self.files.wait()

    def _begin(self, opened: OpenCase) -> None:
        self._end()
        self._opened = opened
        self._student = opened.prediction.labels if opened.prediction else None
        self.look_at_all()

    def _compare_with(self, prediction: Prediction) -> None:
        # that of a case which is just being shown comes with the case
        if self._opened is not None and self._opened is self._layers.opened:
            self._student = prediction.labels
            self.look_at_all()

    def _end(self) -> None:
        self._pause.stop()
        self._opened = None
        self._slices = set()
        self._set(None)

    def _painted(self, changes: Sequence[Change]) -> None:
        if self._opened is None:
            return
        if self._slices is not None:
            self._slices |= touched(changes, len(self._opened.start))
        self._pause.start()

    def _look(self) -> None:
        opened = self._opened
        # what comes while a look is under way waits for its end
        if opened is None or self.files.busy or self._slices == set():
            return
        masks = Masks(
            self._layers.mask,
            opened.teacher,
            self._student,
            opened.resumed.sums,
            self._layers.ignore_label,
        )
        slices, self._slices = self._slices, set()
        self.files.run(
            slice_marks,
            masks,
            slices,
            self.marks,
            done=partial(self._seen, opened),
            failed=partial(self._not_seen, opened),
        )

    def _seen(self, opened: OpenCase, marks: SliceMarks | None) -> None:
        if opened is self._opened:
            self._set(marks)
        self._look()

    def _not_seen(self, opened: OpenCase, _: AlntError) -> None:
        self._seen(opened, None)

    def _set(self, marks: SliceMarks | None) -> None:
        if marks is not self.marks:
            self.marks = marks
            self.changed.emit()
