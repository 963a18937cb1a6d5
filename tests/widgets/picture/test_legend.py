"""The legend on the picture: where it stands, and what it draws."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QRectF
from qtpy.QtGui import QImage, QPainter
from qtpy.QtWidgets import QWidget

from napari_alnt.widgets.picture.legend import EDGE, Entry, Legend, Sample, draw_sample

LINES = (
    Entry(Sample.FILL, ("#4cc9f0",), "correction: your mask"),
    Entry(Sample.SOLID, ("#4cc9f0",), "teacher"),
)


@pytest.fixture
def canvas(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(600, 400)
    widget.legend = Legend(widget)
    widget.show()
    return widget


def test_it_stands_in_the_corner_of_a_canvas_of_any_size(canvas, qtbot):
    legend = canvas.legend
    assert not legend.isVisible()
    legend.set_entries(LINES)
    assert legend.isVisible()
    for width in (600, 900):
        canvas.resize(width, 400)
        qtbot.waitUntil(lambda width=width: legend.geometry().right() == width - EDGE - 1)
    metrics = legend.fontMetrics()
    assert legend.width() > max(metrics.horizontalAdvance(line.text) for line in LINES)
    # it is left out where it would hide the picture
    canvas.resize(80, 400)
    qtbot.waitUntil(lambda: not legend.isVisible())


def test_it_is_turned_off_and_on(canvas):
    legend = canvas.legend
    legend.set_entries(LINES)
    legend.turn()
    assert not legend.isVisible()
    legend.set_entries(LINES[:1])
    assert not legend.isVisible()
    legend.turn()
    assert legend.isVisible()
    legend.set_entries(())
    assert not legend.isVisible()


@pytest.mark.parametrize("sample", list(Sample))
def test_every_sample_draws_in_its_own_way(sample, qapp):
    def drawn(kind):
        image = QImage(40, 20, QImage.Format.Format_ARGB32)
        image.fill(0)
        painter = QPainter(image)
        draw_sample(painter, Entry(kind, ("#ff0000", "#0000ff"), ""), QRectF(5, 3, 30, 14))
        painter.end()
        return [image.pixel(x, y) for x in range(40) for y in range(20)]

    pixels = drawn(sample)
    assert any(pixels)
    assert all(pixels != drawn(other) for other in Sample if other is not sample)
