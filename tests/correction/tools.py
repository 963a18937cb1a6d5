"""Every tool, with arguments drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from napari_alnt.correction import (
    NO_LIMITS,
    Array,
    Edit,
    Limits,
    Triple,
    copy_slice,
    cut,
    differences,
    erase_here,
    fill_between,
    fill_holes,
    grow,
    grow_region,
    keep_largest,
    lasso,
    remove_island,
    remove_small,
    shrink,
    smooth,
    stroke,
    take_all,
    take_here,
    take_structure,
)


@dataclass(frozen=True, eq=False)
class Scene:
    """What a tool works on: a mask (Z, Y, X), the student's, an image and a voxel size in mm."""

    mask: Array
    student: Array
    image: Array
    spacing: Triple
    limits: Limits = NO_LIMITS


def _place(scene: Scene, rng: np.random.Generator) -> list[float]:
    return [float(rng.uniform(-0.4, size - 0.6)) for size in scene.mask.shape]


def _voxel(scene: Scene, rng: np.random.Generator) -> list[int]:
    """A voxel of the mask, more often one of a structure."""
    found = np.argwhere(scene.mask)
    if len(found) and rng.random() < 0.8:
        return [int(at) for at in found[rng.integers(len(found))]]
    return [int(rng.integers(size)) for size in scene.mask.shape]


def _label(rng: np.random.Generator, least: int = 1) -> int:
    return int(rng.integers(least, 4))


def _own_label(scene: Scene, rng: np.random.Generator) -> int:
    """One that the mask has, if it has any."""
    return int(scene.mask[tuple(_voxel(scene, rng))]) % 255 or 1


def _mm(scene: Scene, rng: np.random.Generator) -> float:
    return float(rng.uniform(0, 3) * rng.choice(scene.spacing))


def _line(scene: Scene, axis: int, rng: np.random.Generator, count: int) -> list[list[float]]:
    sizes = [size for other, size in enumerate(scene.mask.shape) if other != axis]
    return [[float(rng.uniform(-2, size + 1)) for size in sizes] for _ in range(count)]


def _stroke(scene: Scene, rng: np.random.Generator) -> Edit:
    points = [_place(scene, rng) for _ in range(rng.integers(1, 4))]
    axis = (None, 0, 1, 2)[rng.integers(4)]
    radius = _mm(scene, rng)
    return stroke(scene.mask, points, _label(rng, 0), radius, scene.spacing, axis, scene.limits)


def _chosen(scene: Scene, rng: np.random.Generator) -> Edit:
    found = differences(scene.mask, scene.student, scene.spacing, min_ml=0)
    if not found:
        return Edit.nothing(scene.mask)
    one = found[rng.integers(len(found))]
    if rng.random() < 0.3:
        return erase_here(scene.mask, one, scene.limits)
    return take_here(scene.mask, scene.student, one, scene.limits)


def _between(scene: Scene, rng: np.random.Generator) -> Edit:
    axis = int(rng.integers(3))
    size = scene.mask.shape[axis]
    if size < 3:
        return Edit.nothing(scene.mask)
    slices = rng.choice(size, int(rng.integers(2, min(size, 4) + 1)), replace=False).tolist()
    labels = None if rng.random() < 0.5 else [_label(rng)]
    return fill_between(scene.mask, slices, scene.spacing, axis, labels, scene.limits)


def _copied(scene: Scene, rng: np.random.Generator) -> Edit:
    axis = int(rng.integers(3))
    source, target = (int(index) for index in rng.integers(scene.mask.shape[axis], size=2))
    label = None if rng.random() < 0.5 else _label(rng)
    return copy_slice(scene.mask, source, target, axis, label, scene.limits)


def _lasso(scene: Scene, rng: np.random.Generator) -> Edit:
    axis = int(rng.integers(3))
    line = _line(scene, axis, rng, int(rng.integers(3, 7)))
    first = int(rng.integers(scene.mask.shape[axis]))
    last = None if rng.random() < 0.5 else first + int(rng.integers(3))
    only = None if rng.random() < 0.5 else _label(rng)
    return lasso(scene.mask, line, _label(rng, 0), axis, first, last, only, scene.limits)


