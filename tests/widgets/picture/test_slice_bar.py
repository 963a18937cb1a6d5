"""The strip of slices in the window: it follows the case, the screen and every stroke."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPoint, Qt

from napari_alnt.data.strokes.journal_file import Kind


def test_the_strip_follows_the_case_the_screen_and_the_mask(window, balls):
    window.dock.open_project(balls.folder)
    bar = window.loop.slices
    strip, watch = bar.strip, bar.watch
    assert watch.marks is None
    assert bar.slice is None
    window.open_row(0)

    def settle():
        window.until(lambda: not watch._pause.isActive() and not watch.files.busy)

    def shown():
        return round(window.viewer.dims.point[0] / window.layer.scale[0])

    settle()
    teacher = window.loop.layers.opened.teacher
    np.testing.assert_array_equal(watch.marks.structure, teacher.any(axis=(1, 2)))
    assert not watch.marks.corrected.any()
    offset = window.layer.translate[0] / window.layer.scale[0]
    assert strip.shown == round(shown() - offset) == bar.slice

    # the slider and the strip stand one above the other, and a click goes to a slice
    assert strip.isVisible()
    window.qtbot.mouseClick(
        strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.cell(20).center().x(), 8)
    )
    assert bar.slice == strip.shown == 20
    window.viewer.dims.set_point(0, window.layer.data_to_world((3, 0, 0))[0])
    assert strip.shown == 3
    window.viewer.dims.order = (1, 0, 2)
    assert strip.shown is None
    window.viewer.dims.order = (0, 1, 2)

    window.paint((4, 6, 7))
    settle()
    assert np.flatnonzero(watch.marks.corrected).tolist() == [4]
    window.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle()
    assert not watch.marks.corrected.any()

    mask = window.layer.data.copy()
    mask[20] = 255
    window.loop.correction.drafts.strokes.put(mask, Kind.TOOL)
    settle()
    assert np.flatnonzero(watch.marks.unknown).tolist() == [20]

    window.open_row(1)
    settle()
    assert not watch.marks.unknown.any()
    window.dock.close_project()
    assert not strip.isVisible()
