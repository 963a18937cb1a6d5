"""How long each tool of the correction takes on a CT of a whole trunk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmark.results import Row
from napari_alnt.correction import (
    Array,
    Difference,
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
    take_here,
    take_structure,
)

SHAPE = (300, 512, 512)
SPACING: Triple = (1.5, 0.8, 0.8)
LIMIT_MS = 200
"""A local action may take so long."""
ORGAN, LESION = 1, 2
LESIONS = 8


@dataclass(frozen=True, eq=False)
class Case:
    """A large organ with lesions in and around it, which the student sees a little elsewhere.

    Attributes
    ----------
    mask, student : label values (Z, Y, X)
    image : HU (Z, Y, X)
    lesions : centres (z, y, x) of those in the mask
    found : the differences of both masks
    """

    mask: Array
    student: Array
    image: Array
    lesions: Array
    found: tuple[Difference, ...]

    @classmethod
    def of(cls, shape: tuple[int, int, int], seed: int = 0) -> Case:
        """One of a size, drawn from a seed; its things are as large as the volume lets them."""
        rng = np.random.default_rng(seed)
        size = np.array(shape)
        mask, student = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        for labels, shift in ((mask, 0), (student, 3)):
            _ellipsoid(labels, size // 2 + shift, size / 5, ORGAN)
        lesions = (size // 2 + rng.uniform(-0.2, 0.2, (LESIONS, 3)) * size).astype(int)
        radii = rng.uniform(0.008, 0.03, (LESIONS, 3)) * size + 1.5
        for centre, radius in zip(lesions, radii, strict=True):
            _ellipsoid(mask, centre, radius, LESION)
            # some are seen larger, some smaller
            _ellipsoid(student, centre, radius * rng.uniform(0.5, 1.6), LESION)
        # one slice of noise, moved from slice to slice
        noise = rng.normal(0, 20, shape[1:]).astype(np.int16)
        image = np.stack([np.roll(noise, 7 * z, axis=1) for z in range(shape[0])])
        image += 40 * mask.astype(np.int16)
        return cls(mask, student, image, lesions, differences(mask, student, SPACING))


def _ellipsoid(mask: Array, centre: Array, radii: Array, label: int) -> None:
    low = np.maximum(np.floor(centre - radii), 0).astype(int)
    high = np.minimum(np.ceil(centre + radii) + 1, mask.shape).astype(int)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    z, y, x = (
        ((np.arange(part.start, part.stop) - at) / radius) ** 2
        for part, at, radius in zip(box, centre, radii, strict=True)
    )
    mask[box][z[:, None, None] + y[:, None] + x <= 1] = label


Act = Callable[[Case, np.random.Generator], object]


def _lesion(case: Case, rng: np.random.Generator) -> Array:
    place: Array = case.lesions[rng.integers(len(case.lesions))]
    return place


def _region(case: Case, rng: np.random.Generator) -> Difference:
    return case.found[rng.integers(len(case.found))]


def _drawn_region(case: Case, rng: np.random.Generator) -> Difference:
    """One in which the mask has a label, so that there is something to erase."""
    regions = [one for one in case.found if one.given]
    return regions[rng.integers(len(regions))]


def _drawn(case: Case, rng: np.random.Generator, count: int = 40) -> list[list[float]]:
    """A line that a hand draws around somewhere near a lesion, one point for each move."""
    steps = rng.normal(0, 1.5, (count, 3)).cumsum(axis=0)
    points: list[list[float]] = (_lesion(case, rng) + steps).tolist()
    return points


def _hu(case: Case) -> Limits:
    return Limits(frozenset({ORGAN}), 255, case.image, 20, 120)


def _around(case: Case, rng: np.random.Generator) -> list[list[float]]:
    """A circle in a slice, as wide as a tenth of it."""
    turn = np.linspace(0, 2 * np.pi, 80)
    circle = np.stack([np.sin(turn), np.cos(turn)], axis=1) * np.array(case.mask.shape[1:]) / 20
    points: list[list[float]] = (_lesion(case, rng)[1:] + circle).tolist()
    return points


def _between(case: Case, rng: np.random.Generator) -> Edit:
    z = int(np.clip(_lesion(case, rng)[0], 4, len(case.mask) - 5))
    return fill_between(case.mask, [z - 4, z + 4], SPACING)


def _cut(case: Case, rng: np.random.Generator) -> Edit:
    place = _lesion(case, rng)
    z, y, x = (float(at) for at in place)
    line = [[y - 60, x - 20], [y, x], [y + 60, x + 15]]
    return cut(case.mask, (z, y, x), line, SPACING, to=3)


def _there_and_back(case: Case, rng: np.random.Generator) -> None:
    edit = take_here(case.mask, case.student, _region(case, rng))
    edit.apply(case.mask)
    edit.undo(case.mask)


def _copied(case: Case, rng: np.random.Generator) -> Edit:
    z = int(_lesion(case, rng)[0])
    return copy_slice(case.mask, z, z + 1)


LOCAL: dict[str, Act] = {
    "brush, disc": lambda c, r: stroke(c.mask, _drawn(c, r), LESION, 6.0, SPACING, axis=0),
    "brush, ball": lambda c, r: stroke(c.mask, _drawn(c, r), LESION, 6.0, SPACING),
    "brush, ball in a range of HU": lambda c, r: stroke(
        c.mask, _drawn(c, r), LESION, 6.0, SPACING, limits=_hu(c)
    ),
    "take the student's here": lambda c, r: take_here(c.mask, c.student, _region(c, r)),
    "erase here": lambda c, r: erase_here(c.mask, _drawn_region(c, r)),
    "make and take back": _there_and_back,
    "fill between slices": _between,
    "copy a slice": _copied,
    "lasso through all slices": lambda c, r: lasso(c.mask, _around(c, r), 0),
    "remove an island": lambda c, r: remove_island(c.mask, _lesion(c, r).tolist()),
    "cut": _cut,
    "grow a region": lambda c, r: grow_region(
        c.mask, _lesion(c, r).tolist(), LESION, 15.0, SPACING, _hu(c)
    ),
}
"""What is done around a place."""


def _of_label(label: int, what: str) -> dict[str, Act]:
    return {
        f"keep the largest {what}": lambda c, _: keep_largest(c.mask, label),
        f"remove small, {what}": lambda c, _: remove_small(c.mask, label, 0.5, SPACING),
        f"fill holes, {what}": lambda c, _: fill_holes(c.mask, label),
        f"fill holes in slices, {what}": lambda c, _: fill_holes(c.mask, label, axis=0),
        f"grow {what}": lambda c, _: grow(c.mask, label, 3.0, SPACING),
        f"shrink {what}": lambda c, _: shrink(c.mask, label, 3.0, SPACING),
        f"smooth {what}": lambda c, _: smooth(c.mask, label, 2.0, SPACING),
        f"take the student's {what}": lambda c, _: take_structure(c.mask, c.student, label),
    }


WHOLE: dict[str, Act] = {
    **_of_label(LESION, "lesions"),
    **_of_label(ORGAN, "organ"),
    "differences": lambda c, _: differences(c.mask, c.student, SPACING),
}
"""What is done to all of a structure, or of the mask, wherever it is."""


def tools(count: int, shape: tuple[int, int, int] = SHAPE) -> Iterator[Row]:
    """Measure every tool so many times on a case of a size: a row for each."""
    case = Case.of(shape)
    for scope, acts in (("local", LOCAL), ("structure", WHOLE)):
        for name, act in acts.items():
            rng = np.random.default_rng(1)
            act(case, rng)  # the first call loads what it needs
            taken, worked = zip(*(_ms(act, case, rng) for _ in range(count)), strict=True)
            yield {
                "tool": name,
                "scope": scope,
                "median ms": round(float(np.median(taken)), 1),
                "p99 ms": round(float(np.quantile(taken, 0.99)), 1),
                "max ms": round(max(taken), 1),
                "processor ms": round(float(np.median(worked)), 1),
                "limit ms": LIMIT_MS if scope == "local" else None,
            }


def _ms(act: Act, case: Case, rng: np.random.Generator) -> tuple[float, float]:
    """How long something takes, and how much of that the processor worked."""
    start, worked = time.perf_counter(), time.thread_time()
    act(case, rng)
    return 1000 * (time.perf_counter() - start), 1000 * (time.thread_time() - worked)
