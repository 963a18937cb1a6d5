"""Image formats: what is on disk, as it is on disk.

Files come from anywhere, so a header is doubted before memory is taken on its word.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from napari_alnt.data.atomic import write_atomic
from napari_alnt.errors import AlntError

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

DEFLATE_LIMIT = 1032
"""No gzip file holds more than this many times its own size."""
ZIPPED = (".gz", ".mgz")


@dataclass(frozen=True, eq=False)
class OnDisk:
    """An image as its file has it; ``load()`` reads its voxels (i, j, k), of ``shape``.

    ``affine`` (4, 4) takes a voxel's index to mm in RAS+; ``header`` is for the format's writer.
    """

    shape: tuple[int, int, int]
    affine: Floats
    header: Any
    load: Callable[[], Array]


@dataclass(frozen=True)
class Format:
    """How files of one pattern are opened, and written if they can be.

    ``write(path, voxels, affine, header)`` takes voxels in the disk's order and an ``OnDisk``'s
    header or None.
    """

    open: Callable[[Path], OnDisk]
    write: Callable[[Path, Array, Floats, Any], None] | None = None


def find_format(path: Path) -> Format:
    """The format of a file by its name.

    Raises
    ------
    AlntError
        If no pattern of :data:`FORMATS` fits.
    """
    for pattern, found in FORMATS.items():
        if fnmatch(path.name.lower(), pattern):
            return found
    raise AlntError(
        f"'{path}' is of no known image format; the known ones are {', '.join(FORMATS)}."
    )


def open_nibabel(path: Path) -> OnDisk:
    """Open what nibabel knows.

    Raises
    ------
    AlntError
        If the file is missing, damaged, no image, or not one 3-D volume of plain numbers; ``load``
        raises it too.
    """
    image = _open(path)
    shape, affine = _shape(path, image), _affine(path, image)
    return OnDisk(shape, affine, image.header.copy(), lambda: _load(path, image).reshape(shape))


def write_nifti(path: Path, voxels: Array, affine: Floats, header: Any) -> None:
    """Write NIfTI with the source's qform and sform to the last bit, or with ``affine`` if it has
    none.
    """
    header = _own_header(header, affine)
    header.set_data_dtype(voxels.dtype)
    header.set_slope_inter(1, 0)
    kind = nib.Nifti2Image if isinstance(header, nib.Nifti2Header) else nib.Nifti1Image
    # without an affine, nibabel leaves the header's qform and sform as they are
    image = kind(voxels, None, header)
    write_atomic(path, lambda temporary: nib.save(image, temporary))


def _open(path: Path) -> Any:
    if not path.is_file():
        raise AlntError(
            f"The image '{path}' does not exist; check the path, or that its disk is there."
        )
    if path.stat().st_size == 0:
        raise AlntError(f"The image '{path}' is empty; copy or export it again.")
    try:
        # a mapped file that is cut short meanwhile would kill the process
        return nib.load(path, mmap=False)
    except Exception as error:  # nibabel raises nearly anything for a damaged header
        raise AlntError(
            f"'{path}' cannot be read as an image ({_brief(error)}); {_cure(path)}."
        ) from error


def _cure(path: Path) -> str:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    if zipped and path.suffix not in ZIPPED:
        return "rename it to end in .nii.gz, as it is compressed"
    if not zipped and path.suffix in ZIPPED:
        return "it is not compressed, so drop the .gz if it is an image at all"
    return "check that it is a NIfTI, Analyze or MGH file, and copy or export it again"


def _shape(path: Path, image: Any) -> tuple[int, int, int]:
    shape = tuple(int(size) for size in getattr(image, "shape", ()))
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3 or not hasattr(image, "affine") or not hasattr(image, "dataobj"):
        sizes = "×".join(map(str, shape))
        raise AlntError(
            f"The image '{path}' is not one 3-D volume ({sizes} voxels); split it, or export it as"
            " one."
        )
    if min(shape) < 1:
        raise AlntError(f"The image '{path}' has no voxels; export it again.")
    dtype = image.get_data_dtype()
    if dtype.kind not in "iufb":
        kind = {"c": "complex numbers", "V": "colours or records"}.get(dtype.kind, str(dtype))
        raise AlntError(
            f"The image '{path}' holds {kind}, not plain numbers; export it as grey values."
        )
    return shape[0], shape[1], shape[2]


def _affine(path: Path, image: Any) -> Floats:
    affine = np.asarray(image.affine, np.float64)
    if affine.shape == (4, 4) and np.isfinite(affine).all():
        sizes = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
        # the volume of a voxel against that of a box: axes that fall together leave nothing
        if sizes.min() > 1e-6 and abs(np.linalg.det(affine[:3, :3] / sizes)) > 1e-4:
            return affine
    raise AlntError(
        f"The header of '{path}' gives no usable voxel size and direction (affine); export it again"
        " from its source."
    )


def _load(path: Path, image: Any) -> Array:
    _require_plausible(path, image)
    try:
        if path.suffix not in ZIPPED or not hasattr(image, "from_stream"):
            return _scaled(image)
        with _Unzipped(path, "rb") as stream:
            voxels = _scaled(type(image).from_stream(stream))
            while stream.read(2**20):  # to the end, where the checksum is
                pass
        return voxels
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise AlntError(
            f"The image '{path}' is damaged or cut short ({_brief(error)}); copy or export it"
            " again."
        ) from error


class _Unzipped(gzip.GzipFile):
    """Unpacks piece by piece into the array; gzip's own way holds a large CT twice."""

    def readinto(self, buffer: Any) -> int:
        view, done = memoryview(buffer).cast("B"), 0
        while part := self.read(min(2**20, len(view) - done)):
            view[done : done + len(part)] = part
            done += len(part)
        return done


