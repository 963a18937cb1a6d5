"""Files that nibabel reads. They come from anywhere, so a header is doubted before memory is taken
on its word.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.openers import ImageOpener
from nibabel.volumeutils import apply_read_scaling

from napari_alnt.data.atomic import write_atomic
from napari_alnt.data.images.claims import TAIL, ZIPPED, require_modest_claims
from napari_alnt.data.images.limits import require_memory
from napari_alnt.data.images.nifti_header import fresh_header, require_millimetres
from napari_alnt.data.images.on_disk import Array, Floats, OnDisk, Shape
from napari_alnt.errors import AlntError

DEFLATE_LIMIT = 1032
"""No gzip file holds more than this many times its own size."""


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
    require_millimetres(path, image.header)
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
    header = fresh_header(header, affine, voxels.shape, voxels.dtype)
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
    require_modest_claims(path)
    try:
        with np.errstate(all="ignore"):
            return _nibabel_load(path)
    except Exception as error:  # nibabel raises nearly anything for a damaged header
        raise AlntError(
            f"'{path}' cannot be read as an image ({_brief(error)}); {_cure(path)}."
        ) from error


def _nibabel_load(path: Path) -> Any:
    """As nibabel's own, also for endings such as .Nii.Gz, whose files it does not find."""
    ending = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix
    # a mapped file that is cut short meanwhile would kill the process
    if ending in (ending.lower(), ending.upper()) or ending.lower() not in (".nii", ".mgz", ".mgh"):
        return nib.load(path, mmap=False)
    files = {"image": nib.FileHolder(str(path))}
    if ending.lower() != ".nii":
        return nib.MGHImage.from_file_map(files, mmap=False)
    with ImageOpener(str(path)) as stream:
        start = stream.read(nib.Nifti2Header.sizeof_hdr)
    is_second = nib.Nifti2Header.may_contain_header(start)
    kind = nib.Nifti2Image if is_second else nib.Nifti1Image
    return kind.from_file_map(files, mmap=False)


def _cure(path: Path) -> str:
    # the first bytes show what a file is; a name that ends otherwise is the usual cause
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    if zipped and path.suffix.lower() not in ZIPPED:
        return "rename it to end in .nii.gz, as it is compressed"
    if not zipped and path.suffix.lower() in ZIPPED:
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
        with np.errstate(over="ignore"):
            sizes = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
        # the volume of a voxel against that of a box: axes that fall together leave nothing
        flat = sizes.min() <= 1e-6 or abs(np.linalg.det(affine[:3, :3] / sizes)) <= 1e-4
        # an Analyze file's .mat holds all four rows, and only the upper three place voxels
        if not flat and np.array_equal(affine[3], (0, 0, 0, 1)):
            return affine
    raise AlntError(
        f"The header of '{path}' gives no usable voxel size and direction (affine); export it again"
        " from its source."
    )


def _load(path: Path, image: Any) -> Array:
    _require_plausible(path, image)
    try:
        # kinds of image that cannot be read from a stream go nibabel's own way
        if path.suffix.lower() not in ZIPPED or not hasattr(image, "from_stream"):
            return _scaled(image)
        with _Unzipped(path, "rb") as stream:
            voxels = _scaled(type(image).from_stream(stream))
            # read to the end, where the checksum is, but not without end
            if len(stream.read(TAIL + 1)) > TAIL:
                raise _too_long(path)
        return voxels
    except FloatingPointError as error:
        raise AlntError(
            f"The image '{path}' is scaled to values beyond any number; mend the slope in its"
            " header, or export it again."
        ) from error
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
    # a slope may turn numbers into infinities, which would be taken for gaps of the image
    with np.errstate(over="raise"):
        voxels = np.asanyarray(image.dataobj) if _is_plain(image) else _scale(image.dataobj)
    return voxels.astype(voxels.dtype.newbyteorder("="), copy=False)


def _scale(proxy: Any) -> Array:
    """Scale as nibabel does, but slice by slice: the whole would take 16 bytes a voxel more."""
    stored = proxy.get_unscaled()
    # without the axis of the frame, of which there is one
    stored = stored.reshape(stored.shape[:3], order="F")
    voxels = np.empty(stored.shape, np.float32, order="F")
    for k in range(stored.shape[-1]):
        voxels[..., k] = apply_read_scaling(stored[..., k], proxy.slope, proxy.inter)
    return voxels


def _is_plain(image: Any) -> bool:
    proxy = image.dataobj
    return (getattr(proxy, "slope", 1), getattr(proxy, "inter", 0)) == (1, 0)


def _too_long(path: Path) -> AlntError:
    return AlntError(
        f"The image '{path}' holds far more than its header claims; copy or export it again."
    )


def _require_plausible(path: Path, image: Any) -> None:
    """Refuse a header that claims more voxels than its file can hold, before memory is taken."""
    # a few bytes of header can ask for terabytes
    needed = math.prod(image.shape) * image.get_data_dtype().itemsize
    holder = Path(image.file_map["image"].filename or path)
    if not holder.is_file():
        raise AlntError(
            f"The image '{path}' lacks its voxel file '{holder.name}'; put both into one folder."
        )
    zipped = holder.suffix.lower() in (*ZIPPED, ".bz2", ".zst")
    size = holder.stat().st_size
    held = size * (DEFLATE_LIMIT if zipped else 1)
    if needed > held:
        raise AlntError(
            f"The image '{path}' is damaged or cut short (its header claims {needed / 2**20:.1f}"
            " MiB, more than the file can hold); copy or export it again."
        )
    scaled = 0 if _is_plain(image) else 4 * math.prod(image.shape)
    require_memory(path, needed + scaled)


def _brief(error: Exception) -> str:
    text = str(error).split("\n")[0].replace("; ", ", ").strip().rstrip(".")
    return text[:160] or type(error).__name__
