"""Teacher labels with planted errors: the truth, damaged in known ways until it is clearly
wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_alnt.data import mask_dice
from napari_alnt.errors import AlntError
from napari_alnt.simulation.correction_cost import box_around

Array = npt.NDArray[Any]
Triple = tuple[float, float, float]
Damage = Callable[[Array, Array, Triple, int, np.random.Generator], Array]

CUBE = np.ones((3, 3, 3), bool)
STRENGTHS = range(1, 13)
GAIN, LOSS = 0.12, 0.06
"""Shares of a label's volume that one step of strength adds or takes; ten steps leave a Dice of
about 0.6.
"""


@dataclass(frozen=True)
class Planned:
    """What is wrong with a case's teacher label; ``kind`` is "none" or one of :data:`DAMAGES`.

    Cases with one kind and one seed err in one direction.
    """

    kind: str
    seed: int


def plant(
    labels: Array,
    image: Array,
    spacing: Triple,
    kind: str,
    rng: np.random.Generator,
    worst: float = 0.65,
) -> Array:
    """Damage ``labels`` (Z, Y, X) until their mean Dice is at most ``worst``, if it can be had.

    Strength rises from 1 to 12 with the same random numbers, and stops before the mask would be
    empty. ``image`` (Z, Y, X) has any intensities; ``spacing`` (z, y, x) in mm. What cannot be
    damaged in this way comes back as it was: an empty mask, one slice truncated, one label swapped.

    Raises
    ------
    AlntError
        If there is no such kind.
    """
    if kind not in DAMAGES:
        raise AlntError(f"There is no kind of damage '{kind}'; choose from {', '.join(DAMAGES)}.")
    damaged, state = labels.copy(), rng.bit_generator.state
    for strength in STRENGTHS if labels.any() else ():
        rng.bit_generator.state = state
        worse = DAMAGES[kind](labels, image, spacing, strength, rng)
        if not worse.any():
            break
        damaged = worse
        if mask_dice(damaged, labels) <= worst:
            break
    return damaged


def wobble(labels: Array, spacing: Triple, rng: np.random.Generator, good: float = 0.85) -> Array:
    """The labels (Z, Y, X) with a mildly unsteady edge, as any good mask has; ``spacing`` (z, y, x)
    in mm.

    Every edge, also that between two labels, is moved by about a voxel and less where it takes less
    to keep the mean Dice at ``good`` or above.
    """
    pixel = min(spacing[1:])
    places = np.ogrid[tuple(slice(size) for size in labels.shape)]
    field = [_smooth_noise(labels.shape, spacing, 3 * pixel, rng) for _ in range(3)]
    for amplitude in (0.6, 0.45, 0.35, 0.25, 0.18, 0.12):
        moved = labels[
            tuple(
                np.clip(np.rint(place + amplitude * pixel / step * noise), 0, size - 1).astype(
                    np.intp
                )
                for place, noise, step, size in zip(
                    places, field, spacing, labels.shape, strict=True
                )
            )
        ]
        if mask_dice(moved, labels) >= good:
            return moved
    return labels.copy()


def plan(
    cases: Sequence[str], share: float, kinds: Sequence[str], rng: np.random.Generator
) -> dict[str, Planned]:
    """Which cases get which damage: ``share`` of them, rounded, half of these at random and half
    systematic.

    The systematic ones stand for one scanner or one site: a stretch of the cases in a random order,
    all with one kind and one seed. Every other case has a seed of its own.

    Raises
    ------
    AlntError
        If ``share`` is no share, or a kind is unknown.
    """
    if not 0 <= share <= 1:
        raise AlntError(f"The share of wrong cases is {share:g}; choose one from 0 to 1.")
    if unknown := [kind for kind in kinds if kind not in DAMAGES]:
        raise AlntError(
            f"There is no kind of damage '{unknown[0]}'; choose from {', '.join(DAMAGES)}."
        )
    order = rng.permutation(len(cases))
    seeds = rng.integers(2**31, size=len(cases))
    wrong = round(share * len(cases)) if kinds else 0
    alike = wrong // 2
    planned = {case: Planned("none", int(seed)) for case, seed in zip(cases, seeds, strict=True)}
    one = Planned(str(rng.choice(kinds)), int(rng.integers(2**31))) if alike else None
    for rank, index in enumerate(order[:wrong]):
        case = cases[index]
        planned[case] = (
            one if one and rank < alike else Planned(str(rng.choice(kinds)), planned[case].seed)
        )
    return {case: planned[case] for case in cases}


def kinds_for(labels: Collection[int]) -> tuple[str, ...]:
    """The kinds of damage that make sense for a project with these label values; 0 does not
    count.
    """
    several = len(set(labels) - {0}) > 1
    return tuple(kind for kind in DAMAGES if several or kind != "swapped")


# the kinds ----------------------------------------------------------------------------------------
# What is drawn, is drawn before anything is measured, so that one seed gives one direction in every
# case.


def _missed(
    labels: Array, image: Array, spacing: Triple, strength: int, rng: np.random.Generator
) -> Array:
    """The largest pieces are not there; of a mask that is as good as one piece, a part beyond a
    plane.
    """
    way = _direction(rng)
    parts, count = ndimage.label(labels > 0)
    sizes = np.bincount(parts.ravel())[1:]
    if sizes.max() > 0.75 * sizes.sum():
        gone = _beyond(parts == np.argmax(sizes) + 1, spacing, way, strength / 13)
    else:
        gone = np.isin(np.arange(count + 1), _largest(sizes, strength))[parts]
    return np.where(gone, 0, labels).astype(labels.dtype)


def _hallucinated(
    labels: Array, image: Array, spacing: Triple, strength: int, rng: np.random.Generator
) -> Array:
    """Each label once more or up to three times more, away from the truth, on tissue that looks
    alike.
    """
    where = rng.random((int(rng.integers(1, 4)), 3)) * labels.shape
    added = labels.copy()
    away = ~ndimage.binary_dilation(labels > 0, CUBE, iterations=2)
    diagonal = float(np.linalg.norm(np.multiply(labels.shape, spacing)))
    for value, volume in _volumes(labels):
        unlike = _unlikeness(image, labels == value)
        other = np.maximum(unlike, 1) * diagonal / 2
        size = max(round(GAIN * strength * volume / len(where)), 1)
        for goal in where:
            free = away & (added == 0)
            # far from the wish is better than on other tissue
            start = np.argmin(
                np.where(free, _distance(labels.shape, goal, spacing) + other, np.inf)
            )
            added = _blob(
                added, free, unlike, np.unravel_index(start, labels.shape), spacing, size, value
            )
    return added


def _leak(
    labels: Array, image: Array, spacing: Triple, strength: int, rng: np.random.Generator
) -> Array:
    """The mask runs on from one place of its edge, through neighbouring voxels of similar grey
    value.
    """
    way = _direction(rng)
    leaked = labels.copy()
    for value, volume in _volumes(labels):
        size = max(round(GAIN * strength * volume), 1)
        open_to, border = _reachable(image, labels == value, leaked == 0, size)
        if len(border) == 0:
            continue
        start = border[np.argmax(border @ (way * spacing))]
        cost = _distance(labels.shape, start, spacing)
        leaked.ravel()[_least(cost, np.flatnonzero(open_to), size)] = value
    return leaked


def _shifted(
    labels: Array, image: Array, spacing: Triple, strength: int, rng: np.random.Generator
) -> Array:
    """The mask lies beside its place, more within the slices than across them."""
    way = _direction(rng) * (0.4, 1, 1)
    way /= np.linalg.norm(way)
    box = box_around(labels > 0)
    depth = ndimage.distance_transform_edt(labels[box] > 0, spacing)
    # the thicker the structure, the longer the way to a Dice as low; never less than half a voxel
    step = max(float(np.percentile(depth[depth > 0], 90)) / 8, min(spacing[1:]) / 2)
    return _moved(labels, np.rint(strength * step * way / spacing).astype(int))


def _eroded(
    labels: Array, image: Array, spacing: Triple, strength: int, rng: np.random.Generator
) -> Array:
    """The outlines are drawn too tight."""
    box = box_around(labels > 0)
    inner = labels[box].copy()
    depth = ndimage.distance_transform_edt(inner > 0, spacing) + _unsteady(
        inner.shape, spacing, rng
    )
    for value, volume in _volumes(inner):
        shallow = _least(
            depth,
            np.flatnonzero(labels[box] == value),
            min(round(LOSS * strength * volume), volume - 1),
        )
        inner.ravel()[shallow] = 0
    return _put(labels, box, inner)


def _dilated(
    labels: Array, image: Array, spacing: Triple, strength: int, rng: np.random.Generator
) -> Array:
    """The outlines are drawn too wide."""
    box = box_around(labels > 0, 8)
    inner = labels[box]
    height, nearest = ndimage.distance_transform_edt(inner == 0, spacing, return_indices=True)
    height += _unsteady(inner.shape, spacing, rng)
    owner = np.where(inner == 0, inner[tuple(nearest)], 0)
    outer = inner.copy()
    for value, volume in _volumes(inner):
        close = _least(
            height, np.flatnonzero(owner == value), max(round(GAIN * strength * volume), 1)
        )
        outer.ravel()[close] = value
    return _put(labels, box, outer)


def _truncated(
    labels: Array, image: Array, spacing: Triple, strength: int, rng: np.random.Generator
) -> Array:
    """Slices at one end, the feet's or the head's, are empty."""
    head = bool(rng.integers(2))
    used = np.flatnonzero(labels.any(axis=(1, 2)))
    extent = int(used[-1] - used[0]) + 1
    lost = min(int(np.ceil(extent * strength / 14)), extent - 1)
    cut = labels.copy()
    if lost:
        cut[slice(used[-1] + 1 - lost, None) if head else slice(None, used[0] + lost)] = 0
    return cut


def _swapped(
    labels: Array, image: Array, spacing: Triple, strength: int, rng: np.random.Generator
) -> Array:
    """Two labels are exchanged, beyond a plane or, from strength 10 on, everywhere."""
    way, draws = _direction(rng), rng.random(256)
    values = [value for value, _ in _volumes(labels)]
    if len(values) < 2:
        return labels.copy()
    # by value, so that a case without some third label swaps the same two
    one, other = sorted(values, key=lambda value: draws[value % 256])[:2]
    here = _beyond(np.isin(labels, (one, other)), spacing, way, min(strength / 10, 1))
    return np.where(here, one + other - labels.astype(np.int64), labels).astype(labels.dtype)


DAMAGES: dict[str, Damage] = {
    "missed": _missed,
    "hallucinated": _hallucinated,
    "leak": _leak,
    "shifted": _shifted,
    "eroded": _eroded,
    "dilated": _dilated,
    "truncated": _truncated,
    "swapped": _swapped,
}
"""What can be wrong with a teacher label: ``(labels, image, spacing in mm, strength, rng) ->
labels``, (Z, Y, X).
"""


# parts of the kinds -------------------------------------------------------------------------------


def _direction(rng: np.random.Generator) -> Array:
    """A unit vector (z, y, x), in mm."""
    way = rng.standard_normal(3)
    return cast(Array, way / np.linalg.norm(way))


def _volumes(labels: Array) -> list[tuple[int, int]]:
    """Each label above 0 and its number of voxels."""
    counts = np.bincount(labels.ravel())
    return [(int(value), int(counts[value])) for value in np.flatnonzero(counts) if value]


def _largest(sizes: Array, number: int) -> list[int]:
    """Numbers, from 1, of the largest pieces, but for those without which less than a quarter would
    be left.
    """
    chosen: list[int] = []
    left = int(sizes.sum())
    for piece in np.argsort(-sizes, kind="stable"):
        if len(chosen) < number and left - sizes[piece] >= sizes.sum() / 4:
            chosen.append(int(piece) + 1)
            left -= int(sizes[piece])
    return chosen


def _put(labels: Array, box: tuple[slice, ...], inner: Array) -> Array:
    """The labels with what was made of a box of them."""
    whole = labels.copy()
    whole[box] = inner
    return whole


def _least(cost: Array, among: Array, size: int) -> Array:
    """Flat indices of the ``size`` voxels of least cost among some."""
    if size >= len(among):
        return among
    return among[np.argpartition(cost.ravel()[among], size)[:size]]


def _beyond(mask: Array, spacing: Triple, way: Array, share: float) -> Array:
    """The ``share`` of a mask that lies farthest along a direction."""
    flat = np.flatnonzero(mask)
    along = np.argwhere(mask) @ (way * spacing)
    beyond = np.zeros(mask.shape, bool)
    beyond.ravel()[flat[np.argsort(-along, kind="stable")[: round(share * len(flat))]]] = True
    return beyond


def _distance(shape: tuple[int, ...], start: Any, spacing: Triple) -> Array:
    """mm from a voxel to every voxel."""
    z, y, x = (
        ((np.arange(size, dtype=np.float32) - at) * step) ** 2
        for size, at, step in zip(shape, start, spacing, strict=True)
    )
    return cast(Array, np.sqrt(z[:, None, None] + y[:, None] + x))


def _blob(
    labels: Array, free: Array, unlike: Array, start: Any, spacing: Triple, size: int, value: int
) -> Array:
    """The labels and one more lump of ``size`` voxels, round but for other tissue."""
    reach = 2.5 * (0.75 / np.pi * size * np.prod(spacing)) ** (1 / 3) / np.array(spacing) + 3
    box = tuple(
        slice(max(int(at - by), 0), int(at + by) + 1) for at, by in zip(start, reach, strict=True)
    )
    inner = labels[box].copy()
    near = _distance(
        inner.shape, [at - part.start for at, part in zip(start, box, strict=True)], spacing
    )
    cost = ndimage.uniform_filter(near * (1 + unlike[box]), 5)
    inner.ravel()[_least(cost, np.flatnonzero(free[box]), size)] = value
    return _put(labels, box, inner)


def _unlikeness(image: Array, inside: Array) -> Array:
    """How far each voxel's neighbourhood is from a structure's grey value, in its own spreads, 0 to
    4.
    """
    smooth = ndimage.uniform_filter(image.astype(np.float32), 3)
    # at its edge the average takes in what lies around, but thin structures have nothing else
    core = ndimage.binary_erosion(inside)
    low, middle, high = np.percentile(
        smooth[core if np.count_nonzero(core) > 20 else inside], (16, 50, 84)
    )
    return cast(Array, np.clip(np.abs(smooth - middle) / max((high - low) / 2, 1e-6), 0, 4))


def _reachable(image: Array, inside: Array, free: Array, size: int) -> tuple[Array, Array]:
    """Free voxels joined to a structure by similar ones, and those at its edge (n, 3); wide enough
    for ``size``.
    """
    unlike = _unlikeness(image, inside)
    edge = ndimage.binary_dilation(inside) & free
    for tolerance in (1, 2, 3, 4):
        # by majority of the neighbourhood, as a leak fills what it runs into
        similar = ndimage.uniform_filter((unlike <= tolerance).astype(np.float32), 3) > 0.5
        parts, count = ndimage.label(free & similar)
        touched = np.zeros(count + 1, bool)
        touched[parts[edge]] = True
        touched[0] = False
        reachable = touched[parts]
        if np.count_nonzero(reachable) >= size:
            break
    return reachable, np.argwhere(reachable & edge)


def _moved(labels: Array, by: Array) -> Array:
    """The labels moved by whole voxels; what leaves the grid is lost."""
    moved = np.zeros_like(labels)
    to = tuple(
        slice(max(way, 0), size + min(way, 0)) for way, size in zip(by, labels.shape, strict=True)
    )
    source = tuple(
        slice(max(-way, 0), size + min(-way, 0)) for way, size in zip(by, labels.shape, strict=True)
    )
    if all(abs(way) < size for way, size in zip(by, labels.shape, strict=True)):
        moved[to] = labels[source]
    return moved


def _unsteady(shape: tuple[int, ...], spacing: Triple, rng: np.random.Generator) -> Array:
    """mm by which an outline strays, about half a pixel: outlines that are too tight are not so to
    the voxel.
    """
    pixel = min(spacing[1:])
    return 0.5 * pixel * _smooth_noise(shape, spacing, 3 * pixel, rng)


def _smooth_noise(
    shape: tuple[int, ...], spacing: Triple, sigma: float, rng: np.random.Generator
) -> Array:
    """Noise of standard deviation 1 that keeps its sign over about ``sigma`` mm."""
    noise = rng.standard_normal(shape, np.float32)
    for axis, step in enumerate(spacing):
        noise = ndimage.gaussian_filter1d(noise, sigma / step, axis=axis, mode="wrap")
    return cast(Array, noise / max(float(noise.std()), 1e-6))