def _scaled(image: Any) -> Array:
    """Voxels as stored, or float32 where the header scales them; never ``get_fdata``, which makes
    float64.
    """
    proxy = image.dataobj
    plain = (getattr(proxy, "slope", 1), getattr(proxy, "inter", 0)) == (1, 0)
    voxels = np.asanyarray(proxy) if plain else np.asarray(proxy, dtype=np.float32)
    return voxels.astype(voxels.dtype.newbyteorder("="), copy=False)


def _require_plausible(path: Path, image: Any) -> None:
    """Before memory is taken: a header may claim far more than its file can hold."""
    needed = math.prod(image.shape) * image.get_data_dtype().itemsize
    holder = Path(image.file_map["image"].filename or path)
    if not holder.is_file():
        raise AlntError(
            f"The image '{path}' lacks its voxel file '{holder.name}'; put both into one folder."
        )
    held = holder.stat().st_size * (
        DEFLATE_LIMIT if holder.suffix in (*ZIPPED, ".bz2", ".zst") else 1
    )
    if needed > held:
        raise AlntError(
            f"The image '{path}' is damaged or cut short (its header claims {needed / 2**20:.1f}"
            " MiB, more than the"
            " file can hold); copy or export it again."
        )


def _brief(error: Exception) -> str:
    text = str(error).split("\n")[0].replace("; ", ", ").strip().rstrip(".")
    return text[:160] or type(error).__name__


def _own_header(source: Any, affine: Floats) -> Any:
    """A single-file NIfTI header with the source's geometry and nothing else of it that is not
    needed.
    """
    if not isinstance(source, nib.Nifti1Header):
        header = nib.Nifti1Header()
        header.set_data_shape((1, 1, 1))
        header.set_qform(affine, 1)
        header.set_sform(affine, 1)
        header.set_xyzt_units("mm")
        return header
    kind = nib.Nifti2Header if int(source["sizeof_hdr"]) == 540 else nib.Nifti1Header
    header = kind(source.binaryblock, source.endianness, check=False)
    header["magic"] = kind.single_magic
    for name in ("vox_offset", "cal_max", "cal_min", "intent_code"):
        header[name] = 0
    # free texts may name the patient
    for name in ("descrip", "aux_file", "intent_name"):
        header[name] = b""
    return header


FORMATS: dict[str, Format] = {
    "*.nii": Format(open_nibabel, write_nifti),
    "*.nii.gz": Format(open_nibabel, write_nifti),
    "*.hdr": Format(open_nibabel),
    "*.img": Format(open_nibabel),
    "*.mgz": Format(open_nibabel),
    "*.mgh": Format(open_nibabel),
}
"""Image formats by file name; add one by adding an entry."""
