"""The view of the mask from outside follows what is painted, a moment later."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_alnt.widgets.planes.mask_surface import surface_of
from napari_alnt.widgets.planes.mask_view import MaskView
from napari_alnt.widgets.planes.plane_scene import colours_of
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from napari_alnt.errors import AlntError
    from napari_alnt.widgets.case.open_case import OpenCase
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.planes.mask_surface import Surface

PAUSE = 600
"""Milliseconds after a stroke until the mask is looked at again."""


class MaskWatch(QObject):
    """Finds the surface of the correction away from the window, and shows it in :attr:`view`."""

    def __init__(self, layers: CaseLayers, parent: QObject) -> None:
        super().__init__(parent)
        self.view = MaskView()
        self.files = FileWorker(self)
        self._layers = layers
        self._again = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self.look)

    def look_later(self) -> None:
        """Look at the mask once nothing was painted for a while."""
        self._pause.start()

    def look(self) -> None:
        """Look at the mask of the open case."""
        opened = self._layers.opened
        if opened is None or self._layers.correction is None:
            self.clear()
            return
        if self.files.busy:
            self._again = True
            return
        self.files.run(
            surface_of,
            self._layers.mask,
            opened.image.spacing,
            tuple(self._layers.labels),
            done=partial(self._show, opened),
            failed=partial(self._failed, opened),
        )

    def clear(self) -> None:
        """Show nothing."""
        self._pause.stop()
        self.view.set_surface(None, {})

    def stop(self) -> None:
        """Look at nothing any more."""
        self._pause.stop()
        self._again = False
        self.files.wait()

    def _show(self, opened: OpenCase, surface: Surface | None) -> None:
        if opened is self._layers.opened:
            self.view.set_surface(surface, colours_of(self._layers))
        if self._again or opened is not self._layers.opened:
            self._again = False
            self.look()

    def _failed(self, opened: OpenCase, _: AlntError) -> None:
        self._show(opened, None)
