"""Volumes and the grids they lie on. The only place that permutes axes.

On disk anything; in memory ``(Z, Y, X)`` with x growing to the patient's left, y to the back and z to the head (LPS),
so that ``voxels[k]`` is an axial slice as radiologists see it: the patient's right on the screen's left, front up.
"""

from __future__ import annotations

import gzip
import itertools
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform

from napari_alnt.data.atomic import write_atomic
from napari_alnt.errors import AlntError

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Triple = tuple[float, float, float]

LPS = axcodes2ornt("LPS")
TOLERANCE = 0.01
"""Part of a voxel by which the corners of two grids may differ and still be the same grid."""
DEFLATE_LIMIT = 1032
"""No gzip file holds more than this many times its own size."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Where a file's voxels lie, and all that is needed to save another file on the same grid.

    ``disk_shape`` (3,) and ``disk_affine`` (4, 4) are the file's own: voxel index to mm in RAS+, as in NIfTI.
    ``header`` is the file's nibabel header.
    """

    path: Path
    disk_shape: tuple[int, int, int]
    disk_affine: Floats
    header: Any = field(repr=False)

    @classmethod
    def new(
        cls, shape: tuple[int, int, int], spacing: Triple, axes: str = "LPS", origin: Triple = (0.0, 0.0, 0.0)
    ) -> Grid:
        """A grid without a file: turned ``shape`` (Z, Y, X), ``spacing`` (z, y, x) in mm, and the ``axes`` on disk.

        ``origin`` is where the first voxel of the turned grid lies, (x, y, z) in mm, RAS+.
        """
        turned = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
        turned[:3, 3] = origin
        turn = ornt_transform(LPS, axcodes2ornt(axes))
        affine = turned @ inv_ornt_aff(turn, shape[::-1])
        disk = apply_orientation(np.empty(shape[::-1], bool), turn).shape
        return cls(Path(), cast(tuple[int, int, int], disk), affine, _nifti_header(affine))

    @property
    def turn(self) -> Floats:
        """From disk axes to LPS axes, as a nibabel orientation (3, 2)."""
        return cast(Floats, ornt_transform(io_orientation(self.disk_affine), LPS))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the turned voxels, (Z, Y, X)."""
        order = np.argsort(self.turn[:, 0])[::-1]
        z, y, x = (self.disk_shape[axis] for axis in order)
        return z, y, x

    @property
    def affine(self) -> Floats:
        """The turned grid's affine (4, 4): voxel index (x, y, z) to mm (x, y, z) in RAS+."""
        return cast(Floats, self.disk_affine @ inv_ornt_aff(self.turn, self.disk_shape))

    @property
    def spacing(self) -> Triple:
        """Distance of neighbouring voxels (z, y, x) in mm."""
        x, y, z = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return float(z), float(y), float(x)

    def matches(self, other: Grid) -> bool:
        """Whether both grids, turned, have one shape and their corners lie within ``TOLERANCE`` voxels."""
        return not self.difference(other)

    def difference(self, other: Grid) -> str:
        """In what two grids differ, in words; '' if they agree."""
        if self.shape != other.shape:
            return f"{_times(self.shape)} voxels against {_times(other.shape)}"
        far = float(np.abs(self._corners() - other._corners()).max())
        if far > max(TOLERANCE * min(self.spacing), 1e-3):
            return f"corners {far:.3g} mm apart"
        return ""

    def _corners(self) -> Floats:
        ends = [(0, size - 1) for size in self.shape[::-1]]
        return nib.affines.apply_affine(self.affine, np.array(list(itertools.product(*ends))))  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (Z, Y, X) in LPS directions, never resampled, and the grid of the file they came from."""

    voxels: Array
    grid: Grid

    @property
    def affine(self) -> Floats:
        """Voxel index (x, y, z) of the turned grid to mm in RAS+, (4, 4)."""
        return self.grid.affine

    @property
    def spacing(self) -> Triple:
        """Distance of neighbouring voxels (z, y, x) in mm."""
        return self.grid.spacing

    @property
    def scale(self) -> Triple:
        """For napari: mm per voxel, (z, y, x)."""
        return self.grid.spacing

    @property
    def translate(self) -> Triple:
        """For napari: the first voxel (z, y, x) in mm, LPS; turns and shears of the affine are left out."""
        x, y, z = self.affine[:3, 3]
        return float(z), float(-y), float(-x)


@dataclass(frozen=True)
class Format:
    """How files of one pattern are read, and written if they can be.

    ``read(path)`` gives the disk's voxels and their grid; ``write(path, voxels, grid)`` takes them back.
    """

    read: Callable[[Path], tuple[Array, Grid]]
    write: Callable[[Path, Array, Grid], None] | None = None


def read_volume(path: Path | str) -> Volume:
    """Read an image; what was not finite in it becomes its lowest finite value.

    Integers stay as they are; scaled and floating voxels become float32.

    Raises
    ------
    AlntError
        If the file is missing, damaged, no image, or not one 3-D volume of plain numbers.
    """
    path = Path(path)
    voxels, grid = _format(path).read(path)
    if voxels.dtype.kind == "f":
        voxels = _finite(voxels.astype(np.float32, copy=False))
    return Volume(_turned(voxels, grid), grid)


def read_grid(path: Path | str) -> Grid:
    """The grid of an image without reading its voxels.

    Raises
    ------
    AlntError
        As :func:`read_volume`, for all that the header tells.
    """
    path = Path(path)
    _format(path)
    return _grid(path, _open(path))


def read_labels(path: Path | str, like: Volume | Grid | None = None, unknown: int = 255) -> Volume:
    """Read a mask: whole numbers from 0 up, in the smallest integer type; nan counts as ``unknown``.

    Raises
    ------
    AlntError
        If values are not whole numbers or are negative, if the grid is not that of ``like``, or as
        :func:`read_volume`.
    """
    path = Path(path)
    if like is not None:
        require_grid(read_grid(path), like.grid if isinstance(like, Volume) else like)
    voxels, grid = _format(path).read(path)
    return Volume(_turned(_whole(voxels, unknown, f"The mask '{path}'"), grid), grid)


def require_grid(grid: Grid, like: Grid) -> None:
    """Raise an ``AlntError`` that names both files unless the two grids agree."""
    if difference := grid.difference(like):
        raise AlntError(
            f"The mask '{grid.path}' does not lie on the grid of '{like.path}' ({difference}); export the mask again"
            " on the image's own grid."
        )


def write_labels(path: Path | str, labels: Array, grid: Grid) -> None:
    """Save a mask (Z, Y, X) on the disk grid of its image, with that file's affine, qform and sform to the last bit.

    Values are unchanged, in the smallest of uint8, uint16 and int32.

    Raises
    ------
    AlntError
        If the mask's shape or values do not fit, or the file cannot be written; the old file is untouched.
    """
    _write(Path(path), _whole(np.asarray(labels), None, "The mask"), grid)


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


# between the disk's axes and ours ---------------------------------------------------------------------------------------


def _turned(voxels: Array, grid: Grid) -> Array:
    """From the disk's axes to (Z, Y, X) in LPS directions."""
    return np.ascontiguousarray(apply_orientation(voxels, grid.turn).T)


