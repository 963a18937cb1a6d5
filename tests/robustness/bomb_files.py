"""The files that ``bombs`` reads."""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import scipy.io

MIB = 2**20
GIB = 2**30


@dataclass(frozen=True)
class Bomb:
    """One bomb.

    Attributes
    ----------
    write : writes it into a folder, and gives the path to read
    takes : bytes that its voxels take in memory if it is no lie, or 0 if it must be refused
    limit : of the address space of the process, above what it has at the start
    """

    write: Callable[[Path], Path]
    takes: int = 0
    limit: int = 4 * GIB


def _header(
    shape: tuple[int, ...], dtype: Any = np.int16, second: bool = False, **fields: Any
) -> bytes:
    """The bytes of a NIfTI header with its four bytes of extension flags."""
    header = (nib.Nifti2Header if second else nib.Nifti1Header)()
    header.set_data_dtype(dtype)
    header.set_data_shape(shape)
    header.set_sform(np.diag([1.0, 1, 1, 1]), 1)
    header["vox_offset"] = header.sizeof_hdr + 4
    header["magic"] = header.single_magic
    for name, value in fields.items():
        header[name] = value
    return bytes(header.binaryblock) + bytes(4)


def _zeros(count: int) -> Iterator[bytes]:
    """Deflated zeros, ``count`` MiB of them, in pieces that can stand one after the other."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    # from the second on, all pieces are the same
    piece = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(count):
        yield piece


def _zipped(path: Path, start: bytes, mebibytes: int, footer: bool = True) -> Path:
    """One gzip stream of some bytes and then zeros; its checksum is right with ``footer``."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    with path.open("wb") as file:
        file.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff")
        file.write(packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH))
        for piece in _zeros(mebibytes):
            file.write(piece)
        file.write(b"\x03\0")
        if footer:
            check = zlib.crc32(start)
            for _ in range(mebibytes):
                check = zlib.crc32(bytes(MIB), check)
            size = (len(start) + mebibytes * MIB) % 2**32
            file.write(struct.pack("<II", check, size))
    return path


