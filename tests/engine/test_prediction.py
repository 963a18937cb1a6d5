"""The student's mask of a whole case, in files on the case's own grid."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from napari_alnt import core
from napari_alnt.data import Project, read_grid, read_labels, read_volume
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.evaluation import Evaluator
from napari_alnt.engine.prediction import argmax_on_grid, key_slice
from napari_alnt.engine.student import Student
from napari_alnt.errors import AlntError


def evaluator_of(project: Project, **changes: object) -> Evaluator:
    settings = dataclasses.replace(project.settings, **changes)
    run = project.runs.start("train", settings)
    data = Dataset(project, settings)
    return Evaluator(project, run, data, Student.new(data))


def test_mask_and_trust_map_lie_on_the_cases_own_grid(project):
    evaluator = evaluator_of(project, spacing=(6.0, 5.0, 4.0))
    case = project.case("ball_04")
    found = evaluator.predictor.write(case, evaluator.direction())
    grid = read_grid(case.image)
    for file in (found.student, found.trust_map):
        written = read_grid(project.folder / file)
        assert written.disk_shape == grid.disk_shape
        np.testing.assert_allclose(written.disk_affine, grid.disk_affine, atol=1e-5)
    assert set(np.unique(read_labels(project.folder / found.student).voxels)) <= {0, 1}


def test_the_event_speaks_of_the_files_and_of_the_mask_that_was_judged(project, balls):
    evaluator = evaluator_of(project)
    project.labels.accept("ball_05", balls.true_labels("ball_05"))
    case = project.case("ball_05")
    found = evaluator.predictor.write(case, evaluator.direction())
    assert found.mask_sha256 == case.expert_sha256
    prediction = read_labels(project.folder / found.student).voxels
    truth = balls.true_labels("ball_05")
    assert found.dice == pytest.approx(core.dice(prediction, truth, 2)[0])
    assert found.slice == (prediction != truth).sum((1, 2)).argmax()
    assert (found.case, found.step) == ("ball_05", 0)


def test_voxel_trust_sums_to_the_derivative_along_the_expert_gradient(project):
    evaluator = evaluator_of(project)  # the training grid is the case's own
    case = project.case("ball_04")
    direction = evaluator.direction()
    found = evaluator.predictor.write(case, direction)
    whole = core.voxel_trust(
        evaluator.student.net,
        direction,
        torch.from_numpy(np.array(evaluator.dataset.image(case), np.float32))[None, None],
        torch.from_numpy(np.array(evaluator.dataset.pseudo(case).target, np.int64))[None],
        project.settings.patch,
    )
    written = read_volume(project.folder / found.trust_map).voxels
    assert written.sum() == pytest.approx(whole.u, rel=1e-3)


def test_a_case_without_a_mask_is_predicted_and_judged_by_nothing(new_balls):
    balls = new_balls(pool=2, experts=2, taught=False)
    with Project.open(balls.folder) as project:
        evaluator = evaluator_of(project)
        found = evaluator.predictor.write(project.case("ball_02"), evaluator.direction())
        assert np.isnan(found.dice)
        assert found.mask_sha256 == ""
        assert not read_volume(project.folder / found.trust_map).voxels.any()


def test_the_most_probable_class_is_taken_on_the_finer_grid():
    probabilities = torch.zeros(3, 2, 2, 2)
    probabilities[0] = 0.4
    probabilities[1, 0] = 0.6
    probabilities[2, 1] = 0.6
    same = argmax_on_grid(probabilities, (2, 2, 2))
    assert (same[0] == 1).all()
    assert (same[1] == 2).all()
    finer = argmax_on_grid(probabilities, (8, 4, 4))
    assert finer.shape == (8, 4, 4)
    assert (finer[:3] == 1).all()
    assert (finer[5:] == 2).all()
    np.testing.assert_array_equal(same, probabilities.argmax(0))


def test_the_slice_shown_first_is_where_the_masks_differ_most():
    prediction, mask = np.zeros((2, 5, 4, 4), np.int16)
    mask[1, :2, :2] = 1
    prediction[1] = mask[1]
    prediction[3, 0] = 1
    assert key_slice(prediction, mask) == 3
    mask[3] = core.IGNORE  # nobody has labelled there
    assert key_slice(prediction, mask) == 1
    assert key_slice(prediction * 0, mask * 0) == 2


@pytest.mark.parametrize("name", ["maps", "maps/0005_student.nii.gz", "maps/0005_trust.nii.gz"])
def test_nothing_is_written_through_a_link(project, tmp_path, name):
    evaluator = evaluator_of(project)
    outside = tmp_path / "outside"
    outside.mkdir()
    link = evaluator.run.folder / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside if name == "maps" else outside / "file")
    with pytest.raises(AlntError, match="leads out of"):
        evaluator_of_run(evaluator).predictor.write(project.case("ball_04"), evaluator.direction())
    assert list(outside.iterdir()) == []


def evaluator_of_run(evaluator: Evaluator) -> Evaluator:
    """The same run, looked at anew."""
    return dataclasses.replace(evaluator)
