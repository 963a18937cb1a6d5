"""Volumes and the grids they lie on. The only place that permutes axes.

On disk anything; in memory ``(Z, Y, X)`` with x growing to the patient's left, y to the back and z
to the head (LPS), so that ``voxels[k]`` is an axial slice as radiologists see it: the patient's
right on the screen's left, front up. Axes are permuted and flipped, voxels are never resampled.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from nibabel.affines import apply_affine
from nibabel.orientations import (
    apply_orientation,
    axcodes2ornt,
    inv_ornt_aff,
    io_orientation,
    ornt_transform,
)

from napari_alnt.data.images.formats import find_format
from napari_alnt.data.images.limits import memory_for, require_place
from napari_alnt.data.images.nifti_header import header_from_text, header_to_text
from napari_alnt.data.images.on_disk import Array, Floats, OnDisk, Shape
from napari_alnt.data.images.values import grey_values, whole
from napari_alnt.data.intake.contents import label_counts
from napari_alnt.data.paths import damaged, read_json
from napari_alnt.errors import AlntError

Triple = tuple[float, float, float]
"""Millimetres along three axes, (z, y, x) unless the docstring says otherwise."""

GRID_KEY = "alnt_grid"
"""Key of a napari layer's metadata for the :class:`Grid` of its voxels."""
LPS = axcodes2ornt("LPS")
TOLERANCE = 0.1
"""Part of a voxel by which the corners of two grids may differ and still be the same grid."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Where a file's voxels lie, and all that is needed to save another file on the same grid.

    Attributes
    ----------
    path : the file, or an empty path for a grid without one
    disk_shape : voxels along the disk's axes (i, j, k)
    disk_affine : (4, 4), voxel index (i, j, k) to mm in RAS+, as in NIfTI
    header : the file's own header, or None
    """

    path: Path
    disk_shape: Shape
    disk_affine: Floats
    header: Any = field(repr=False)

    @classmethod
    def new(
        cls, shape: Shape, spacing: Triple, axes: str = "LPS", origin: Triple = (0.0, 0.0, 0.0)
    ) -> Grid:
        """A grid without a file.

        Parameters
        ----------
        shape : voxels (Z, Y, X) in memory, in array order
        spacing : mm (z, y, x), in array order too
        axes : to where the disk's axes (i, j, k) grow, such as "LPS" or "RAS"
        origin : mm (x, y, z) of voxel (0, 0, 0) in memory, in RAS+ as in an affine; note the order
        """
        lps = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
        lps[:3, 3] = origin
        orientation = ornt_transform(LPS, axcodes2ornt(axes))
        # the affine of flipped and permuted axes: memory's affine after the way from disk to memory
        affine = lps @ inv_ornt_aff(orientation, shape[::-1])
        disk = apply_orientation(np.empty(shape[::-1], bool), orientation).shape
        return cls(Path(), cast("Shape", disk), affine, None)

    @classmethod
    def from_json(cls, text: str, path: Path) -> Grid:
        """The grid that :meth:`to_json` kept; raises an ``AlntError`` for any other text."""
        values = read_json(text, "the grid of a case")
        try:
            x, y, z = map(int, values["shape"])
            affine = np.array(values["affine"], np.float64).reshape(4, 4)
            grid = cls(path, (x, y, z), affine, header_from_text(values["header"]))
        # the text may be anything
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise damaged("the grid of a case cannot be read") from error
        require_place(path, grid.disk_shape, affine)
        return grid

    def to_json(self) -> str:
        """All of the grid but its path, without loss; of the header the geometry alone."""
        return json.dumps(
            {
                "shape": [int(size) for size in self.disk_shape],
                "affine": self.disk_affine.ravel().tolist(),
                "header": header_to_text(self.header),
            }
        )

    @cached_property  # a window asks for the place of its cursor with every move of the mouse
    def orientation(self) -> Floats:
        """From disk axes to LPS axes, as a nibabel orientation (3, 2)."""
        return cast("Floats", ornt_transform(io_orientation(self.disk_affine), LPS))

    @cached_property
    def shape(self) -> Shape:
        """Shape of the voxels in memory, (Z, Y, X)."""
        # column 0 says which LPS axis (x 0, y 1, z 2) each disk axis becomes; z comes first here
        order = np.argsort(self.orientation[:, 0])[::-1]
        z, y, x = (self.disk_shape[axis] for axis in order)
        return z, y, x

    @cached_property
    def affine(self) -> Floats:
        """Affine (4, 4) in memory: voxel index (x, y, z) to mm (x, y, z) in RAS+."""
        return cast("Floats", self.disk_affine @ inv_ornt_aff(self.orientation, self.disk_shape))

    @cached_property
    def spacing(self) -> Triple:
        """Distance of neighbouring voxels (z, y, x) in mm."""
        x, y, z = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return float(z), float(y), float(x)

    def matches(self, other: Grid) -> bool:
        """Whether the grids have one shape in memory and corners within ``TOLERANCE`` voxels."""
        return not self.difference(other)

    def difference(self, other: Grid) -> str:
        """In what two grids differ, in words; '' if they agree."""
        if self.shape != other.shape:
            return f"{_times(self.shape)} voxels against {_times(other.shape)}"
        far = self.apart(other)
        if far > max(TOLERANCE * min(self.spacing), 1e-3):
            return f"corners {far:.3g} mm apart"
        return ""

    def apart(self, other: Grid) -> float:
        """How far the corners of two grids of one shape lie apart along an axis, in mm."""
        # two affine grids of one shape are the same where their eight corners are
        return float(np.abs(self._corners() - other._corners()).max())

    def _corners(self) -> Floats:
        ends = [(0, size - 1) for size in self.shape[::-1]]
        return cast("Floats", apply_affine(self.affine, list(itertools.product(*ends))))


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (Z, Y, X) in LPS directions, never resampled, and the grid of the file they came
    from.
    """

    voxels: Array
    grid: Grid

    @property
    def affine(self) -> Floats:
        """As :attr:`Grid.affine`."""
        return self.grid.affine

    @property
    def spacing(self) -> Triple:
        """Distance of neighbouring voxels (z, y, x) in mm."""
        return self.grid.spacing

    @property
    def translate(self) -> Triple:
        """Position (z, y, x) of the first voxel in mm, LPS."""
        x, y, z = self.affine[:3, 3]
        # from RAS+, where x and y grow the other way
        return float(z), float(-y), float(-x)

    def layer_kwargs(self) -> dict[str, Any]:
        """Arguments with which a napari layer shows voxels of this grid in their place, in mm.

        Rotation and shear of an oblique scan are left out, as napari cannot slice along them. The
        grid itself goes along in the layer's metadata, so that its labels can be saved on it.
        """
        placed = {"scale": self.spacing, "translate": self.translate, "units": ("mm",) * 3}
        return {**placed, "metadata": {GRID_KEY: self.grid}}


def read_volume(path: Path | str) -> Volume:
    """Read an image; what was not finite in it becomes its lowest finite value.

    Integers stay as they are; scaled and floating voxels become float32.

    Raises
    ------
    AlntError
        If the file is missing, damaged, no image, or not one 3-D volume of plain numbers, if its
        grid or values cannot be meant, or if memory does not suffice.
    """
    path = Path(path)
    with memory_for(path):
        grid, voxels = _read(path)
        return Volume(_to_lps_axes(grey_values(path, voxels), grid), grid)


def read_grid(path: Path | str) -> Grid:
    """The grid of an image without reading its voxels.

    Raises
    ------
    AlntError
        As :func:`read_volume`, for all that the header tells.
    """
    path = Path(path)
    with memory_for(path):
        return _open(path)[0]


def read_labels(
    path: Path | str, like: Volume | Grid | None = None, ignore_label: int = 255
) -> Volume:
    """Read a mask: whole numbers from 0 up, in the smallest integer type; nan counts as
    ``ignore_label``.

    Raises
    ------
    AlntError
        If values are not whole numbers or are negative, if the grid is not that of ``like``, or as
        :func:`read_volume`.
    """
    if like is not None:
        require_grid(read_grid(path), like.grid if isinstance(like, Volume) else like)
    path = Path(path)
    with memory_for(path):
        grid, voxels = _read(path)
        labels = whole(voxels, ignore_label, f"The mask '{path}'")
        return Volume(_to_lps_axes(labels, grid), grid)


def require_grid(grid: Grid, like: Grid) -> None:
    """Raise an ``AlntError`` that names both files unless the two grids agree."""
    if difference := grid.difference(like):
        raise AlntError(
            f"The mask '{grid.path}' does not lie on the grid of '{like.path}' ({difference});"
            " export the mask again on the image's own grid."
        )


def label_values(labels: Array) -> tuple[int, ...]:
    """The different values in an integer mask, sorted."""
    return tuple(label_counts(labels))


def write_labels(path: Path | str, labels: Array, grid: Grid) -> None:
    """Save a mask (Z, Y, X) on its image's grid, with that file's geometry to the last bit.

    Affine, qform and sform are the image's; values are unchanged, in the smallest of uint8, uint16
    and int32.

    Raises
    ------
    AlntError
        If the mask's shape or values do not fit, or the file cannot be written; the old file is
        untouched.
    """
    _write(Path(path), whole(np.asarray(labels), None, "The mask"), grid)


def write_map(path: Path | str, values: Array, grid: Grid) -> None:
    """Save a map (Z, Y, X), such as voxel trust, as float32 on the disk grid of its image.

    Raises
    ------
    AlntError
        As :func:`write_labels`.
    """
    _write(Path(path), np.asarray(values, np.float32), grid)


def write_image(path: Path | str, voxels: Array, grid: Grid) -> None:
    """Save an image (Z, Y, X) of a type that NIfTI knows, unscaled.

    Raises
    ------
    AlntError
        As :func:`write_labels`.
    """
    _write(Path(path), np.asarray(voxels), grid)


# between the disk's axes and ours -----------------------------------------------------------------


def _open(path: Path) -> tuple[Grid, OnDisk]:
    disk = find_format(path).open(path)
    require_place(path, disk.shape, disk.affine)
    return Grid(path, disk.shape, disk.affine, disk.header), disk


def _read(path: Path) -> tuple[Grid, Array]:
    grid, disk = _open(path)
    return grid, disk.load()


def _to_lps_axes(voxels: Array, grid: Grid) -> Array:
    """From the disk's axes to (Z, Y, X) in LPS directions."""
    orientation = grid.orientation
    unpermuted = (orientation[:, 0] == (0, 1, 2)).all()
    # stored in NIfTI's order, the transposed array is ours already but for the flips
    if unpermuted and voxels.T.flags.c_contiguous and voxels.flags.writeable:
        return _flip(voxels.T, *(orientation[::-1, 1] < 0))
    return np.ascontiguousarray(apply_orientation(voxels, orientation).T)


def _flip(voxels: Array, z: bool, y: bool, x: bool) -> Array:
    """Flip axes in place, slice by slice: a large CT would else be in memory twice."""
    for part in voxels if y or x else ():
        part[...] = part[:: -1 if y else 1, :: -1 if x else 1].copy()
    for k in range(len(voxels) // 2 if z else 0):
        kept = voxels[k].copy()
        voxels[k] = voxels[-1 - k]
        voxels[-1 - k] = kept
    return voxels


def _to_disk_axes(voxels: Array, grid: Grid) -> Array:
    back = ornt_transform(LPS, io_orientation(grid.disk_affine))
    return cast("Array", apply_orientation(voxels.T, back))


def _write(path: Path, voxels: Array, grid: Grid) -> None:
    if voxels.shape != grid.shape:
        raise AlntError(
            f"'{path.name}' was not saved because its {_times(voxels.shape)} voxels are not the"
            f" {_times(grid.shape)} of '{grid.path}'."
        )
    write = find_format(path).write
    if write is None:
        raise AlntError(
            f"'{path}' cannot be saved in this format; give it a name that ends in .nii.gz."
        )
    write(path, _to_disk_axes(voxels, grid), grid.disk_affine, grid.header)


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
