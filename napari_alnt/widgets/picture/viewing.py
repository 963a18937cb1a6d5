"""How a case is looked at while a project is open: gestures, words, window, masks, scale bar."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer

from napari_alnt.data import local
from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.picture import canvas_adapter, window_level
from napari_alnt.widgets.picture.case_picture import CasePicture
from napari_alnt.widgets.picture.corner_text import CornerText, Spot
from napari_alnt.widgets.picture.gestures import Gestures
from napari_alnt.widgets.picture.label_menu import LabelMenu
from napari_alnt.widgets.picture.shown_masks import ShownMasks
from napari_alnt.widgets.picture.window_level import WindowLevel
from napari_alnt.widgets.picture.world_units import WorldInMm

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_alnt.widgets.loop import Loop
    from napari_alnt.widgets.picture.layers import CaseLayers

PAUSE = 30
"""Milliseconds between two writings of the words, however fast the mouse goes."""
GESTURES = "gestures"
"""The name under which a user's choice of gestures is kept: "pacs" or "napari"."""
SAID = {
    True: "Right-drag is window and level, the wheel goes through the slices, Ctrl+wheel zooms,"
    " middle-drag moves the picture.",
    False: "Mouse and wheel are napari's own now: right-drag in the paint mode begins a line that"
    " goes on until it comes round, or until Escape.",
}


