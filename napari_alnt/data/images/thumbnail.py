"""A small picture of a case: one slice in its right proportion, with its mask outlined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import ndimage

from napari_alnt.data.case import CaseFiles
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.images.volume import Triple, read_labels, read_volume

DARK, BRIGHT = 0.5, 99.5
"""Percentiles of the slice's grey values that become black and white."""


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """One axial slice (H, W) of a case, in square pixels; the patient's right is on the left.

    Attributes
    ----------
    case : its name
    grey : grey values from 0 to 255
    outline : the label value on the inner border of each structure, 0 elsewhere
    place, slices : number of the slice, from 1 up, and of all slices
    mask : whose mask is outlined: "expert", "teacher", or "" for none
    """

    case: str
    grey: Array
    outline: Array
    place: int
    slices: int
    mask: str

    def __str__(self) -> str:
        mask = f" · {self.mask} mask outlined" if self.mask else " · no mask"
        return f"{self.case} · slice {self.place} of {self.slices}{mask}"


def thumbnail(case: CaseFiles, width: int, height: int, ignore_label: int = 255) -> Thumbnail:
    """The middle slice of a case, or the next one to it in which its mask has a structure.

    Parameters
    ----------
    case : its image is read, and its expert's mask or else its teacher's
    width, height : most pixels of the picture
    ignore_label : value that is no structure

    Raises
    ------
    AlntError
        If a file cannot be read, or the mask does not lie on the image's grid.
    """
    image = read_volume(case.image)
    path = case.expert or case.teacher
    labels = read_labels(path, image, ignore_label).voxels if path else None
    middle = len(image.voxels) // 2
    place = middle if labels is None else telling_slice(labels, ignore_label)
    size = picture_size(image.voxels.shape[1:], image.spacing, width, height)
    outline = np.zeros(size, np.int32) if labels is None else border(_nearest(labels[place], size))
    kind = "expert" if case.expert else "teacher" if case.teacher else ""
    grey = _grey(image.voxels[place], size)
    return Thumbnail(case.name, grey, outline, place + 1, len(image.voxels), kind)


def telling_slice(labels: Array, ignore_label: int) -> int:
    """The slice of a mask (Z, Y, X) nearest to the middle with a structure; else the middle."""
    middle = len(labels) // 2
    for place in sorted(range(len(labels)), key=lambda z: abs(z - middle)):
        part = labels[place]
        if ((part != 0) & (part != ignore_label)).any():
            return place
    return middle


def picture_size(
    shape: tuple[int, ...], spacing: Triple, width: int, height: int
) -> tuple[int, int]:
    """Pixels (H, W) of a slice of some voxels (Y, X) in its right proportion, in a given room."""
    tall, wide = shape[0] * spacing[1], shape[1] * spacing[2]
    scale = min(width / wide, height / tall)
    return max(round(tall * scale), 1), max(round(wide * scale), 1)


def border(labels: Array) -> Array:
    """Labels (H, W) on the inner border of each structure, 0 elsewhere."""
    # at the edge of the picture a structure goes on, as far as anybody can see
    around = np.pad(labels, 1, mode="edge")
    centre = around[1:-1, 1:-1]
    inside = np.ones(labels.shape, bool)
    for neighbour in (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]):
        inside &= neighbour == centre
    return np.where(inside, 0, centre)


def _nearest(labels: Array, size: tuple[int, int]) -> Array:
    rows, columns = (_places(old, new) for old, new in zip(labels.shape, size, strict=True))
    places = np.ix_(np.rint(rows).astype(int), np.rint(columns).astype(int))
    return cast("Array", labels[places])


def _grey(voxels: Array, size: tuple[int, int]) -> Array:
    """Grey values 0 to 255 of a slice (Y, X), in pixels (H, W)."""
    values = voxels.astype(np.float32)
    low, high = np.percentile(values, (DARK, BRIGHT))
    shown = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    # what is made smaller is first smoothed, or fine structures flicker
    shrunk = [max(old / new, 1) for old, new in zip(voxels.shape, size, strict=True)]
    shown = ndimage.gaussian_filter(shown, [(factor - 1) / 2 for factor in shrunk])
    places = np.meshgrid(
        *(_places(old, new) for old, new in zip(voxels.shape, size, strict=True)), indexing="ij"
    )
    pixels = ndimage.map_coordinates(shown, places, order=1, mode="nearest")
    return cast("Array", np.rint(255 * pixels).astype(np.uint8))


def _places(old: int, new: int) -> Array:
    """Where the centres of ``new`` pixels lie among ``old`` voxels."""
    return np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
