"""What cannot be meant in the files of a new project, though each of them can be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from napari_alnt.data.case import CaseFiles, Role
from napari_alnt.data.images.placement import placement_doubt
from napari_alnt.data.images.volume import Triple
from napari_alnt.data.intake.contents import ImageContent
from napari_alnt.data.intake.follow_ups import follow_ups
from napari_alnt.data.intake.inspection import Inspected
from napari_alnt.data.intake.mask_checks import label_notices
from napari_alnt.data.intake.notices import Notice, named
from napari_alnt.settings import WINDOWS, Settings

NEAR = 0.01
"""Distance of a mask's corners from its image's, in voxels, that rounding does not explain."""


def find_notices(
    cases: Sequence[CaseFiles],
    inspected: Sequence[Inspected],
    names: Mapping[int, str],
    roles: Mapping[str, Role],
    settings: Settings,
) -> tuple[Notice, ...]:
    """All that is strange about a project's files, for a human to say whether it is meant.

    Parameters
    ----------
    cases : the files
    inspected : what they hold, in the same order
    names : names of the label values
    roles : the role of every case
    settings : of the project to be
    """
    case_names = [case.name for case in cases]
    ignore_label = settings.ignore_label
    spacing = settings.spacing or median_spacing(inspected)
    return (
        *_image_notices(case_names, inspected, settings.window),
        *label_notices(case_names, inspected, names, ignore_label, spacing),
        *_ignored_background(ignore_label),
        *_place_notices(case_names, inspected),
        *_twins(case_names, inspected, roles),
        *follow_ups(cases, roles),
    )


def median_spacing(inspected: Sequence[Inspected]) -> Triple:
    """The training spacing (z, y, x) in mm where none is set."""
    # rounded as engine.dataset does
    z, y, x = np.round(np.median([found.grid.spacing for found in inspected], axis=0), 3)
    return float(z), float(y), float(x)


# grey values --------------------------------------------------------------------------------------

EMPTY = 0.05
"""Part of the window that an image must fill not to be one grey to the network."""
BEYOND = 0.99
"""Share of the voxels beyond the window from which on next to nothing is seen."""
ABOVE = 0.5
"""Share of the voxels above the window that no CT has: bone and metal are less."""
LEAST = -30.0
"""HU below which every CT has voxels: air and fat."""
NARROW = 25.0
"""Grey values that span less are no HU, but were scaled for a network."""
DENSE = (850.0, 1250.0)
"""HU of dense bone; where water is stored as 1024, soft tissue is there."""
AIR = (-1100.0, -500.0)
"""HU of air and lungs."""
MUCH, LITTLE = 0.1, 0.02
"""Shares of the voxels in ``DENSE`` and ``AIR`` of a CT that is stored with an offset."""
SEEN = 0.005
"""Share of the voxels beyond the window that is worth saying."""
SQUEEZED = 0.5
"""Part of the percentile window below which what is not padding is pressed together."""


def _image_notices(
    cases: Sequence[str], inspected: Sequence[Inspected], window: str
) -> list[Notice]:
    where: dict[tuple[str, str], list[str]] = defaultdict(list)
    beyond: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case, found in zip(cases, inspected, strict=True):
        strange = _percentile(found.image) if window == "percentile" else _hu(found.image, window)
        if strange is not None:
            where[strange].append(case)
            beyond[strange].append(_beyond(found.image, window))
    notices = []
    for (text, cure), named_cases in where.items():
        shares = beyond[text, cure]
        if max(shares) > SEEN:
            text = f"{text}, and {_percent(shares)} of the voxels lie beyond {_shown(window)}"
        notices.append(Notice(tuple(named_cases), text, cure))
    return notices


def _percentile(image: ImageContent) -> tuple[str, str] | None:
    """What is strange in a window that is taken from the image itself."""
    if image.low == image.high:
        return CONSTANT
    low, high = image.quantile(0.005), image.quantile(0.995)
    # half a percent is cut off at the lower end, so that less padding does no harm
    if image.padding and high - low < SQUEEZED * (high - image.low):
        return PADDED
    return None


CONSTANT = ("the image has the same grey value everywhere", "export it again, or leave it out")
PADDED = (
    "the padding takes most of the range of grey values",
    "give it the lowest value of the image, or choose a --window in HU",
)
EXPORT = "export the CT with its rescale intercept, or give --window percentile for MR"
NO_HU = ("the grey values are no HU (air is not near -1000, soft tissue not near 0)", EXPORT)
SCALED = ("the grey values are no HU (they span less than 25)", EXPORT)
UNFIT = ("the grey values do not fit the window", "choose another --window, or percentile")


def _hu(image: ImageContent, window: str) -> tuple[str, str] | None:
    """Why grey values are no HU, or do not fit a window in HU."""
    if image.low == image.high:
        return CONSTANT
    low, high = image.quantile(0.005), image.quantile(0.995)
    if high - low < NARROW and low >= -NARROW:
        return SCALED
    if low >= LEAST or (image.within(*DENSE) > MUCH and image.within(*AIR) < LITTLE):
        return NO_HU
    bottom, top = WINDOWS[window]
    seen = np.clip(high, bottom, top) - np.clip(low, bottom, top)
    if seen < EMPTY * (top - bottom) or 1 - image.within(-np.inf, top) > ABOVE:
        return UNFIT
    return UNFIT if _beyond(image, window) > BEYOND else None


def _beyond(image: ImageContent, window: str) -> float:
    is_said = window != "percentile" and image.low < image.high
    return 1 - image.within(*WINDOWS[window]) if is_said else 0.0


def _percent(shares: Sequence[float]) -> str:
    low, high = (f"{100 * share:.0f}" for share in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low} to {high} %"


def _shown(window: str) -> str:
    low, high = WINDOWS[window]
    return f"the window '{window}' ({low:g} to {high:g})"


# places and files ---------------------------------------------------------------------------------


def _ignored_background(ignore_label: int) -> list[Notice]:
    if ignore_label:
        return []
    text = "The ignore label is 0, so that the background counts as unlabelled and is never learned"
    return [
        Notice((), text, "give another --ignore-label, unless the background has its own label")
    ]


def _place_notices(cases: Sequence[str], inspected: Sequence[Inspected]) -> list[Notice]:
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for case, found in zip(cases, inspected, strict=True):
        grid = found.grid
        if doubt := placement_doubt(grid.path, grid.header, grid.disk_shape):
            said[doubt, "compare it with another viewer before you trust its sides"].append(case)
        if any(mask.apart > NEAR for mask in found.masks.values()):
            text = "a mask lies beside its image by up to a tenth of a voxel and is taken as on it"
            said[text, "export it on the image's own grid if that is not rounding"].append(case)
    return [Notice(tuple(where), *what) for what, where in said.items()]


def _twins(
    cases: Sequence[str], inspected: Sequence[Inspected], roles: Mapping[str, Role]
) -> list[Notice]:
    """One image under two names, which may even be learned from and held out."""
    same: dict[str, list[str]] = defaultdict(list)
    for case, found in zip(cases, inspected, strict=True):
        # images of one grey value are alike, and named for that
        if found.image.low < found.image.high:
            same[found.image.digest].append(case)
    notices = []
    for twins in same.values():
        if len(twins) > 1:
            kinds = ", ".join(sorted({roles[name] for name in twins}))
            text = f"{named(twins)} are one image under {len(twins)} names ({kinds})"
            notices.append(Notice((), text, "leave one out"))
    return notices