def _turned_back(voxels: Array, grid: Grid) -> Array:
    back = ornt_transform(LPS, io_orientation(grid.disk_affine))
    return cast(Array, apply_orientation(voxels.T, back))


def _write(path: Path, voxels: Array, grid: Grid) -> None:
    if voxels.shape != grid.shape:
        raise AlntError(
            f"'{path.name}' was not saved because its {_times(voxels.shape)} voxels are not the {_times(grid.shape)} of"
            f" '{grid.path}'."
        )
    write = _format(path).write
    if write is None:
        raise AlntError(f"'{path}' cannot be saved in this format; give it a name that ends in .nii.gz.")
    write(path, _turned_back(voxels, grid), grid)


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


# values -----------------------------------------------------------------------------------------------------------------


def _finite(voxels: Array) -> Array:
    """Replace nan and infinities by the lowest finite value, in place where possible."""
    wrong = ~np.isfinite(voxels)
    if not wrong.any():
        return voxels
    voxels = voxels if voxels.flags.writeable else voxels.copy()
    voxels[wrong] = voxels[~wrong].min() if not wrong.all() else 0
    return voxels


def _whole(voxels: Array, unknown: int | None, what: str) -> Array:
    """The same values in the smallest integer type, if they are whole numbers from 0 up."""
    if voxels.dtype.kind == "b":
        return voxels.astype(np.uint8)
    if voxels.dtype.kind == "f":
        if unknown is not None:
            voxels = np.where(np.isnan(voxels), unknown, voxels)
        rounded = np.rint(voxels)
        # nan fails this comparison, as it should
        if not np.all(np.abs(voxels - rounded) < 1e-4):
            raise AlntError(f"{what} holds values that are not whole numbers; save it as integer labels.")
        voxels = rounded
    elif voxels.dtype.kind not in "iu":
        raise AlntError(f"{what} holds {voxels.dtype} and no numbers; save it as integer labels.")
    low, high = (float(voxels.min()), float(voxels.max())) if voxels.size else (0.0, 0.0)
    if low < 0 or high > np.iinfo(np.int32).max:
        raise AlntError(f"{what} holds the value {low if low < 0 else high:g}; labels must lie between 0 and 2³¹−1.")
    dtype = np.uint8 if high < 2**8 else np.uint16 if high < 2**16 else np.int32
    return voxels.astype(dtype, copy=False)