def _sparse(path: Path, start: bytes, size: int) -> Path:
    """A file of some bytes and then a hole."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)
    return path


def _full_gibibyte(work: Path) -> Path:
    return _zipped(work / "a.nii.gz", _header((1024, 1024, 512)), 1024)


def _scaled(work: Path) -> Path:
    start = _header((1024, 512, 512), scl_slope=2, scl_inter=1)
    return _zipped(work / "a.nii.gz", start, 512)


def _zeros_behind(work: Path) -> Path:
    start = _header((4, 4, 4)) + bytes(128)
    return _zipped(work / "a.nii.gz", start, 10 * 1024, footer=False)


def _footer_behind(work: Path) -> Path:
    header = nib.MGHImage(np.zeros((4, 4, 4), np.int16), np.eye(4)).header
    return _zipped(work / "a.mgz", header.binaryblock + bytes(4096), 10 * 1024, footer=False)


def _members_behind(work: Path) -> Path:
    """Ten gibibytes in 160 members behind a whole small image."""
    first = gzip.compress(_header((4, 4, 4)) + bytes(128))
    (work / "a.nii.gz").write_bytes(first + gzip.compress(bytes(64 * MIB)) * 160)
    return work / "a.nii.gz"


def _empty_members(work: Path) -> Path:
    """Three million members that hold nothing, of which 60 MB go through the reader."""
    first = gzip.compress(_header((4, 4, 4)) + bytes(128))
    (work / "a.nii.gz").write_bytes(first + gzip.compress(b"") * 3_000_000)
    return work / "a.nii.gz"


def _padding(work: Path) -> Path:
    """Sixty megabytes of zeros behind the end of the stream."""
    first = gzip.compress(_header((4, 4, 4)) + bytes(128))
    return _sparse(work / "a.nii.gz", first, 60_000_000)


def _claims(second: bool) -> Callable[[Path], Path]:
    def write(work: Path) -> Path:
        side = 2**20 if second else 32767
        start = _header((side, side, side), np.float64, second, pixdim=[1] + [0.01] * 7)
        (work / "a.nii").write_bytes(start + bytes(1000))
        return work / "a.nii"

    return write


def _sparse_voxels(gibibytes: int, second: bool = False) -> Callable[[Path], Path]:
    def write(work: Path) -> Path:
        shape = (1024, 1024, gibibytes * 128)
        start = _header(shape, np.float64, second, pixdim=[1] + [0.1] * 7, srow_z=[0, 0, 0.01, 0])
        return _sparse(work / "a.nii", start, len(start) + gibibytes * GIB)

    return write


def _sparse_pair(work: Path) -> Path:
    """A header file with an extension of 2 GB beside a small voxel file."""
    start = _header((4, 4, 4), magic=b"ni1", vox_offset=0)[:-4]
    (work / "a.img").write_bytes(bytes(128))
    extension = b"\1\0\0\0" + struct.pack("<ii", 2**31 - 16, 6)
    return _sparse(work / "a.hdr", start + extension, 2 * GIB + 400)


def _long_header(ending: str, second: bool) -> Callable[[Path], Path]:
    """One extension of 2 GB before the voxels."""

    def write(work: Path) -> Path:
        size = 540 if second else 348
        offset = 2**31 - 16 + size + 4
        start = _header((4, 4, 4), second=second, vox_offset=offset)[:-4]
        start += b"\1\0\0\0" + struct.pack("<ii", 2**31 - 16, 6)
        path = work / f"a{ending}"
        if ending == ".nii":
            return _sparse(path, start, offset + 128)
        return _zipped(path, start, 2049, footer=False)

    return write


def _matrix(packed: bool) -> Callable[[Path], Path]:
    """A ``.mat`` of 1 GB beside a small Analyze pair."""

    def write(work: Path) -> Path:
        nib.save(nib.Spm2AnalyzeImage(np.zeros((4, 4, 4), np.int16), np.eye(4)), work / "a.img")
        if packed:
            matrix = {"M": np.zeros((1024, 1024, 128))}
            scipy.io.savemat(work / "a.mat", matrix, do_compression=True)
        else:
            _sparse(work / "a.mat", struct.pack("<5i", 0, 16384, 8192, 0, 2) + b"M\0", GIB + 22)
        return work / "a.img"

    return write


def _pipe_beside(work: Path) -> Path:
    """A pipe, which nobody writes to, in place of the header file."""
    (work / "a.img").write_bytes(bytes(128))
    os.mkfifo(work / "a.hdr")
    return work / "a.img"


def _device_beside(work: Path) -> Path:
    """A device without an end in place of the matrix."""
    nib.save(nib.Spm2AnalyzeImage(np.zeros((4, 4, 4), np.int16), np.eye(4)), work / "a.img")
    (work / "a.mat").unlink(missing_ok=True)
    (work / "a.mat").symlink_to("/dev/zero")
    return work / "a.img"


def _device(work: Path) -> Path:
    (work / "a.nii").symlink_to("/dev/zero")
    return work / "a.nii"


def _pipe(work: Path) -> Path:
    os.mkfifo(work / "a.nii.gz")
    return work / "a.nii.gz"


BOMBS = {
    "a gz that holds its 1 GB": Bomb(_full_gibibyte, GIB),
    "the same where 700 MB are free": Bomb(_full_gibibyte, 0, 700 * MIB),
    "a scaled gz that holds its 0.5 GB": Bomb(_scaled, GIB + GIB // 2),
    "10 GB of zeros behind a small header": Bomb(_zeros_behind),
    "10 GB of zeros behind an mgz": Bomb(_footer_behind),
    "10 GB in members behind an image": Bomb(_members_behind),
    "3 million empty members": Bomb(_empty_members),
    "60 MB of zeros behind a gz": Bomb(_padding),
    "claimed sizes of NIfTI-1": Bomb(_claims(False)),
    "claimed sizes of NIfTI-2": Bomb(_claims(True)),
    "a sparse file of 4 GB where 2 are free": Bomb(_sparse_voxels(4), 0, 2 * GIB),
    "a sparse file of 200 GB": Bomb(_sparse_voxels(200)),
    "a sparse header file of 2 GB": Bomb(_sparse_pair),
    "an extension of 2 GB": Bomb(_long_header(".nii", False)),
    "an extension of 2 GB in NIfTI-2": Bomb(_long_header(".nii", True)),
    "an extension of 2 GB in a gz": Bomb(_long_header(".nii.gz", False)),
    "a sparse .mat of 1 GB": Bomb(_matrix(False)),
    "a packed .mat of 1 GB": Bomb(_matrix(True)),
    "a device": Bomb(_device),
    "a pipe": Bomb(_pipe),
    "a pipe for a header": Bomb(_pipe_beside),
    "a device for a matrix": Bomb(_device_beside),
}
"""All of them by name."""
