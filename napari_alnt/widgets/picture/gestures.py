"""Mouse and wheel as at a PACS: right-drag window and level, wheel slices, middle-drag moves.

The left button is napari's, for its tools; no other one reaches them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from qtpy.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

LEFT = Qt.MouseButton.LeftButton
RIGHT = Qt.MouseButton.RightButton
MIDDLE = Qt.MouseButton.MiddleButton
NONE = Qt.MouseButton.NoButton
NOTCH = 120
"""What Qt counts for one notch of a wheel."""
ZOOM = 1.15
"""How much larger one notch makes the picture."""
STILL = 4
"""Pixels within which a press and its release are a click and no drag."""


class Picture(Protocol):
    """What the gestures do to the picture; places are pixels of the canvas, from its top left."""

    def step(self, slices: int) -> bool:
        """Go on by slices; whether there are any, or the event is napari's."""

    def zoom(self, x: float, y: float, factor: float) -> None:
        """Make the picture larger about a place, which stays where it is."""

    def move(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """Move the picture so that what was at one place is at another one."""

    def window(self, right: float, down: float) -> None:
        """Change window and level; pixels since the drag began, of which 0 and 0 begin it."""

    def end_window(self) -> None:
        """Keep the window that a drag has led to."""

    def takes_right_clicks(self) -> bool:
        """Whether the tool of the layer does something with a click of the right button."""

    def end_strokes(self) -> None:
        """Let no tool go on that a button has begun, as none is down."""


class Gestures(QObject):
    """Sees the events of a canvas before napari does, while it is on.

    A press of any but the left button never reaches a tool, so none can begin to paint; a left
    button that was let go where nobody saw it is let go for napari too.
    """

    def __init__(self, canvas: QWidget, picture: Picture, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._picture = picture
        self._on = False
        self._held = NONE  # the button of the gesture under way
        self._stroking = False  # the left button has gone down for napari
        self._passing = False
        self._began = self._last = QPointF()
        self._dragged = False
        self._wheel = 0
        self._see = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseButtonDblClick: self._press,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.Wheel: self._turn,
        }

    @property
    def on(self) -> bool:
        """Whether these are the gestures; else they are napari's own."""
        return self._on

    def set_on(self, on: bool) -> None:
        """Begin or cease to take the events."""
        if on == self._on:
            return
        self._on = on
        self._end_gesture()
        if on:
            self._picture.end_strokes()
            self._canvas.installEventFilter(self)
        else:
            self._let_go(self._last)
            self._canvas.removeEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Whether an event has been dealt with, so that napari does not get it."""
        see = self._see.get(event.type())
        return see is not None and not self._passing and see(event)  # type: ignore[operator]

    def _press(self, event: QMouseEvent) -> bool:
        if event.button() == LEFT:
            # a second button in the middle of a gesture is a slip of the hand
            self._stroking = self._held == NONE
            return not self._stroking
        if self._held == NONE and not self._stroking and event.button() in (RIGHT, MIDDLE):
            self._picture.end_strokes()
            self._held = event.button()
            self._began = self._last = event.position()
            self._dragged = False
        return True

    def _move(self, event: QMouseEvent) -> bool:
        here = event.position()
        if self._held != NONE:
            if event.buttons() & self._held:
                self._drag(here)
                return True
            self._end_gesture()  # the release was seen by another window
        if not event.buttons() & LEFT:
            self._let_go(here)
            self._picture.end_strokes()
        return False

    def _release(self, event: QMouseEvent) -> bool:
        if event.button() == LEFT:
            ours = not self._stroking
            self._stroking = False
            return ours
        if event.button() == self._held:
            clicked = not self._dragged and self._held == RIGHT
            self._end_gesture()
            if clicked and self._picture.takes_right_clicks():
                self._click(event)
        return True

    def _drag(self, here: QPointF) -> None:
        far = here - self._began
        if not self._dragged:
            if far.manhattanLength() < STILL:
                return
            self._dragged = True
            if self._held == RIGHT:
                self._picture.window(0, 0)
        if self._held == RIGHT:
            self._picture.window(far.x(), far.y())
        else:
            self._picture.move(self._last.x(), self._last.y(), here.x(), here.y())
        self._last = here

    def _end_gesture(self) -> None:
        held, self._held = self._held, NONE
        if held == RIGHT and self._dragged:
            self._picture.end_window()

    def _turn(self, event: QWheelEvent) -> bool:
        if self._stroking:
            return True  # a stroke would go on from one slice into the next
        keys = event.modifiers()
        control = bool(keys & Qt.KeyboardModifier.ControlModifier)
        # with Alt napari goes through the layers, and with Shift it does nothing
        if not control and keys & (
            Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
        ):
            return False
        turned = event.angleDelta().y()
        if control:
            here = event.position()
            self._picture.zoom(here.x(), here.y(), ZOOM ** (turned / NOTCH))
            return True
        if self._wheel * turned < 0:
            self._wheel = 0  # the other way round begins anew
        self._wheel += turned
        # towards zero, so that a part of a notch is not lost
        notches = int(self._wheel / NOTCH)
        self._wheel -= notches * NOTCH
        return self._picture.step(notches)

    def _let_go(self, here: QPointF) -> None:
        """Tell napari of a release of the left button that it has not seen."""
        if self._stroking:
            self._stroking = False
            self._send(QEvent.Type.MouseButtonRelease, here, LEFT, NONE)

    def _click(self, event: QMouseEvent) -> None:
        """Hand a click of the right button on to the layer's tool."""
        self._send(QEvent.Type.MouseButtonPress, event.position(), RIGHT, RIGHT)
        self._send(QEvent.Type.MouseButtonRelease, event.position(), RIGHT, NONE)

    def _send(
        self, kind: QEvent.Type, here: QPointF, button: Qt.MouseButton, held: Qt.MouseButton
    ) -> None:
        screen = QPointF(self._canvas.mapToGlobal(here.toPoint()))
        event = QMouseEvent(kind, here, screen, button, held, Qt.KeyboardModifier.NoModifier)
        self._passing = True
        try:
            QCoreApplication.sendEvent(self._canvas, event)
        finally:
            self._passing = False