# nibabel's formats ------------------------------------------------------------------------------------------------------


def _read_nibabel(path: Path) -> tuple[Array, Grid]:
    image = _open(path)
    grid = _grid(path, image)
    _require_plausible(path, image)
    try:
        voxels = _voxels(path, image)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise AlntError(
            f"The image '{path}' is damaged or cut short ({_brief(error)}); copy or export it again."
        ) from error
    return voxels.reshape(grid.disk_shape), grid


def _voxels(path: Path, image: Any) -> Array:
    if path.suffix not in (".gz", ".mgz") or not hasattr(image, "from_stream"):
        return _scaled(image)
    with gzip.open(path, "rb") as stream:
        voxels = _scaled(type(image).from_stream(stream))
        while stream.read(2**20):  # to the end, where the checksum is
            pass
    return voxels


def _scaled(image: Any) -> Array:
    """Voxels as stored, or float32 where the header scales them; never ``get_fdata``, which makes float64."""
    proxy = image.dataobj
    slope, inter = getattr(proxy, "slope", 1.0), getattr(proxy, "inter", 0.0)
    if (slope, inter) == (1.0, 0.0):
        voxels = np.asanyarray(proxy)
    else:
        voxels = np.asarray(proxy, dtype=np.float32)
    return voxels.astype(voxels.dtype.newbyteorder("="), copy=False)


def _open(path: Path) -> Any:
    if not path.is_file():
        raise AlntError(f"The image '{path}' does not exist; check the path, or that its disk is there.")
    if path.stat().st_size == 0:
        raise AlntError(f"The image '{path}' is empty; copy or export it again.")
    try:
        return nib.load(path, mmap=False)
    except Exception as error:
        raise AlntError(f"'{path}' cannot be read as an image ({_brief(error)}); {_cure(path)}.") from error


def _cure(path: Path) -> str:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    if zipped != (path.suffix in (".gz", ".mgz")):
        return "rename it to end in .nii.gz, as it is compressed" if zipped else "it is not compressed, so drop the .gz"
    return "check that it is a NIfTI, Analyze or MGH file, and copy or export it again"


