"""What a file claims at its start, doubted before a library takes memory or time on its word."""

from __future__ import annotations

import math
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.freesurfer.mghformat import DATA_OFFSET

from napari_alnt.errors import AlntError

ZIPPED = (".gz", ".mgz")
HEADER_LIMIT = 2**24
"""Most bytes before the voxels: the header and its extensions."""
MATRIX_LIMIT = 2**16
"""Most bytes of the matrix beside an Analyze pair; it is packed, and may unpack to 1000 times."""
TAIL = 2**18
"""Most bytes that may follow the voxels, as padding or as a format's footer, packed or not."""
START = 2**16
"""Bytes of a packed file in which its header is looked for."""
INCOMPRESSIBLE = 1.01
"""How much larger than its content a packed file may be."""


@dataclass(frozen=True)
class Claim:
    """What a header says: where the voxels begin and how many bytes they take."""

    offset: float
    voxels: int


def require_modest_claims(path: Path) -> None:
    """Refuse files of which the part before the voxels, or behind them, is out of all proportion.

    Raises
    ------
    AlntError
        If the voxels begin after :data:`HEADER_LIMIT`, a separate header or matrix is no file or
        larger than its limit, or a packed file is far larger than its content can be.
    """
    # what cannot be read here is named when the file is opened
    with suppress(OSError):
        header = _header_file(path)
        _require_file(header)
        claim = read_claim(header)
        if claim is not None and claim.offset > HEADER_LIMIT:
            raise AlntError(
                f"The header of '{path}' is damaged (its voxels are said to begin after"
                f" {claim.offset / 2**20:.0f} MiB); copy or export it again."
            )
        if header.suffix.lower() == ".hdr":
            _require_size(header, HEADER_LIMIT, "a header")
        if claim is None:
            _require_small_matrix(path)
        if header.suffix.lower() in ZIPPED:
            _require_fitting_size(path, claim)


def read_claim(path: Path) -> Claim | None:
    """What the header at a file's start says; None where it is of neither NIfTI nor MGH.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    start = _start(path)
    # a damaged header may raise nearly anything
    with suppress(Exception):
        for kind in (nib.Nifti1Header, nib.Nifti2Header):
            if len(start) >= kind.sizeof_hdr and kind.may_contain_header(start):
                header = kind(start[: kind.sizeof_hdr], check=False)
                size = math.prod(header.get_data_shape()) * header.get_data_dtype().itemsize
                return Claim(float(header["vox_offset"]), size)
        if path.suffix.lower() in (".mgz", ".mgh"):
            version, *shape = np.frombuffer(start, ">i4", 5).tolist()
            # no type takes more than eight bytes a voxel
            return Claim(DATA_OFFSET, 8 * math.prod(shape)) if version == 1 else None
    return None


def _start(path: Path) -> bytes:
    """The first bytes of a file, unpacked; few packed bytes may hold many members, or much."""
    size: int = nib.Nifti2Header.sizeof_hdr
    zipped = path.suffix.lower() in ZIPPED
    with path.open("rb") as file:
        packed = file.read(START if zipped else size)
    if not zipped:
        return packed
    start = b""
    with suppress(zlib.error):
        while packed and len(start) < size:
            member = zlib.decompressobj(wbits=31)
            start += member.decompress(packed, size - len(start))
            packed = member.unused_data
    return start


def _header_file(path: Path) -> Path:
    if path.suffix.lower() not in (".hdr", ".img"):
        return path
    return Path(nib.Nifti1Pair.filespec_to_file_map(path)["header"].filename)


def _require_small_matrix(path: Path) -> None:
    """Refuse a huge ``.mat`` beside an Analyze pair, which nibabel reads whole."""
    if path.suffix.lower() in (".hdr", ".img"):
        files = nib.Spm99AnalyzeImage.filespec_to_file_map(path)
        matrix = Path(files["mat"].filename)
        if matrix.exists():
            _require_file(matrix)
            _require_size(matrix, MATRIX_LIMIT, "a matrix of position")


def _require_file(path: Path) -> None:
    """Refuse what would be read without an end, or would wait for one, such as a pipe."""
    if path.exists() and not path.is_file():
        raise AlntError(f"'{path}' is no file, and has the name of a part of an image; move it.")


def _require_size(path: Path, limit: int, what: str) -> None:
    size = path.stat().st_size
    if size > limit:
        raise AlntError(
            f"'{path}' is too large for {what} ({size / 2**20:.1f} MiB); copy or export the image"
            " again."
        )


def _require_fitting_size(path: Path, claim: Claim | None) -> None:
    """Refuse a packed file whose bytes cannot be its content; gzip would pass over all of them."""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return  # not packed, whatever its name: nothing of it will be unpacked
    content = 0.0 if claim is None else claim.offset + claim.voxels
    if path.stat().st_size > INCOMPRESSIBLE * content + TAIL:
        raise AlntError(
            f"The image '{path}' holds far more than its header claims; copy or export it again."
            if claim is not None
            else f"'{path}' cannot be read as an image (it does not begin with a header of NIfTI or"
            " MGH); check that it is an image, and copy or export it again."
        )
