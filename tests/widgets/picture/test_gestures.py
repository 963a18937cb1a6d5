"""Only the left button reaches a tool; the others and the wheel move the picture, as at a PACS."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.picture.gestures import Gestures

BUTTON = Qt.MouseButton
LEFT, RIGHT, MIDDLE, NONE = (
    BUTTON.LeftButton, BUTTON.RightButton, BUTTON.MiddleButton, BUTTON.NoButton
)  # fmt: skip
KEY = Qt.KeyboardModifier
TYPE = QEvent.Type
KINDS = {
    TYPE.MouseButtonPress: "press", TYPE.MouseButtonDblClick: "double",
    TYPE.MouseButtonRelease: "release", TYPE.MouseMove: "move", TYPE.Wheel: "wheel",
}  # fmt: skip


class Canvas(QWidget):
    """Stands for napari's canvas: it notes what reaches it."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.setMouseTracking(True)

    def event(self, event):
        if event.type() in KINDS:
            self.seen.append(KINDS[event.type()])
            return True
        return super().event(event)

    def send(self, kind, x=10, y=10, button=NONE, held=NONE, keys=KEY.NoModifier):
        here = QPointF(x, y)
        QCoreApplication.sendEvent(self, QMouseEvent(kind, here, here, button, held, keys))

    def press(self, button, x=10, y=10, held=None, kind=TYPE.MouseButtonPress):
        self.send(kind, x, y, button, held or button)

    def move(self, x, y, held=NONE):
        self.send(TYPE.MouseMove, x, y, held=held)

    def release(self, button, x=10, y=10, held=NONE):
        self.send(TYPE.MouseButtonRelease, x, y, button, held)

    def wheel(self, turned, keys=KEY.NoModifier):
        here, none = QPointF(40, 30), QPoint()
        event = QWheelEvent(
            here, here, none, QPoint(0, turned), NONE, keys, Qt.ScrollPhase.NoScrollPhase, False
        )
        QCoreApplication.sendEvent(self, event)


class Picture:
    """Notes what the gestures do."""

    def __init__(self):
        self.done = []
        self.polygon = False
        self.flat = True
        self.ended = 0

    def step(self, slices):
        self.done.append(("step", slices))
        return self.flat

    def zoom(self, x, y, factor):
        self.done.append(("zoom", x, y, round(factor, 2)))

    def move(self, *places):
        self.done.append(("move", *places))

    def window(self, right, down):
        self.done.append(("window", right, down))

    def end_window(self):
        self.done.append("end")

    def takes_right_clicks(self):
        return self.polygon

    def end_strokes(self):
        self.ended += 1


@pytest.fixture
def picture():
    return Picture()


@pytest.fixture
def canvas(qtbot):
    widget = Canvas()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def gestures(canvas, picture):
    made = Gestures(canvas, picture, canvas)
    made.set_on(True)
    return made


def test_a_right_drag_is_window_and_level(canvas, picture, gestures):
    canvas.press(RIGHT, 20, 20)
    canvas.move(21, 21, RIGHT)
    assert picture.done == []
    canvas.move(40, 15, RIGHT)
    canvas.move(50, 10, RIGHT)
    canvas.release(RIGHT, 50, 10)
    assert picture.done == [("window", 0, 0), ("window", 20, -5), ("window", 30, -10), "end"]
    assert canvas.seen == []


def test_a_middle_drag_moves_the_picture(canvas, picture, gestures):
    canvas.press(MIDDLE, 20, 20)
    canvas.move(30, 25, MIDDLE)
    canvas.move(31, 26, MIDDLE)
    canvas.release(MIDDLE, 31, 26)
    assert picture.done == [("move", 20, 20, 30, 25), ("move", 30, 25, 31, 26)]
    assert canvas.seen == []


def test_the_wheel_goes_through_the_slices(canvas, picture, gestures):
    for turned in (120, -120, 360, 60, 60, 60, -60, -60):
        canvas.wheel(turned)
    steps = [slices for _, slices in picture.done]
    # what was begun one way is not finished the other way
    assert steps == [1, -1, 3, 0, 1, 0, 0, -1]
    assert canvas.seen == []
    picture.flat = False
    canvas.wheel(120)
    assert canvas.seen == ["wheel"]