def _cut(scene: Scene, rng: np.random.Generator) -> Edit:
    axis, to = int(rng.integers(3)), _label(rng, 0)
    voxel = _voxel(scene, rng)
    line = _line(scene, axis, rng, int(rng.integers(2, 4)))
    if rng.random() < 0.7:
        # from one side to the other, through the voxel
        h, w = (at for other, at in enumerate(voxel) if other != axis)
        line = [[-2, w + float(rng.uniform(-3, 3))], [h, w], [99, w + float(rng.uniform(-9, 9))]]
    return cut(scene.mask, voxel, line, scene.spacing, axis, to, scene.limits)


def _region(scene: Scene, rng: np.random.Generator) -> Edit:
    low = float(rng.uniform(-200, 50))
    limits = scene.limits
    if limits.image is None:
        limits = Limits(limits.protect, limits.ignore, scene.image, low, low + 200)
    mm = 2 * _mm(scene, rng)
    return grow_region(scene.mask, _voxel(scene, rng), _label(rng), mm, scene.spacing, limits)


Tool = Callable[[Scene, np.random.Generator], Edit]

TOOLS: dict[str, Tool] = {
    "brush": _stroke,
    "choose": _chosen,
    "take a structure": lambda s, r: take_structure(s.mask, s.student, _label(r), s.limits),
    "take all": lambda s, _: take_all(s.mask, s.student, s.limits),
    "fill between": _between,
    "keep the largest": lambda s, r: keep_largest(s.mask, _label(r), s.limits),
    "remove small": lambda s, r: remove_small(
        s.mask, _label(r), float(r.uniform(0, 0.05)), s.spacing, s.limits
    ),
    "remove an island": lambda s, r: remove_island(s.mask, _voxel(s, r), s.limits),
    "fill holes": lambda s, r: fill_holes(
        s.mask, _own_label(s, r), (None, 0, 1, 2)[r.integers(4)], s.limits
    ),
    "grow": lambda s, r: grow(s.mask, _label(r), _mm(s, r), s.spacing, s.limits),
    "shrink": lambda s, r: shrink(s.mask, _label(r), _mm(s, r), s.spacing, s.limits),
    "smooth": lambda s, r: smooth(s.mask, _label(r), _mm(s, r), s.spacing, s.limits),
    "copy a slice": _copied,
    "lasso": _lasso,
    "cut": _cut,
    "grow a region": _region,
}
"""By their names."""
SHAPES = ((6, 9, 10), (1, 8, 9), (4, 1, 7), (5, 6, 1), (3, 12, 5))


def scene(rng: np.random.Generator) -> Scene:
    """A scene drawn at random."""
    shape = SHAPES[rng.integers(len(SHAPES))]
    spacing = tuple(rng.choice([0.5, 0.7, 1.0, 2.5, 5.0], 3).tolist())
    mask, student = (_labels(shape, rng) for _ in range(2))
    mask[rng.random(shape) < 0.12] = 0
    mask[rng.random(shape) < 0.05] = 255
    return Scene(mask, student, rng.integers(-300, 300, shape).astype(np.int16), spacing)


def _labels(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Boxes of labels, one over the other."""
    mask = np.zeros(shape, np.uint8)
    for _ in range(8):
        part = tuple(slice(*sorted(rng.integers(0, size + 1, 2).tolist())) for size in shape)
        mask[part] = rng.integers(0, 4)
    return mask


def limits(rng: np.random.Generator, grey: Array) -> Limits:
    """Limits drawn at random for an image (Z, Y, X)."""
    protect = frozenset(int(label) for label in range(4) if rng.random() < 0.3)
    ignore = 255 if rng.random() < 0.6 else None
    if rng.random() < 0.5:
        return Limits(protect, ignore)
    low = float(rng.uniform(-300, 200))
    return Limits(protect, ignore, grey, low, low + float(rng.uniform(0, 400)))