class Viewing(QObject):
    """Belongs to one open project; :meth:`close` gives the canvas back to napari as it was.

    Parameters
    ----------
    loop : the open project
    own : the project's setting for the window
    """

    window: WindowLevel
    masks: ShownMasks

    def __init__(self, loop: Loop, own: str) -> None:
        super().__init__(loop)
        self._loop = loop
        self.viewer = loop.viewer
        self.layers: CaseLayers = loop.layers
        self.canvas = canvas_adapter.canvas(loop.viewer)
        self._key = local.key(loop.session.project.folder)
        self.window = WindowLevel(own, window_level.load(self._key), self._keep_window)
        self.picture = CasePicture(self.canvas, loop.layers, self.window)
        self.corner = CornerText(self.canvas.native)
        self.gestures = Gestures(self.canvas.native, self.picture, self)
        self.gestures.set_on(local.load(GESTURES) != "napari")
        self._image: Layer | None = None
        self._shown: object = None  # the case whose grey values are the window's
        self.masks = ShownMasks(loop.layers, lambda: loop.compared.layers.values())
        self.masks.glanced.connect(loop.slices.difference.pause)
        self._world = WorldInMm(self.viewer, self.canvas)
        self._over = False  # whether the mouse is over the picture
        self._soon = QTimer(self, singleShot=True, interval=PAUSE)
        self._soon.timeout.connect(self._write)
        canvas, scale_bar = self.viewer.canvas, self.viewer.canvas.overlays.scale_bar
        self._before = (canvas.background_color_override, scale_bar.visible)
        # a bright frame around a scan blinds for what is dark in it
        canvas.background_color_override, scale_bar.visible = "black", True
        loop.slices.join(self.window, loop.compared)
        self._looks = LabelMenu(loop)
        self._follow(True)
        self._mark_window()

    def close(self) -> None:
        """Give mouse, wheel and canvas back to napari, but for the scale bar."""
        self.window.keep()
        self._follow(False)
        self._looks.close()
        self._soon.stop()
        self._leave_image()
        # where napari's window has gone before, there is no canvas to be given back
        with suppress(RuntimeError):
            self._give_back()

    def _give_back(self) -> None:
        self.gestures.set_on(False)
        self.viewer.canvas.background_color_override = self._before[0]
        self.canvas.native.removeEventFilter(self.corner)
        self.corner.hide()
        self.corner.deleteLater()

    def leave_scale_bar(self) -> None:
        """Show the scale bar as it was before, once the layers have gone."""
        self._world.close()
        # where napari's window has gone before, there is no canvas
        if self.canvas.native is None:
            return
        with suppress(RuntimeError):
            # Mesa ends the process where a picture after layers have gone is one thing alone, which
            # the picture before has ended with: it then draws with a shader that is no longer bound
            self.canvas.native.repaint()
            self.viewer.canvas.overlays.scale_bar.visible = self._before[1]

    # what the actions do --------------------------------------------------------------------------

    def change_gestures(self) -> None:
        """Change between the gestures of a PACS and napari's own, from now on."""
        self.gestures.set_on(not self.gestures.on)
        self._loop.case_bar.say(SAID[self.gestures.on])
        self._save(local.save, GESTURES, "pacs" if self.gestures.on else "napari")

    def change_smoothing(self) -> None:
        """Show the image's voxels as squares, or blended into each other."""
        image = self.layers.kept.get("image")
        if image is not None:
            image.interpolation2d = "nearest" if image.interpolation2d == "linear" else "linear"

    # window ---------------------------------------------------------------------------------------

    def _show_case(self, opened: object) -> None:
        self._leave_image()
        image = self._image = self.layers.kept.get("image")
        self._shown = opened
        if image is not None:
            self.window.own = self.layers.window
            self.window.show_case(_limits(image))
            image.events.contrast_limits.connect(self._take_limits)
        self._write()

    def _leave_image(self) -> None:
        if self._image is not None:
            self._image.events.contrast_limits.disconnect(self._take_limits)
            self._image = None

    def _take_limits(self, _: object = None) -> None:
        # while a case goes and the next one comes, the limits are not the user's
        if self._image is not None and self._shown is self.layers.opened:
            self.window.take(_limits(self._image))

    def _change_window(self) -> None:
        image = self.layers.kept.get("image")
        if image is not None and self.layers.opened is not None:
            low, high = self.window.limits
            if _limits(image) != (low, high):
                image.contrast_limits = (low, high)
        self._loop.correction.clock.touch()
        self._mark_window()
        self.corner.put(Spot.TOP_RIGHT, self.window.text if self.layers.opened else "")
        self.corner.put(Spot.MIDDLE, self.window.text if self.window.dragged else "")

    def _mark_window(self) -> None:
        for name in WINDOWS:
            if (chip := self._loop.case_bar.buttons.get(name)) is not None:
                chip.setCheckable(True)
                chip.setChecked(name == self.window.name)

    def _keep_window(self, choice: window_level.Choice) -> None:
        self._save(window_level.save, self._key, choice)

    def _save(self, function: Any, *arguments: Any) -> None:
        """Save something for the user; the window need not wait for it."""
        say = self._loop.case_bar.say
        self._loop.correction.files.run(
            partial(function, *arguments),
            done=lambda _: None,
            failed=lambda error: say(str(error), "warn"),
        )

    # words ----------------------------------------------------------------------------------------

    def _follow(self, on: bool) -> None:
        """Hear of what changes the picture, or not any more."""
        viewer = self.viewer
        pairs = [
            (self.layers.shown, self._show_case),
            (self.layers.cleared, self._clear),
            (self.window.changed, self._change_window),
            (self.corner.left, self._leave),
            (viewer.cursor.events.position, self._point),
            (viewer.dims.events.point, self._go_on),
            (viewer.dims.events.order, self._later),
            (viewer.dims.events.ndisplay, self._later),
            (viewer.scene.camera.events.orientation, self._later),
        ]
        for signal, slot in pairs:
            if on:
                signal.connect(slot)
            else:
                with suppress(RuntimeError, TypeError, ValueError):
                    signal.disconnect(slot)

    def _clear(self) -> None:
        self.masks.bring_back()
        self.window.keep()
        self._shown = None
        self._later()

    def _point(self, _: object = None) -> None:
        self._over = True
        self._later()

    def _go_on(self, _: object = None) -> None:
        # who goes through the slices with the wheel need not move the mouse
        self._loop.correction.clock.touch()
        self._later()

    def _leave(self) -> None:
        self._over = self.canvas.native.underMouse()
        self.masks.bring_back()
        self._later()

    def _later(self, _: object = None) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _write(self) -> None:
        self.corner.put(Spot.TOP_LEFT, self.picture.slice_text())
        self.corner.put(Spot.BOTTOM_LEFT, self.picture.cursor_text() if self._over else "")
        self.corner.put(Spot.TOP_RIGHT, self.window.text if self.layers.opened else "")
        for name, letters in self.picture.edges().items():
            self.corner.put(Spot[name.upper()], letters)


def _limits(image: Any) -> tuple[float, float]:
    low, high = map(float, image.contrast_limits)
    return low, high
