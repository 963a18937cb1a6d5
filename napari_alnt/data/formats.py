"""Image formats: what is on disk, as it is on disk.

Files come from anywhere, so a header is doubted before memory is taken on its word. A new format is
one record in :data:`FORMATS` and its patterns in ``napari.yaml``.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from napari_alnt.data.atomic import sha256, write_atomic
from napari_alnt.errors import AlntError

Array = npt.NDArray[Any]
"""Voxels, or values for voxels, of any type."""
Floats = npt.NDArray[np.float64]
"""An affine (4, 4), corners, directions."""
Shape = tuple[int, int, int]
"""Numbers of voxels along three axes."""

DEFLATE_LIMIT = 1032
"""No gzip file holds more than this many times its own size."""
ZIPPED = (".gz", ".mgz")


@dataclass(frozen=True, eq=False)
class OnDisk:
    """An image as its file has it.

    Attributes
    ----------
    shape : voxels along the disk's axes (i, j, k)
    affine : (4, 4), from a voxel's index (i, j, k) to mm in RAS+
    header : for the format's writer, or None
    load : reads the voxels (i, j, k), of ``shape``
    """

    shape: Shape
    affine: Floats
    header: Any
    load: Callable[[], Array]


@dataclass(frozen=True)
class Format:
    """One kind of image: how it is recognised, opened, hashed, and written if it can be.

    Attributes
    ----------
    endings : of its file names, in lower case and with their dot
    open : takes a path, reads the header, and raises an ``AlntError`` that says what is wrong
    write : ``write(path, voxels, affine, header)``, with voxels (i, j, k) and the header of an
        :class:`OnDisk` or None; None where no mask can be saved in this format
    hash : 64 hexadecimal digits that change with the content of any of the image's files
    recognise : for what no ending tells, such as a folder of slices; None goes by the endings
    header : ending of the file that stands for this one, as the ``.hdr`` for its ``.img``
    """

    endings: tuple[str, ...]
    open: Callable[[Path], OnDisk]
    write: Callable[[Path, Array, Floats, Any], None] | None = None
    hash: Callable[[Path], str] = sha256
    recognise: Callable[[Path], bool] | None = None
    header: str = ""

    def matches(self, path: Path) -> bool:
        """Whether a path is of this format, by its name or as ``recognise`` decides."""
        if self.recognise is not None:
            return self.recognise(path)
        return path.name.lower().endswith(self.endings)

    def stem(self, path: Path) -> str:
        """The file's name without the ending; this names a case."""
        for ending in self.endings:
            if path.name.lower().endswith(ending):
                return path.name[: -len(ending)]
        return path.name

    def is_second_file(self, path: Path) -> bool:
        """Whether a header beside the file stands for the image, so that it is not one more."""
        return bool(self.header) and path.with_suffix(self.header).exists()


def known_format(path: Path) -> Format | None:
    """The first of :data:`FORMATS` that matches a path, or None."""
    return next((one for one in FORMATS if one.matches(path)), None)


def find_format(path: Path) -> Format:
    """The format of a path.

    Raises
    ------
    AlntError
        If none of :data:`FORMATS` matches.
    """
    if (found := known_format(path)) is not None:
        return found
    known = ", ".join(f"*{ending}" for one in FORMATS for ending in one.endings)
    raise AlntError(f"'{path}' is of no known image format; the known ones are {known}.")


def hash_pair(path: Path) -> str:
    """SHA-256 of a header and its voxel file together, given either of the two.

    A header alone would not do: scans of one scanner often share theirs to the last byte.

    Raises
    ------
    AlntError
        If one of them is missing or cannot be read.
    """
    endings = (".HDR", ".IMG") if path.suffix.isupper() else (".hdr", ".img")
    parts = "".join(sha256(path.with_suffix(ending)) for ending in endings)
    return hashlib.sha256(parts.encode()).hexdigest()


