"""The mouse of the canvas in a plane beside it: the same gestures, the one window of the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_alnt.widgets.picture.corner_text import Spot

if TYPE_CHECKING:
    from napari_alnt.widgets.picture.window_level import WindowLevel
    from napari_alnt.widgets.planes.plane_view import PlaneView


class PlaneMouse:
    """What the gestures do to a plane; places are its pixels, from its top left.

    Attributes
    ----------
    window_level : of the open case; None as long as there is none to change
    """

    def __init__(self, view: PlaneView) -> None:
        self.window_level: WindowLevel | None = None
        self._view = view

    def step(self, slices: int) -> bool:
        """Go on by slices."""
        self._view.step(slices)
        return True

    def zoom(self, x: float, y: float, factor: float) -> None:
        """Make the picture larger about a place, which stays where it is."""
        self._view.zoom(x, y, factor)

    def move(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """Move the picture so that what was at one place is at another one."""
        self._view.shift(to_x - x, to_y - y)

    def window(self, right: float, down: float) -> None:
        """Change window and level by a drag, which 0 and 0 begin."""
        window = self.window_level
        if window is None or self._view.fit is None:
            return
        if not (right or down):
            window.begin_drag()
        elif window.dragged:
            window.drag(right, down)
        # where the eyes are
        self._view.words.put(Spot.MIDDLE, window.text)

    def end_window(self) -> None:
        """Keep what the drag has led to."""
        self._view.words.put(Spot.MIDDLE, "")
        if self.window_level is not None and self.window_level.dragged:
            self.window_level.end_drag()

    def takes_right_clicks(self) -> bool:
        """No tool of a plane does anything with the right button."""
        return False

    def end_strokes(self) -> None:
        """A stroke in a plane ends with its button, which the gestures see to."""
