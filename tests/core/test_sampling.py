"""A part of a volume on another grid is that part of the whole volume on it."""

from __future__ import annotations

import itertools

import pytest
import torch

from napari_alnt import core
from napari_alnt.core.sampling import covered, positions, sample

OLD = (7, 9, 11)


@pytest.fixture
def values() -> torch.Tensor:
    return torch.rand(2, *OLD, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(15, 9, 5), (7, 9, 11), (1, 30, 4)])
def test_the_whole_is_what_resampling_gives(values, shape):
    at = [positions(slice(0, new), new, old) for new, old in zip(shape, OLD, strict=True)]
    torch.testing.assert_close(sample(values, at), core.resample(values, shape))


def test_a_part_is_a_part_of_the_whole(values):
    shape, part = (15, 20, 5), (slice(3, 9), slice(0, 20), slice(2, 3))
    at = [positions(one, new, old) for one, new, old in zip(part, shape, OLD, strict=True)]
    torch.testing.assert_close(sample(values, at), core.resample(values, shape)[:, *part])


@pytest.mark.parametrize(("old", "new"), [*itertools.product((5, 8, 13), (4, 8, 21))])
def test_every_voxel_is_covered_by_one_of_neighbouring_parts(old, new):
    cuts = (0, 1, old // 2, old)
    parts = [covered(slice(a, b), old, new) for a, b in itertools.pairwise(cuts)]
    assert [k for part in parts for k in range(part.start, part.stop)] == list(range(new))
    for part, (a, b) in zip(parts, itertools.pairwise(cuts), strict=True):
        assert all(a <= (k + 0.5) * old / new < b for k in range(part.start, part.stop))