def _grid(path: Path, image: Any) -> Grid:
    shape = tuple(int(size) for size in getattr(image, "shape", ()))
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    dtype = image.get_data_dtype() if hasattr(image, "get_data_dtype") else np.dtype("V")
    affine = getattr(image, "affine", None)
    if len(shape) != 3 or affine is None:
        raise AlntError(f"The image '{path}' is not one 3-D volume ({_times(shape)}); split it, or export it as one.")
    if dtype.kind not in "iufb":
        raise AlntError(f"The image '{path}' holds {_kind(dtype)}, not plain numbers; export it as grey values.")
    if min(shape) < 1:
        raise AlntError(f"The image '{path}' has no voxels ({_times(shape)}); export it again.")
    affine = np.asarray(affine, np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise AlntError(
            f"The header of '{path}' gives no usable voxel size and direction (affine); export it again from its source."
        )
    return Grid(path, shape, affine, image.header.copy())


def _kind(dtype: np.dtype[Any]) -> str:
    return {"c": "complex numbers", "V": "colours or records"}.get(dtype.kind, str(dtype))


def _require_plausible(path: Path, image: Any) -> None:
    """Before memory is taken: a header may claim far more than its file can hold."""
    needed = math.prod(image.shape) * image.get_data_dtype().itemsize
    holder = Path(image.file_map["image"].filename or path)
    if not holder.is_file():
        raise AlntError(f"The image '{path}' lacks its voxel file '{holder.name}'; put both into one folder.")
    held = holder.stat().st_size
    if holder.suffix in (".gz", ".mgz", ".bz2", ".zst"):
        held *= DEFLATE_LIMIT
    if needed > held:
        raise AlntError(
            f"The image '{path}' is damaged or cut short (its header claims {needed / 2**20:.1f} MiB, more than the file"
            " can hold); copy or export it again."
        )


def _brief(error: Exception) -> str:
    text = str(error).split("\n")[0].replace("; ", ", ").strip().rstrip(".")
    return text[:100] or type(error).__name__


def _write_nifti(path: Path, voxels: Array, grid: Grid) -> None:
    header = _own_header(grid)
    header.set_data_dtype(voxels.dtype)
    header.set_slope_inter(1, 0)
    kind = nib.Nifti2Image if isinstance(header, nib.Nifti2Header) else nib.Nifti1Image
    # without an affine, nibabel leaves the header's qform and sform as they are
    image = kind(voxels, None, header)
    write_atomic(path, lambda temporary: nib.save(image, temporary))


def _own_header(grid: Grid) -> Any:
    """A single-file NIfTI header with the source's geometry and nothing else of it that is not needed."""
    source = grid.header
    if not isinstance(source, nib.Nifti1Pair.header_class):
        return _nifti_header(grid.disk_affine)
    kind = nib.Nifti2Header if source.sizeof_hdr == 540 else nib.Nifti1Header
    header = kind(source.binaryblock, source.endianness, check=False)
    header["magic"] = kind.single_magic
    header["vox_offset"] = 0
    for name in ("cal_max", "cal_min", "intent_code"):
        header[name] = 0
    # free texts may name the patient
    for name in ("descrip", "aux_file", "intent_name"):
        header[name] = b""
    return header


def _nifti_header(affine: Floats) -> Any:
    header = nib.Nifti1Header()
    header.set_data_shape((1, 1, 1))
    header.set_qform(affine, 1)
    header.set_sform(affine, 1)
    header.set_xyzt_units("mm")
    return header


FORMATS: dict[str, Format] = {
    "*.nii": Format(_read_nibabel, _write_nifti),
    "*.nii.gz": Format(_read_nibabel, _write_nifti),
    "*.hdr": Format(_read_nibabel),
    "*.img": Format(_read_nibabel),
    "*.mgz": Format(_read_nibabel),
    "*.mgh": Format(_read_nibabel),
}
"""Image formats by file name; add one by adding an entry."""


def _format(path: Path) -> Format:
    for pattern, found in FORMATS.items():
        if fnmatch(path.name.lower(), pattern):
            return found
    raise AlntError(f"'{path}' is of no known image format; the known ones are {', '.join(FORMATS)}.")


__all__ = [
    "FORMATS", "Format", "Grid", "Volume", "read_grid", "read_labels", "read_volume", "require_grid",
    "write_image", "write_labels", "write_map",
]  # fmt: skip
