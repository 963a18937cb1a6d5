"""The layers of the open case, and what they show."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_alnt.session import Session
from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.layers import contrast
from napari_alnt.widgets.open_case import Prediction


def test_the_users_own_layers_stay(painted):
    own = painted.viewer.add_points(np.zeros((1, 3)), name="mine")
    painted.open_row(1)
    assert own in painted.viewer.layers
    names = [layer.name for layer in painted.viewer.layers]
    assert names.count("teacher") == names.count("correction") == 1
    painted.dock.close_project()
    assert list(painted.viewer.layers) == [own]


def test_the_student_is_shown_when_it_is_asked_for(window, balls):
    with Session.open(balls.folder) as session:
        list(session.train(dataclasses.replace(session.project.settings, prefetch_cases=0)))
    window.dock.open_project(balls.folder)
    window.open_row(1)
    assert "student" not in [layer.name for layer in window.viewer.layers]
    window.until(lambda: "student" in [layer.name for layer in window.viewer.layers])
    names = [layer.name for layer in window.viewer.layers]
    assert names[1:] == ["voxel trust", "correction", "teacher", "student"]
    assert window.viewer.layers.selection.active is window.layer
    places = {tuple(layer.scale) + tuple(layer.translate) for layer in window.viewer.layers}
    assert len(places) == 1
    assert not window.viewer.layers["teacher"].editable
    window.until(lambda: window.loop.jobs.status.state == "idle")


@pytest.mark.parametrize("window", list(WINDOWS))
def test_a_window_is_that_of_the_settings(window):
    assert contrast(np.zeros((4, 4, 4)), window) == WINDOWS[window]


def test_percentiles_are_those_of_the_image():
    voxels = np.random.default_rng(0).normal(500, 100, (64, 64, 64))
    low, high = contrast(voxels, "percentile")
    np.testing.assert_allclose((low, high), np.percentile(voxels, (1, 99)), atol=10)
    low, high = contrast(np.ones((4, 4, 4)), "percentile")
    assert high > low


def test_the_chips_and_the_layer_agree_on_the_label(painted):
    chip = painted.loop.case_bar.chips[1]
    assert chip.isChecked()
    painted.layer.selected_label = 9
    painted.loop.layers.choose_label(1)
    assert painted.layer.selected_label == 1
    assert painted.layer.mode == "paint"


def test_the_voxel_trust_waits_until_it_is_asked_for(window, balls):
    window.dock.open_project(balls.folder)
    window.open_row(0)
    mask = window.layer.data
    window.loop.layers.add_prediction(Prediction(mask, mask - 0.5, 4))
    shown = []
    for _ in range(3):
        shown.append(window.viewer.layers["voxel trust"].visible)
        window.loop.act(ACTIONS["trust"])
    assert shown == [False, True, False]
    window.qtbot.wait(200)  # Mesa crashes where layers go before they were drawn once


def test_a_student_that_marks_nearly_all_is_not_shown_at_first(window, balls):
    window.dock.open_project(balls.folder)
    window.open_row(0)
    mask = window.layer.data
    for labels, visible in ((np.ones_like(mask), False), (mask, True)):
        window.open_row(1)
        window.open_row(0)
        window.loop.layers.add_prediction(Prediction(labels, mask - 0.5, 4))
        assert window.viewer.layers["student"].visible == visible
        window.qtbot.wait(200)
