"""The layers of the open case, and what they show."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from cases_shown import bare_layers, opened

from napari_alnt.session import Session
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.case.prediction import Prediction


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


# without a window ---------------------------------------------------------------------------------


@pytest.fixture
def layers(monkeypatch):
    return bare_layers(monkeypatch)


def names(layers):
    return [layer.name for layer in layers.viewer.layers]


def test_what_the_user_chose_stays_and_the_brush_is_as_wide_in_mm(layers):
    layers.show(opened(spacing=(3.0, 2.0, 2.0)), "lung")
    before = list(layers.viewer.layers)
    layer = layers.correction
    assert layer.brush_size == 6
    layer.brush_size, layer.n_edit_dimensions, layer.opacity, layer.contour = 10, 3, 0.7, 1
    layer.selected_label, layers.viewer.layers["teacher"].visible = 3, False
    for spacing, size in ((0.5, 40), (30.0, 1), (0.7, 29), (2.0, 10)):
        layers.show(opened((9, 60, 31), spacing=(5.0, 2.0, spacing), name=f"{spacing}"), "lung")
        assert layer.brush_size == size
    assert list(layers.viewer.layers) == before
    assert layers.correction is layer
    assert (layer.n_edit_dimensions, layer.opacity, layer.contour) == (3, 0.7, 1)
    assert (layer.selected_label, layer.mode) == (3, "paint")
    assert not layers.viewer.layers["teacher"].visible
    assert not layers.viewer.layers["teacher"].editable
    assert layers.viewer.layers[0].name == "2.0"
    assert [str(unit) for unit in layers.viewer.layers.units] == ["millimeter"] * 3


def test_nothing_of_the_case_before_can_be_undone_in_the_next(layers):
    layers.show(opened(), "lung")
    layers.correction.paint((2, 30, 30), 3)
    layers.correction.paint((2, 35, 30), 3)
    layers.correction.undo()
    following = opened(name="b")
    layers.show(following, "lung")
    for step in (layers.correction.undo, layers.correction.redo):
        step()
        np.testing.assert_array_equal(layers.mask, following.teacher)


def test_what_the_student_says_of_a_case_is_not_shown_on_the_next(layers):
    said = Prediction(np.full((6, 40, 50), 3, np.uint8), np.ones((6, 40, 50), np.float32), 4)
    layers.show(opened(prediction=said), "lung")
    assert names(layers) == ["a", "voxel trust", "correction", "teacher", "student"]
    before = list(layers.viewer.layers)
    layers.show(opened((6, 40, 51), name="b", teacher=None), "lung")
    assert names(layers) == [
        "b", "voxel trust", "correction", "teacher (none)", "student (none yet)"
    ]  # fmt: skip
    assert not any(layer.data.any() for layer in (before[1], *before[3:]))
    assert {layer.data.shape for layer in before} == {(6, 40, 51)}
    layers.show(opened(prediction=said), "lung")
    assert list(layers.viewer.layers) == before
    assert before[4].data.all()


def test_a_student_that_marks_nearly_all_is_hidden_until_it_marks_less(layers):
    much, less = np.ones((6, 40, 50), np.uint8), opened().teacher
    trust = np.ones((6, 40, 50), np.float32)
    layers.show(opened(), "lung")
    for labels, visible in ((much, False), (less, True), (much, False)):
        layers.add_prediction(Prediction(labels, trust, 2))
        assert layers.viewer.layers["student"].visible == visible
    layers.viewer.layers["student"].visible = True  # the user wants to see it
    layers.add_prediction(Prediction(much, trust, 2))
    layers.show(opened(prediction=Prediction(much, trust, 2)), "lung")
    assert layers.viewer.layers["student"].visible


def test_the_case_before_is_let_go_before_its_mask_is(layers):
    layers.show(opened(), "lung")
    seen = []
    layers.cleared.connect(lambda: seen.append(layers.mask))
    mask = layers.mask
    layers.show(opened(name="b"), "lung")
    (then,) = seen
    assert then is mask
    assert layers.mask is not mask


def test_a_case_that_can_be_shown_only_in_part_is_not_open(layers, monkeypatch):
    def fail(*_):
        raise RuntimeError("no picture")

    with monkeypatch.context() as broken:
        broken.setattr(layers, "_show_correction", fail)
        with pytest.raises(RuntimeError, match="no picture"):
            layers.show(opened(), "lung")
    assert (layers.opened, layers.case) == (None, "")
    layers.show(opened(), "lung")
    assert layers.opened is not None


def test_three_columns_are_no_colours(layers):
    layers.show(opened((40, 40, 3)), "lung")
    assert layers.viewer.dims.ndim == 3
    assert not layers.viewer.layers[0].rgb


def test_another_type_of_voxels_keeps_the_order_of_the_layers(layers):
    own = layers.viewer.add_image(np.zeros((2, 3, 8, 8)), name="mine")
    layers.show(opened(), "lung")
    layers.show(opened(dtype=np.float32, name="b"), "percentile")
    assert names(layers) == ["mine", "b", "correction", "teacher"]
    assert layers.viewer.layers.selection.active is layers.correction
    assert layers.viewer.dims.ndim == 4
    layers.clear()
    assert list(layers.viewer.layers) == [own]