def open_nibabel(path: Path) -> OnDisk:
    """Open what nibabel knows.

    Raises
    ------
    AlntError
        If the file is missing, damaged, no image, or not one 3-D volume of plain numbers; ``load``
        raises it too.
    """
    image = _open(path)
    shape = _shape(path, image)
    affine = _affine(path, image)
    # reshape drops the frame axis of a 4-D file with one frame
    return OnDisk(shape, affine, image.header.copy(), lambda: _load(path, image).reshape(shape))


def write_nifti(path: Path, voxels: Array, affine: Floats, header: Any) -> None:
    """Write NIfTI with the source's qform and sform to the last bit.

    Parameters
    ----------
    path : where to; the file is replaced atomically
    voxels : (i, j, k), of a type that NIfTI knows; they are stored unscaled
    affine : (4, 4), voxel index to mm in RAS+; taken where ``header`` is not one of NIfTI
    header : the source's header, or None; its geometry is copied and nothing else

    Raises
    ------
    AlntError
        If the file cannot be written; the old one is untouched.
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
    # the first bytes show what a file is; a name that ends otherwise is the usual cause
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    if zipped and path.suffix not in ZIPPED:
        return "rename it to end in .nii.gz, as it is compressed"
    if not zipped and path.suffix in ZIPPED:
        return "it is not compressed, so drop the .gz if it is an image at all"
    return "check that it is a NIfTI, Analyze or MGH file, and copy or export it again"


def _shape(path: Path, image: Any) -> Shape:
    shape = tuple(int(size) for size in getattr(image, "shape", ()))
    # 4-D with one frame is a volume; 4-D with several is a series or has channels
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
        # kinds of image that cannot be read from a stream go nibabel's own way
        if path.suffix not in ZIPPED or not hasattr(image, "from_stream"):
            return _scaled(image)
        with _Unzipped(path, "rb") as stream:
            voxels = _scaled(type(image).from_stream(stream))
            # read to the end, where the checksum is
            while stream.read(2**20):
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
        view = memoryview(buffer).cast("B")
        done = 0
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
    """Refuse a header that claims more voxels than its file can hold, before memory is taken."""
    # a few bytes of header can ask for terabytes
    needed = math.prod(image.shape) * image.get_data_dtype().itemsize
    holder = Path(image.file_map["image"].filename or path)
    if not holder.is_file():
        raise AlntError(
            f"The image '{path}' lacks its voxel file '{holder.name}'; put both into one folder."
        )
    zipped = holder.suffix in (*ZIPPED, ".bz2", ".zst")
    held = holder.stat().st_size * (DEFLATE_LIMIT if zipped else 1)
    if needed > held:
        raise AlntError(
            f"The image '{path}' is damaged or cut short (its header claims {needed / 2**20:.1f}"
            " MiB, more than the file can hold); copy or export it again."
        )


def _brief(error: Exception) -> str:
    text = str(error).split("\n")[0].replace("; ", ", ").strip().rstrip(".")
    return text[:160] or type(error).__name__


def _own_header(source: Any, affine: Floats) -> Any:
    """A single-file NIfTI header with the geometry of ``source`` and without its free texts."""
    if not isinstance(source, nib.Nifti1Header):
        header = nib.Nifti1Header()
        header.set_data_shape((1, 1, 1))
        header.set_qform(affine, 1)
        header.set_sform(affine, 1)
        header.set_xyzt_units("mm")
        return header
    # the two halves of a pair have headers of their own class; one file needs the single-file one
    kind = nib.Nifti2Header if int(source["sizeof_hdr"]) == 540 else nib.Nifti1Header
    header = kind(source.binaryblock, source.endianness, check=False)
    header["magic"] = kind.single_magic
    for name in ("vox_offset", "cal_max", "cal_min", "intent_code"):
        header[name] = 0
    # free texts may name the patient
    for name in ("descrip", "aux_file", "intent_name"):
        header[name] = b""
    return header


FORMATS: tuple[Format, ...] = (
    Format((".nii", ".nii.gz"), open_nibabel, write_nifti),
    Format((".hdr",), open_nibabel, hash=hash_pair),
    Format((".img",), open_nibabel, hash=hash_pair, header=".hdr"),
    Format((".mgz", ".mgh"), open_nibabel),
)
"""All image formats; the first that matches a path is taken."""
