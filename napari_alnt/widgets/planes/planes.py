"""One plane of the open case, or three and the mask from outside, joined by a crosshair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Qt, QTimer
from qtpy.QtWidgets import QSplitter

from napari_alnt.widgets.planes import planes_adapter
from napari_alnt.widgets.planes.main_plane import PLANES, MainPlane
from napari_alnt.widgets.planes.mask_watch import MaskWatch
from napari_alnt.widgets.planes.plane import AXIAL, CORONAL, SAGITTAL
from napari_alnt.widgets.planes.plane_pane import PlanePane
from napari_alnt.widgets.planes.plane_scene import ROLES, brush_of, paint, scene_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import napari
    from napari.layers import Labels

    from napari_alnt.widgets.case.strokes import Strokes
    from napari_alnt.widgets.picture.compared import Compared
    from napari_alnt.widgets.picture.layers import CaseLayers
    from napari_alnt.widgets.picture.window_level import WindowLevel
    from napari_alnt.widgets.planes.plane_brush import PlaneStroke

PAUSE = 40
"""Milliseconds between two drawings of the planes while a mask or the window changes."""
SEEN = ("visible", "opacity", "labels_update", "interpolation2d")
"""Events of a layer after which the planes are drawn again."""


class Planes(QObject):
    """Shows the planes that the canvas does not show around it; made when first asked for.

    Parameters
    ----------
    viewer : whose canvas is surrounded
    layers, strokes : those of the open case
    """

    def __init__(
        self, viewer: napari.Viewer, layers: CaseLayers, strokes: Strokes, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.main = MainPlane(viewer, layers, self)
        self.panes: list[PlanePane] = []
        self.mask: MaskWatch | None = None
        self.on = False
        self._window: WindowLevel | None = None
        self._compared: Compared | None = None
        self._differs = False
        self._dab: object = None  # the step of the mask that a click has made
        self._viewer = viewer
        self._layers = layers
        self._strokes = strokes
        self._sides: list[QSplitter] = []
        self._leave: Callable[[], None] = lambda: None
        self._signals: list[tuple[Any, Callable[..., object]]] = []
        self._events: list[Any] = []
        self._soon = QTimer(self, singleShot=True, interval=PAUSE)
        self._soon.timeout.connect(self._draw)
        self._fit = QTimer(self, singleShot=True, interval=0)
        self._fit.timeout.connect(self._share_room)

    def join(self, window: WindowLevel, compared: Compared) -> None:
        """Let a drag in any plane change a window, and show the versions that are compared."""
        self._window, self._compared = window, compared
        compared.changed.connect(self._show_layers)

    def compare(self, on: bool) -> None:
        """Show where only the teacher or only the student marks something, or not."""
        self._differs = on
        self._draw()

    def turn(self) -> None:
        """Show the planes, or the canvas alone."""
        if not self._sides:
            self._make()
        self.on = not self.on
        for side in self._sides:
            side.setVisible(self.on)
        self.main.set_crosshair(self.on)
        self._show_case()
        # once Qt has made room for what is shown now
        self._fit.start()

    def close(self) -> None:
        """Take everything out of the window."""
        self.on = False
        self._soon.stop()
        self._fit.stop()
        self._follow_layers()
        if self._compared is not None:
            self._compared.changed.disconnect(self._show_layers)
        for signal, slot in self._signals:
            signal.disconnect(slot)
        self.main.close()
        if self.mask is not None:
            self.mask.stop()
        self._leave()

    def _make(self) -> None:
        self.panes = [
            PlanePane(plane, lambda: brush_of(self._layers)) for plane in (CORONAL, SAGITTAL)
        ]
        for pane in self.panes:
            pane.view.pointed.connect(self.main.go)
            pane.view.painted.connect(self._paint)
            pane.view.double_clicked.connect(self._take_dab_back)
            pane.enlarged.connect(self.main.show_plane)
            pane.mouse.window_level = self._window
        self.mask = MaskWatch(self._layers, self)
        right, below = QSplitter(Qt.Orientation.Vertical), QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.panes[0])
        right.addWidget(self.mask.view)
        below.addWidget(self.panes[1])
        self._sides = [right, below]
        self._leave = planes_adapter.surround_canvas(self._viewer, right, below)
        self._signals = [
            (self._layers.shown, self._show_case),
            (self._layers.predicted, self._show_case),
            (self._layers.cleared, self._clear),
            (self._layers.palette.changed, self._show_case),
            (self._strokes.changed, self._painted),
            (self.main.moved, self._move),
            (self.main.turned, self._turn_panes),
        ]
        for signal, slot in self._signals:
            signal.connect(slot)

    def _share_room(self) -> None:
        if self.on:
            planes_adapter.share_column(self._viewer)
        self._viewer.fit_to_view()

    def _show_case(self, _: object = None) -> None:
        if self.mask is None:
            return
        self._follow_layers()
        self._draw()
        self._turn_panes()
        if self.on:
            self.mask.look()

    def _clear(self) -> None:
        self._soon.stop()
        for pane in self.panes:
            pane.view.set_scene(None)
            pane.set_affine(None)
        if self.mask is not None:
            self.mask.clear()

    def _draw(self) -> None:
        if not self.on:
            return
        opened = self._layers.opened
        scene = scene_of(self._layers, self._versions, differs=self._differs)
        for pane in self.panes:
            pane.set_affine(None if opened is None else opened.image.affine)
            pane.view.set_scene(scene)
        self._move()

    def _paint(self, stroke: PlaneStroke) -> None:
        layer = self._layers.correction
        before = None if layer is None else planes_adapter.newest_step(layer)
        paint(self._layers, stroke)
        after = None if layer is None else planes_adapter.newest_step(layer)
        self._dab = after if stroke.is_dab and after is not before else None

    def _take_dab_back(self) -> None:
        """Undo what the first click of a double-click has painted."""
        layer, dab = self._layers.correction, self._dab
        self._dab = None
        if layer is not None and dab is not None and planes_adapter.newest_step(layer) is dab:
            layer.undo()

    def _turn_panes(self) -> None:
        """Show the planes that the canvas does not show; only the one that is there now moves."""
        others = [plane for plane in PLANES if plane is not (self.main.plane or AXIAL)]
        kept = [pane.view.plane for pane in self.panes]
        coming = [plane for plane in others if plane not in kept]
        for pane in self.panes:
            stays = pane.view.plane in others
            pane.set_plane(pane.view.plane if stays or not coming else coming.pop())
        self._move()

    def _move(self) -> None:
        voxel = self.main.voxel
        if self.on and voxel is not None:
            for pane in self.panes:
                pane.view.set_voxel(voxel)

    def _painted(self, _: object) -> None:
        self._later()
        if self.on and self.mask is not None:
            self.mask.look_later()

    def _later(self, _: object = None) -> None:
        if self.on and not self._soon.isActive():
            self._soon.start()

    @property
    def _versions(self) -> list[Labels]:
        return [] if self._compared is None else list(self._compared.layers.values())

    def _show_layers(self) -> None:
        if self.panes:
            self._follow_layers()
            self._later()

    def _follow_layers(self) -> None:
        """Hear of what changes the look of the layers as they are now; of nothing when off."""
        for event, slot in self._events:
            event.disconnect(slot)
        self._events = []
        if self.on:
            self._events = [(event, self._later) for event in _seen(self._layers, self._versions)]
            if (image := self._layers.kept.get("image")) is not None:
                self._events.append((image.events.contrast_limits, self._relight))
        for event, slot in self._events:
            event.connect(slot)

    def _relight(self, _: object) -> None:
        """Show another window at once, as it follows the mouse."""
        image = self._layers.kept.get("image")
        low, high = map(float, image.contrast_limits)
        for pane in self.panes:
            pane.view.set_limits((low, high))


def _seen(layers: CaseLayers, versions: Sequence[Labels]) -> list[Any]:
    """The events of the layers of a case after which its masks look otherwise."""
    shown = [*(layers.kept.get(role) for role in ("image", *ROLES, "voxel trust")), *versions]
    found = [getattr(getattr(one, "events", None), name, None) for one in shown for name in SEEN]
    return [event for event in found if event is not None]
