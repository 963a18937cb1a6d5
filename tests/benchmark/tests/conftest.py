"""A dataset so small that a whole trial takes seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets import DATASETS, BenchmarkDataset, DatasetSource, LabelledCase, Split

from napari_alnt.data import Grid, write_image, write_labels
from napari_alnt.settings import Settings

TINY = Settings(
    patch=(16, 16, 16),
    batch=2,
    expert_batch=1,
    epochs=4,
    steps_per_epoch=2,
    test_every=4,
    rank_every=2,
    teacher_steps=3,
    score_patches=2,
    prefetch_cases=0,
    threads=1,
    learning_rate=0.01,
)


def balls(_: Path, work: Path) -> BenchmarkDataset:
    """Sixteen bright balls, two of each patient."""
    cases = []
    for number in range(16):
        name = f"ball_{number:02d}"
        files = [work / "balls" / f"{name}_{kind}.nii.gz" for kind in ("image", "truth")]
        if not files[0].exists():
            _write_ball(number, *files)
        cases.append(LabelledCase(name, f"patient {number // 2}", *files))
    split = Split(teacher_training=1, reference=1, test=1, pool=5)
    corruptions = ("missed", "shifted", "dilated")
    return BenchmarkDataset("balls", tuple(cases), {1: "ball"}, TINY, split, corruptions)


def _write_ball(number: int, image: Path, truth: Path) -> None:
    image.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(number)
    centre = rng.uniform(9, 11, 3)[:, None, None, None]
    distance = np.linalg.norm(np.indices((20, 22, 24)) - centre, axis=0)
    labels = (distance < rng.uniform(5, 8)).astype(np.uint8)
    voxels = (rng.normal(-700, 60, labels.shape) + 650.0 * labels).astype(np.int16)
    grid = Grid.new(labels.shape, (2.0, 2.0, 2.0))
    write_image(image, voxels, grid)
    write_labels(truth, labels, grid)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the tiny dataset, known to the benchmark."""
    monkeypatch.setitem(DATASETS, "balls", DatasetSource(balls, None))
    return "balls"
