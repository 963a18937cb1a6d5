"""Small volumes drawn at random, and what every tool must hold to on them."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy import ndimage

from napari_alnt.correction import Edit
from napari_alnt.correction.boxes import box_of

SIDES = (4, 12)
CUBE = [step for step in itertools.product((-1, 0, 1), repeat=3) if any(step)]
"""Steps to the 26 neighbours."""
CROSS = [step for step in CUBE if sum(map(abs, step)) == 1]
"""Steps to the 6 neighbours that share a face."""
SEEDS = range(12)


def volume(seed, shape=None, labels=3, ignore=True):
    """A mask (Z, Y, X) with blobs of some labels, and of 255, and a voxel size in mm."""
    rng = np.random.default_rng(seed)
    shape = shape or (int(rng.integers(1, 8)), *rng.integers(*SIDES, 2))
    mask = np.zeros(shape, np.uint8)
    for label in (*range(1, labels + 1), *([255] if ignore else [])):
        mask[noise(rng, shape) > rng.uniform(0.3, 0.8)] = label
    spacing = tuple(rng.choice([0.5, 0.7, 1.0, 1.5, 2.5, 5.0], 3).tolist())
    return mask, spacing


def noise(rng, shape):
    """Smooth values (Z, Y, X) around 0, most of them between −2 and 2."""
    values = ndimage.gaussian_filter(rng.normal(size=shape), (0.4, 0.8, 0.8), mode="nearest")
    return values / max(values.std(), 1e-9)


def image(seed, shape):
    """HU (Z, Y, X) that have something of shapes."""
    return (100 * noise(np.random.default_rng([seed, 1]), shape)).astype(np.int16)


def made(mask, edit: Edit):
    """The mask with an edit; the edit is exact, and its box the smallest."""
    after = mask.copy()
    edit.apply(after)
    differs = box_of(mask != after)
    assert edit.is_empty == (differs is None)
    assert edit.is_empty or edit.box == differs
    assert edit.before.dtype == edit.after.dtype == mask.dtype
    back = after.copy()
    edit.undo(back)
    np.testing.assert_array_equal(back, mask)
    return after


def neighbours(place, shape, steps):
    """The voxels of a volume that lie one of some steps from a place."""
    for step in steps:
        other = tuple(at + by for at, by in zip(place, step, strict=True))
        if all(0 <= at < size for at, size in zip(other, shape, strict=True)):
            yield other


def flood(where, place, steps):
    """The true voxels that are connected with a place, one by one."""
    found = np.zeros_like(where)
    found[place] = where[place]
    todo = [place] if where[place] else []
    while todo:
        for other in neighbours(todo.pop(), where.shape, steps):
            if where[other] and not found[other]:
                found[other] = True
                todo.append(other)
    return found


def parts(where, steps):
    """All connected parts of the true voxels, in scan order."""
    left = where.copy()
    while left.any():
        own = flood(left, tuple(np.argwhere(left)[0]), steps)
        left &= ~own
        yield own


def squared_mm(one, other, spacing):
    """The square of the distance between two voxels, in mm²."""
    return sum(((a - b) * size) ** 2 for a, b, size in zip(one, other, spacing, strict=True))


def within(one, other, mm, spacing):
    """Whether two voxels are at most so many mm apart."""
    return squared_mm(one, other, spacing) <= mm**2 * (1 + 1e-9)


def places(shape):
    """All voxels of a volume."""
    return itertools.product(*map(range, shape))


def half_up(value):
    """The nearest whole number, the higher of two."""
    return math.floor(value + 0.5)
