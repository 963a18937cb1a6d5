"""The sample data that napari offers."""

from __future__ import annotations

import numpy as np

from napari_alnt._sample_data import synthetic_case


def test_the_synthetic_case_has_an_image_its_truth_and_a_teachers_mask():
    layers = synthetic_case()
    assert [kind for _, _, kind in layers] == ["image", "labels", "labels"]
    assert [options["name"] for _, options, _ in layers] == ["synthetic CT", "truth", "teacher"]
    image, truth, teacher = (voxels for voxels, _, _ in layers)
    assert image.shape == truth.shape == teacher.shape
    assert set(np.unique(truth)) == {0, 1, 2}
    assert (truth != teacher).any()
