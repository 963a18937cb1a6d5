"""Words stand where they should, in the size of the canvas, and nothing of them can be clicked."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtGui import QFocusEvent, QImage
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.picture.corner_text import CornerText, Spot


@pytest.fixture
def canvas(qtbot):
    widget = QWidget()
    widget.setStyleSheet("background: white")
    widget.resize(400, 300)
    qtbot.addWidget(widget)
    widget.show()
    return widget


@pytest.fixture
def corner(canvas):
    return CornerText(canvas)


def ink(canvas: QWidget) -> tuple[int, int, int, int]:
    """The first and last column and row in which something dark stands."""
    picture = canvas.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    size = (picture.height(), picture.bytesPerLine())
    pixels = np.frombuffer(bytes(picture.constBits()), np.uint8).reshape(size)
    rows, columns = np.nonzero(pixels[:, : picture.width()] < 90)
    return columns.min(), columns.max(), rows.min(), rows.max()


@pytest.mark.parametrize("spot", list(Spot))
def test_a_text_is_drawn_in_its_place_and_inside(canvas, corner, spot):
    corner.put(spot, "AL")
    left, right, top, bottom = ink(canvas)
    assert left >= 8
    assert right < 392
    assert top >= 8
    assert bottom < 292
    across, down = spot.value
    assert abs((left + right) / 2 - (25 + 350 * across)) < 20
    assert abs((top + bottom) / 2 - (25 + 250 * down)) < 20


def test_a_text_goes_and_the_size_follows_the_canvas(canvas, corner, qtbot):
    corner.put(Spot.BOTTOM, "P")
    corner.put(Spot.TOP, "A")
    corner.put(Spot.TOP, "")
    assert corner.texts == {Spot.BOTTOM: "P"}
    canvas.resize(200, 600)
    qtbot.waitUntil(lambda: corner.height() == 600)
    assert ink(canvas)[2] > 540


def test_a_long_name_is_cut_in_its_middle_and_both_ends_stay(canvas, corner):
    name = "study_17_" + "x" * 90 + "_series_004"
    corner.put(Spot.TOP_LEFT, f"{name}\nslice 1 of 9")
    first, second = corner._lines(Spot.TOP_LEFT)
    assert first.startswith("study_17_")
    assert first.endswith("_004")
    assert "…" in first
    assert second == "slice 1 of 9"
    assert ink(canvas)[1] < 200


def test_the_mouse_goes_through_the_words(canvas, corner):
    corner.put(Spot.TOP_LEFT, "case")
    assert canvas.childAt(20, 20) is None
    assert corner.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_it_is_said_when_the_mouse_or_the_keyboard_leaves(canvas, corner, qtbot):
    for event in (QEvent(QEvent.Type.Leave), QFocusEvent(QEvent.Type.FocusOut)):
        with qtbot.waitSignal(corner.left, timeout=1000):
            QCoreApplication.sendEvent(canvas, event)
