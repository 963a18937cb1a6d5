"""Two readers on one case: how far their masks agree, and where a third look is worth while."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_alnt.correction import Array, Difference, Triple, differences
from napari_alnt.data import Project
from napari_alnt.data.intake.preview import counted
from napari_alnt.data.version_history import find_version, read_version
from napari_alnt.errors import AlntError
from napari_alnt.session.card_words import ml_words, slices_words

MOST = 5
"""Regions that a third look is asked for in words."""


@dataclass(frozen=True)
class StructureAgreement:
    """How far two masks agree in one structure.

    Attributes
    ----------
    label, name : the structure
    dice : 2 |A ∩ B| / (|A| + |B|)
    mean_mm : mean distance between the surfaces, of both directions; nan where one is empty
    hd95_mm : the larger of the two directed 95th percentiles; likewise
    """

    label: int
    name: str
    dice: float
    mean_mm: float
    hd95_mm: float


@dataclass(frozen=True)
class ReaderAgreement:
    """Two accepted masks of one case compared.

    Attributes
    ----------
    case : its name
    one, other : numbers of the two versions
    authors : who accepted them
    structures : of those that either marks
    regions : in which they differ beyond their borders, largest first
    """

    case: str
    one: int
    other: int
    authors: tuple[str, str]
    structures: tuple[StructureAgreement, ...]
    regions: tuple[Difference, ...]

    @property
    def sentence(self) -> str:
        """The agreement in words, and where to look a third time."""
        if not self.structures:
            return "Neither reader marks anything."
        said = "; ".join(_words(one) for one in self.structures)
        if not self.regions:
            return f"{said}. The readers differ nowhere beyond the borders."
        places = ", ".join(
            f"{ml_words(one.ml)} at {slices_words(*one.slices)}" for one in self.regions[:MOST]
        )
        more = ", …" if len(self.regions) > MOST else ""
        return f"{said}. For a third look: {counted(len(self.regions), 'region')} ({places}{more})."


def compare_readers(project: Project, case: str, one: int, other: int) -> ReaderAgreement:
    """Compare two accepted versions of a case; for a thread of its own.

    Raises
    ------
    AlntError
        If there is no such version, it is the same, or its file is not what was accepted.
    """
    if one == other:
        raise AlntError(f"Version {one} of case '{case}' was named twice; name two versions.")
    first, second = (read_version(project, case, number) for number in (one, other))
    authors = [find_version(project, case, number).author for number in (one, other)]
    spacing = project.case(case).spacing
    ignored = project.settings.ignore_label
    regions = differences(first, second, spacing, ignore=ignored)
    return ReaderAgreement(
        case,
        one,
        other,
        (authors[0], authors[1]),
        structure_agreements(first, second, spacing, project.label_names, ignored),
        tuple(sorted(regions, key=lambda region: -region.ml)),
    )


def structure_agreements(
    one: Array,
    other: Array,
    spacing: Triple,
    names: dict[int, str],
    ignore_label: int | None = None,
) -> tuple[StructureAgreement, ...]:
    """How far two masks agree in each structure that either marks.

    Parameters
    ----------
    one, other : label values ``(Z, Y, X)`` on one grid
    spacing : size of a voxel (z, y, x) in mm
    names : of the structures, by label value
    ignore_label : voxels that have it in either mask count nowhere
    """
    known = np.ones(one.shape, bool)
    if ignore_label is not None:
        known = (one != ignore_label) & (other != ignore_label)
    found = []
    for label, name in names.items():
        a, b = (one == label) & known, (other == label) & known
        boxes = ndimage.find_objects((a | b).view(np.uint8))
        if boxes:
            a, b = a[boxes[0]], b[boxes[0]]
            dice = 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
            found.append(StructureAgreement(label, name, float(dice), *_apart(a, b, spacing)))
    return tuple(found)


def _apart(a: Array, b: Array, spacing: Triple) -> tuple[float, float]:
    """Mean and 95 % Hausdorff distance (mm) of two surfaces; nan where one is empty."""
    if not a.any() or not b.any():
        return math.nan, math.nan
    # voxels at the box's face are a surface like any other
    surfaces = [mask & ~ndimage.binary_erosion(mask) for mask in (a, b)]
    ways = [
        ndimage.distance_transform_edt(~there, sampling=spacing)[here]
        for here, there in (surfaces, surfaces[::-1])
    ]
    mean = float(np.concatenate(ways).mean())
    return mean, max(float(np.percentile(way, 95)) for way in ways)


def _words(one: StructureAgreement) -> str:
    if math.isnan(one.mean_mm):
        return f"{one.name}: only one reader marks it"
    return (
        f"{one.name}: Dice {one.dice:.2f}, surfaces {one.mean_mm:.1f} mm apart on average and 95 %"
        f" within {one.hd95_mm:.1f} mm"
    )


def pairs_of_readers(project: Project, case: str) -> Sequence[tuple[int, int]]:
    """The newest versions of each two readers of a case that are not set aside, newest first."""
    newest = {
        version.author: version.number
        for version in project.labels.versions(case)
        if not version.reverted
    }
    numbers = sorted(newest.values(), reverse=True)
    return [(one, other) for index, other in enumerate(numbers) for one in numbers[index + 1 :]]