def test_the_wheel_zooms_with_control_and_is_napari_s_with_other_keys(canvas, picture, gestures):
    canvas.wheel(120, KEY.ControlModifier)
    canvas.wheel(-60, KEY.ControlModifier | KEY.ShiftModifier)
    assert picture.done == [("zoom", 40, 30, 1.15), ("zoom", 40, 30, 0.93)]
    canvas.wheel(120, KEY.AltModifier)
    assert canvas.seen == ["wheel"]


def test_the_left_button_is_napari_s(canvas, picture, gestures):
    canvas.press(LEFT)
    canvas.move(12, 12, LEFT)
    canvas.release(LEFT)
    canvas.press(LEFT, kind=TYPE.MouseButtonDblClick)
    canvas.release(LEFT)
    assert canvas.seen == ["press", "move", "release", "double", "release"]
    assert picture.done == []


@pytest.mark.parametrize(
    ("button", "kind"),
    [
        (button, kind)
        for button in (RIGHT, MIDDLE, BUTTON.BackButton, BUTTON.ForwardButton, BUTTON.TaskButton)
        for kind in (TYPE.MouseButtonPress, TYPE.MouseButtonDblClick)
    ],
)
def test_no_other_button_reaches_a_tool(canvas, gestures, button, kind):
    canvas.press(button, kind=kind)
    canvas.move(40, 40, button)
    canvas.release(button, 40, 40)
    canvas.move(50, 50)
    assert canvas.seen in ([], ["move"], ["move", "move"])


def test_a_second_button_neither_paints_nor_ends_a_stroke(canvas, picture, gestures):
    canvas.press(LEFT)
    canvas.press(RIGHT, held=LEFT | RIGHT)
    canvas.move(30, 30, LEFT | RIGHT)
    canvas.release(RIGHT, held=LEFT)
    canvas.wheel(120)
    canvas.release(LEFT)
    assert canvas.seen == ["press", "move", "release"]
    assert picture.done == []
    canvas.seen.clear()
    canvas.press(RIGHT)
    canvas.press(LEFT, held=LEFT | RIGHT)
    canvas.move(60, 60, LEFT | RIGHT)
    canvas.release(RIGHT, held=LEFT)
    canvas.move(70, 70, LEFT)
    canvas.release(LEFT)
    assert "press" not in canvas.seen
    assert "release" not in canvas.seen
    assert picture.done[-1] == "end"


def test_a_release_that_nobody_saw_ends_the_stroke_before_the_next_move(canvas, picture, gestures):
    canvas.press(LEFT)
    canvas.move(12, 12, LEFT)
    ended = picture.ended
    canvas.move(60, 60)  # a question of another window has taken the release
    assert canvas.seen == ["press", "move", "release", "move"]
    assert picture.ended == ended + 1
    canvas.press(RIGHT)
    canvas.move(90, 10, RIGHT)
    canvas.move(95, 10)
    assert picture.done[-1] == "end"
    canvas.move(99, 10)
    assert canvas.seen[4:] == ["move", "move"]


def test_a_right_click_is_handed_on_where_a_tool_takes_it(canvas, picture, gestures):
    canvas.press(RIGHT)
    canvas.release(RIGHT)
    assert canvas.seen == []
    picture.polygon = True
    canvas.press(RIGHT)
    canvas.move(11, 11, RIGHT)
    canvas.release(RIGHT)
    assert canvas.seen == ["press", "release"]
    canvas.press(RIGHT)
    canvas.move(40, 11, RIGHT)
    canvas.release(RIGHT)
    assert canvas.seen == ["press", "release"]


def test_when_they_are_off_all_is_napari_s(canvas, picture, gestures):
    canvas.press(LEFT)
    gestures.set_on(False)
    assert canvas.seen == ["press", "release"]  # the stroke does not go on for ever
    canvas.seen.clear()
    canvas.press(RIGHT)
    canvas.release(RIGHT)
    canvas.wheel(120)
    assert canvas.seen == ["press", "release", "wheel"]
    assert picture.done == []
    ended = picture.ended
    gestures.set_on(True)
    assert gestures.on
    assert picture.ended == ended + 1  # one that was begun with napari's gestures does not go on
