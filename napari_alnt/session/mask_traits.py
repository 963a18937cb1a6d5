"""What a mask marks, in a few numbers for each structure, and how near two cases are by them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from napari_alnt.data import Array, Case, Project, Triple
from napari_alnt.errors import AlntError
from napari_alnt.events import NAN

SPECK = 5
"""Fewer connected voxels are not counted as a piece."""
ABSENT = 3.0
"""The distance of two cases in a structure that only one of them has: as far as eight times the
volume is.
"""
HU_STEP = 100.0
"""The difference of mean HU that counts like twice the volume."""
FEWEST = 3
"""Expert cases that are needed to say what is usual among them."""


@dataclass(frozen=True)
class StructureTraits:
    """One structure of one mask: its volume, its pieces, and its mean grey value (HU of a CT).

    ``mean`` is nan where no image was looked at.
    """

    ml: float
    pieces: int
    mean: float = NAN


@dataclass(frozen=True)
class MaskTraits:
    """What a mask marks: the traits of the structures it has, by label value.

    ``partial`` says that some voxels are labelled by nobody, so that what is absent may be there.
    """

    structures: Mapping[int, StructureTraits]
    partial: bool = False


@dataclass(frozen=True)
class Neighbour:
    """The expert case nearest to a case.

    Attributes
    ----------
    case : its name
    distance : how far it is, see :func:`distance`
    usual : the farthest that an expert case is from the nearest other one; nan where there are too
        few
    """

    case: str
    distance: float
    usual: float = NAN


def mask_traits(
    mask: Array,
    spacing: Triple,
    labels: Iterable[int],
    ignore_label: int | None = None,
    image: Array | None = None,
) -> MaskTraits:
    """Measure the structures of a mask.

    Parameters
    ----------
    mask : label values ``(Z, Y, X)``
    spacing : size of a voxel (z, y, x) in mm
    labels : the values to look for
    ignore_label : the value of voxels that nobody has labelled
    image : grey values ``(Z, Y, X)``, for their mean in each structure
    """
    found = {}
    # one pass over the volume finds the boxes of all structures
    boxes = ndimage.find_objects(mask)
    for label in labels:
        box = boxes[label - 1] if 0 < label <= len(boxes) else None
        if box is not None:
            inside = mask[box] == label
            found[label] = StructureTraits(
                float(np.count_nonzero(inside) * np.prod(spacing) / 1000),
                _pieces(inside),
                NAN if image is None else float(np.mean(image[box][inside], dtype=float)),
            )
    partial = ignore_label is not None and bool((mask == ignore_label).any())
    return MaskTraits(found, partial)


def _pieces(inside: Array) -> int:
    parts, count = ndimage.label(inside, np.ones((3, 3, 3), bool))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    return max(int(np.count_nonzero(sizes >= SPECK)), 1)


def distance(one: MaskTraits, other: MaskTraits) -> float:
    """How far two cases are from each other; nan where neither has a structure.

    The root mean square over the structures that either has: of the doublings of volume between
    them and, where both grey values are known, their difference in steps of :data:`HU_STEP`; a
    structure that only one of them has counts :data:`ABSENT`.
    """
    squares = [
        _square(one.structures.get(label), other.structures.get(label))
        for label in one.structures.keys() | other.structures.keys()
    ]
    return math.sqrt(math.fsum(squares) / len(squares)) if squares else NAN


def _square(one: StructureTraits | None, other: StructureTraits | None) -> float:
    if one is None or other is None:
        return ABSENT**2
    grey = (one.mean - other.mean) / HU_STEP
    doublings = math.log2(one.ml / other.ml)
    return doublings**2 + (grey**2 if math.isfinite(grey) else 0.0)


def nearest(traits: MaskTraits, experts: Mapping[str, MaskTraits]) -> Neighbour | None:
    """The expert case nearest to a case with these traits; None where nothing can be compared."""
    found = _nearest(traits, experts)
    if found is None:
        return None
    return Neighbour(*found, usual_distance(experts))


def usual_distance(experts: Mapping[str, MaskTraits]) -> float:
    """The farthest that an expert case is from the nearest other; nan for fewer than
    :data:`FEWEST`.
    """
    if len(experts) < FEWEST:
        return NAN
    found = [
        _nearest(one, {name: other for name, other in experts.items() if name != case})
        for case, one in experts.items()
    ]
    return max((one[1] for one in found if one is not None), default=NAN)


def _nearest(traits: MaskTraits, experts: Mapping[str, MaskTraits]) -> tuple[str, float] | None:
    known = [(distance(traits, other), case) for case, other in experts.items()]
    known = [one for one in known if math.isfinite(one[0])]
    if not known:
        return None
    far, case = min(known)
    return case, far


@dataclass
class TraitsReader:
    """Reads the traits of a project's masks, each file once; for a thread of its own."""

    project: Project
    _known: dict[tuple[str, str], MaskTraits] = field(default_factory=dict)

    def of(self, case: Case) -> MaskTraits | None:
        """The traits of the mask a case trains with; None where it has none, or cannot be read."""
        key = case.name, case.label_sha256
        if key not in self._known:
            try:
                volume = self.project.expert(case) or self.project.teacher(case)
                if volume is None:
                    return None
                self._known[key] = self.measure(case, volume.voxels)
            except AlntError:
                # a card without these numbers is better than none
                return None
        return self._known[key]

    def measure(self, case: Case, mask: Array) -> MaskTraits:
        """The traits of any mask ``(Z, Y, X)`` of a case; raises as :meth:`Project.image`."""
        settings = self.project.settings
        # other scans than CTs have no common scale of grey values
        is_ct = settings.window != "percentile"
        image = self.project.image(case).voxels if is_ct else None
        labels = self.project.label_names
        return mask_traits(mask, case.spacing, labels, settings.ignore_label, image)

    def experts(self, without: str = "") -> dict[str, MaskTraits]:
        """The traits of all cases with an expert mask, without one of them and the held-out ones.

        Held-out cases are for the test curve alone.
        """
        cases = [
            case for case in self.project.cases if case.role in ("reference", "teacher_training")
        ]
        found = {case.name: self.of(case) for case in cases if case.name != without}
        return {name: traits for name, traits in found.items() if traits is not None}
