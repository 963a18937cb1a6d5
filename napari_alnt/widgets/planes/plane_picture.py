"""What is drawn of a slice in another plane: grey values, filled labels, thin outlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data import Array

if TYPE_CHECKING:
    from napari_alnt.widgets.planes.plane import Fit

RGBA = tuple[int, int, int, int]
HATCH = 10
"""Pixels between two lines of the hatching."""
DASH = 4
"""Pixels of a dash, and of the gap after it."""
LIGHT, DARK = (225, 225, 225, 220), (30, 30, 30, 220)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A mask, and how it is drawn.

    Attributes
    ----------
    mask : labels (Z, Y, X)
    colours : of each label that is drawn
    style : "fill", or an outline that is "solid" or "dashed"
    ignore_label : the label of unknown voxels, which are hatched where labels are filled
    """

    mask: Array
    colours: Mapping[int, RGBA]
    style: str = "fill"
    ignore_label: int = 255


def grey(cut: Array, low: float, high: float) -> Array:
    """Grey values of a slice (rows, columns) in a window, as uint8."""
    scale = 255 / max(high - low, 1e-9)
    shown = (np.asarray(cut, np.float32) - np.float32(low)) * np.float32(scale)
    return np.asarray(np.clip(shown, 0, 255).astype(np.uint8))


def overlay(drawn: list[Drawn], fit: Fit, index: int) -> Array:
    """Masks in a slice, pixel by pixel of the screen; uint8 (height, width, 4).

    Parameters
    ----------
    drawn : the masks, from the lowest to the highest
    fit : where the picture lies
    index : which slice of its plane
    """
    wide, high = (max(round(size), 1) for size in fit.size)
    picture = np.zeros((high, wide, 4), np.uint8)
    for one in drawn:
        cut = fit.plane.cut(one.mask, index)
        rows = np.arange(high) * cut.shape[0] // high
        columns = np.arange(wide) * cut.shape[1] // wide
        labels = cut[rows[:, None], columns[None]]
        if one.style == "fill":
            _fill(picture, labels, one)
        else:
            _outline(picture, labels, one)
    return picture


def _table(colours: Mapping[int, RGBA], highest: int) -> Array:
    table = np.zeros((max([highest, *colours]) + 1, 4), np.uint8)
    for value, colour in colours.items():
        table[value] = colour
    return table


def _fill(picture: Array, labels: Array, one: Drawn) -> None:
    colours = {value: colour for value, colour in one.colours.items() if value != one.ignore_label}
    table = _table(colours | {0: (0, 0, 0, 0)}, int(labels.max(initial=0)))
    inside = table[labels]
    covers = inside[..., 3] > 0
    picture[covers] = inside[covers]
    unknown = labels == one.ignore_label
    if unknown.any():
        place = _diagonal(labels) % HATCH
        picture[unknown & (place == 0)] = LIGHT
        picture[unknown & (place == 1)] = DARK


def _diagonal(labels: Array) -> Array:
    """The number of the diagonal that each pixel (rows, columns) lies on."""
    rows, columns = labels.shape
    return np.arange(rows)[:, None] + np.arange(columns)[None]


def _outline(picture: Array, labels: Array, one: Drawn) -> None:
    """The outermost pixels of each structure."""
    known = np.where(labels == one.ignore_label, 0, labels)
    if not known.any():
        return
    edge = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        differs = np.diff(known, axis=axis) != 0
        before = [slice(None)] * 2
        after = [slice(None)] * 2
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        edge[tuple(before)] |= differs
        edge[tuple(after)] |= differs
    edge &= known != 0
    if one.style == "dashed":
        edge &= _diagonal(labels) // DASH % 2 == 0
    table = _table(one.colours, int(known.max()))
    picture[edge] = table[known[edge]]
