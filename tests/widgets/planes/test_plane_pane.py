"""A plane beside the canvas: the patient's sides, and the button that makes it large."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt

from napari_alnt.widgets.picture.corner_text import Spot
from napari_alnt.widgets.planes.plane import CORONAL, SAGITTAL
from napari_alnt.widgets.planes.plane_pane import PlanePane


def test_it_names_the_sides_and_hands_on_its_plane(qtbot):
    pane = PlanePane(CORONAL, lambda: None)
    qtbot.addWidget(pane)
    pane.resize(300, 200)
    pane.show()

    def letters():
        texts = pane.view.words.texts
        return "".join(
            texts.get(spot, "") for spot in (Spot.LEFT, Spot.RIGHT, Spot.TOP, Spot.BOTTOM)
        )

    assert letters() == ""
    # voxels that grow to the left, the back and the head
    pane.set_affine(np.diag([-1.0, -1.0, 1.0, 1.0]))
    assert letters() == "RLSI"
    went = []
    pane.enlarged.connect(went.append)
    qtbot.mouseClick(pane.large, Qt.MouseButton.LeftButton)
    pane.set_plane(SAGITTAL)
    assert letters() == "APSI"
    assert "sagittal" in pane.large.toolTip()
    qtbot.mouseClick(pane.large, Qt.MouseButton.LeftButton)
    assert went == [CORONAL, SAGITTAL]
