"""A benchmark set so small that a whole trial takes seconds: the bright balls of the other tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmark.datasets import SETS, BenchSet, Division, Source, TrueCase

from napari_alnt.data import Grid, write_image, write_labels
from napari_alnt.settings import Settings

TINY = Settings(
    patch=(16, 16, 16), batch=2, expert_batch=1, epochs=4, steps_per_epoch=2, validate_every=4, rank_every=2,
    teacher_steps=3, score_patches=2, prepare=0, threads=1, learning_rate=0.01,
)  # fmt: skip


def balls(data: Path, work: Path) -> BenchSet:
    """Sixteen balls, two of each patient."""
    folder = work / "balls"
    cases = []
    for number in range(16):
        name = f"ball_{number:02d}"
        paths = [folder / f"{name}_{kind}.nii.gz" for kind in ("image", "truth")]
        if not paths[0].exists():
            folder.mkdir(parents=True, exist_ok=True)
            rng = np.random.default_rng(number)
            distance = np.linalg.norm(np.indices((20, 22, 24)) - rng.uniform(9, 11, 3)[:, None, None, None], axis=0)
            labels = (distance < rng.uniform(5, 8)).astype(np.uint8)
            grid = Grid.new(labels.shape, (2.0, 2.0, 2.0))
            write_image(paths[0], (rng.normal(-700, 60, labels.shape) + 650.0 * labels).astype(np.int16), grid)
            write_labels(paths[1], labels, grid)
        cases.append(TrueCase(name, f"patient {number // 2}", *paths))
    kinds = ("missed", "shifted", "dilated")
    return BenchSet("balls", tuple(cases), {1: "ball"}, TINY, Division(1, 1, 1, 5), kinds)


@pytest.fixture
def tiny_set(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the tiny set, known to the benchmark."""
    monkeypatch.setitem(SETS, "balls", Source(balls, None))
    return "balls"
