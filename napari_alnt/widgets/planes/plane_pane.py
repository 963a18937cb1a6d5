"""A plane beside the canvas, with the patient's sides and a button that makes it the large one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QToolButton, QWidget

from napari_alnt.data.images import orientation
from napari_alnt.widgets.picture.corner_text import Spot
from napari_alnt.widgets.picture.gestures import Gestures
from napari_alnt.widgets.planes.plane_mouse import PlaneMouse
from napari_alnt.widgets.planes.plane_view import PlaneView
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_alnt.data import Floats
    from napari_alnt.widgets.planes.plane import Plane
    from napari_alnt.widgets.planes.plane_view import Brush


class PlanePane(QWidget):
    """A plane; ``enlarged`` carries it when it is to be shown on the canvas."""

    enlarged = Signal(object)

    def __init__(self, plane: Plane, brush: Callable[[], Brush | None]) -> None:
        super().__init__()
        self.view = PlaneView(plane, brush)
        self.mouse = PlaneMouse(self.view)
        self._gestures = Gestures(self.view, self.mouse, self)
        self._gestures.set_on(True)
        self.view.double_clicked.connect(lambda: self.enlarged.emit(self.view.plane))
        self.large = QToolButton()
        self.large.setText("⤢")
        self.large.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.large.setCursor(Qt.CursorShape.ArrowCursor)
        self.large.clicked.connect(lambda: self.enlarged.emit(self.view.plane))
        layout = QGridLayout(self)
        layout.setContentsMargins(2, 2, 0, 0)
        layout.addWidget(self.view, 0, 0)
        corner = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
        layout.addWidget(self.large, 0, 0, corner)
        self._affine: Floats | None = None
        self.set_plane(plane)

    def set_plane(self, plane: Plane) -> None:
        """Show another plane."""
        self.large.setToolTip(
            f"Show the {plane.name} plane in the large picture, with all tools; what was there"
            " comes here. A double-click on the plane does the same"
        )
        self.view.set_plane(plane)
        self._say()

    def set_affine(self, affine: Floats | None) -> None:
        """Say where the patient's sides are, from the affine of the open case."""
        self._affine = affine
        self._say()

    def _say(self) -> None:
        plane = self.view.plane
        edges = orientation.Edges()
        if self._affine is not None:
            edges = orientation.edge_letters(
                self._affine, plane.vertical, plane.horizontal, down=plane.down
            )
        for name, letters in vars(edges).items():
            self.view.words.put(Spot[name.upper()], letters)
