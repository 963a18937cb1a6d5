"""Simulated label noise: the truth, corrupted in known ways until the mask is clearly wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from napari_alnt.data import Array, Triple, mask_dice
from napari_alnt.errors import AlntError
from napari_alnt.simulation.corruptions import CORRUPTIONS, LabelledScan, smooth_noise

CLEAN = "none"
"""The corruption of a mask in which nothing is wrong."""
STRENGTHS = range(1, 13)
AMPLITUDES = (0.6, 0.45, 0.35, 0.25, 0.18, 0.12)
"""How far a jittered edge moves, as parts of a pixel, the largest first."""


@dataclass(frozen=True)
class Corruption:
    """What is wrong with a case's teacher label: :data:`CLEAN` or a kind of :data:`CORRUPTIONS`.

    Cases with one kind and one seed err in one direction.
    """

    kind: str
    seed: int


def corrupt(
    labels: Array,
    image: Array,
    spacing: Triple,
    kind: str,
    rng: np.random.Generator,
    worst: float = 0.65,
) -> Array:
    """Corrupt a mask until its mean Dice with ``labels`` is at most ``worst``.

    The strength rises from 1 to 12 with the same random numbers, and stops before the mask would be
    empty. What a kind cannot corrupt comes back as it was: an empty mask, one slice truncated, one
    label swapped.

    Parameters
    ----------
    labels
        The true label values, (Z, Y, X); they are not changed.
    image
        The case's intensities, in any unit, (Z, Y, X).
    spacing
        Voxel size (z, y, x) in mm.
    kind
        A key of :data:`CORRUPTIONS`.
    rng
        Decides direction and place; every strength begins with the same state.
    worst
        Mean Dice over the labels that is low enough.

    Returns
    -------
    Array
        The corrupted labels, (Z, Y, X), of the type of ``labels``; their Dice is above ``worst``
        where the highest strength does not suffice.

    Raises
    ------
    AlntError
        If there is no such kind.
    """
    _check_kinds([kind])
    scan = LabelledScan(labels, image, spacing)
    corrupted = labels.copy()
    state = rng.bit_generator.state
    for strength in STRENGTHS if labels.any() else ():
        # the same numbers again: a stronger error in the same place, not another one
        rng.bit_generator.state = state
        stronger = CORRUPTIONS[kind](scan, strength, rng)
        if not stronger.any():
            break
        corrupted = stronger
        if mask_dice(corrupted, labels) <= worst:
            break
    return corrupted


def jitter_boundary(
    labels: Array, spacing: Triple, rng: np.random.Generator, good: float = 0.85
) -> Array:
    """Move every edge by about a voxel to and fro, as in any good mask, also between two labels.

    Parameters
    ----------
    labels
        Label values, (Z, Y, X); they are not changed.
    spacing
        Voxel size (z, y, x) in mm.
    rng
        Decides which way the edge strays.
    good
        Mean Dice that must remain; the edge moves less where it takes less to keep it.

    Returns
    -------
    Array
        The jittered labels, (Z, Y, X), or a copy of ``labels`` where every voxel counts.
    """
    pixel = min(spacing[1:])
    sigma = 3 * pixel / np.array(spacing)
    field = [smooth_noise(labels.shape, sigma, rng) for _ in range(3)]
    for amplitude in AMPLITUDES:
        # mm to voxels along each axis
        steps = [
            amplitude * pixel / size * noise for size, noise in zip(spacing, field, strict=True)
        ]
        jittered = labels[_displaced(labels.shape, steps)]
        if mask_dice(jittered, labels) >= good:
            return jittered
    return labels.copy()


def _displaced(shape: tuple[int, ...], steps: Sequence[Array]) -> tuple[Array, ...]:
    """The index of every voxel, moved by ``steps`` voxels along each axis and kept on the grid."""
    places = np.ogrid[tuple(slice(size) for size in shape)]
    return tuple(
        np.clip(np.rint(place + step), 0, size - 1).astype(np.intp)
        for place, step, size in zip(places, steps, shape, strict=True)
    )


def assign_corruptions(
    cases: Sequence[str], share: float, kinds: Sequence[str], rng: np.random.Generator
) -> dict[str, Corruption]:
    """Draw which cases are corrupted and how: ``share`` of them, half at random, half systematic.

    The systematic half stands for one scanner or one site: all its cases have one kind and one
    seed. Every other case has a seed of its own.

    Raises
    ------
    AlntError
        If ``share`` is not from 0 to 1, or a kind is unknown.
    """
    if not 0 <= share <= 1:
        raise AlntError(f"The share of corrupted cases is {share:g}; choose one from 0 to 1.")
    _check_kinds(kinds)
    order = rng.permutation(len(cases))
    seeds = rng.integers(2**31, size=len(cases))
    assigned = {case: Corruption(CLEAN, int(seed)) for case, seed in zip(cases, seeds, strict=True)}
    # a random order, so that neither the first cases nor the last are the wrong ones
    wrong = order[: round(share * len(cases)) if kinds else 0]
    systematic = len(wrong) // 2
    if systematic:
        alike = Corruption(str(rng.choice(kinds)), int(rng.integers(2**31)))
    for rank, index in enumerate(wrong):
        case = cases[index]
        if rank < systematic:
            assigned[case] = alike
        else:
            assigned[case] = Corruption(str(rng.choice(kinds)), assigned[case].seed)
    return assigned


def corruptions_for(labels: Collection[int]) -> tuple[str, ...]:
    """The kinds that make sense with these label values: swapping needs two besides 0."""
    several = len(set(labels) - {0}) > 1
    return tuple(kind for kind in CORRUPTIONS if several or kind != "swapped")


def _check_kinds(kinds: Sequence[str]) -> None:
    if unknown := [kind for kind in kinds if kind not in CORRUPTIONS]:
        raise AlntError(
            f"There is no kind of corruption '{unknown[0]}'; choose from {', '.join(CORRUPTIONS)}."
        )
