"""Small images of every format, and ways to damage them."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import nibabel as nib
import numpy as np
import numpy.typing as npt
import scipy.io

Random = np.random.Generator
TYPES = (np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64)
LACKING = {nib.MGHImage: (np.uint16, np.float64), nib.Spm2AnalyzeImage: (np.uint16,)}
"""Types that a format does not know."""
SHAPES = ((5, 4, 3), (7, 1, 2), (5, 4, 3, 1))
INTEGERS = (0, 1, -1, 2, 3, 4, 5, 7, 16, 255, 256, 512, 1024, 2**15 - 1, -(2**15), 2**31 - 1, 2**62)
FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.009, 0.5, 3.0, 99.9, 101.0, 352.0, 1e-5, 1e-30, 1e-45, 9999.0, 10001.0,
    1e9, 2e9, 1e30, 3e38, 1e300, -1e30, np.nan, np.inf, -np.inf,
)  # fmt: skip
WORDS = (b"", b"n+1\0", b"ni1\0", b"n+2\0\r\n\x1a\n", b"ni2\0", b"\xff" * 80, b"a" * 80, b"SPM99")
SPACE = (
    "dim", "pixdim", "scl_slope", "scl_inter", "qform_code", "sform_code", "magic", "vox_offset",
    "datatype", "bitpix", "sizeof_hdr", "quatern_b", "srow_x", "srow_z", "qoffset_y", "xyzt_units",
    "dims", "type", "delta", "Mdc", "Pxyz_c", "goodRASFlag", "cal_max", "origin",
)  # fmt: skip
"""Fields that change how a file is read; they are damaged more often than the others."""


@dataclass
class Image:
    """The bytes of an image, before they are compressed.

    Attributes
    ----------
    header : type of the header, at the start of ``content``
    content : header, extensions and, where there is one file, the voxels
    voxels : the second file of a pair, or None
    matrix : the ``.mat`` beside an Analyze pair, or None
    zipped : whether ``content`` will be compressed
    """

    header: np.dtype[Any]
    content: bytearray
    voxels: bytearray | None = None
    matrix: bytearray | None = None
    zipped: bool = False
    endings: tuple[str, ...] = field(default=(".nii",))


def sources() -> list[Image]:
    """Undamaged images of every format, type and shape."""
    made = []
    rng = np.random.default_rng(0)
    for kind in (nib.Nifti1Image, nib.Nifti2Image, nib.Nifti1Pair, nib.Nifti2Pair,
                 nib.Spm2AnalyzeImage, nib.MGHImage):  # fmt: skip
        for number, dtype in enumerate(TYPES):
            if dtype in LACKING.get(kind, ()):
                continue
            made += [_source(kind, dtype, number, zipped, rng) for zipped in (False, True)]
    return made


def _source(kind: Any, dtype: Any, number: int, zipped: bool, rng: Random) -> Image:
    shape = SHAPES[number % len(SHAPES)]
    top = 3 if number % 2 else 200
    affine = np.diag([-0.8, 0.8, 2.5, 1.0])
    affine[:3, 3] = (90, -110, 33)
    image = kind(rng.integers(0, top, shape).astype(dtype), affine)
    if isinstance(image.header, nib.Nifti1Header):
        image.set_qform(affine, 1)
        if number in (1, 4):
            image.header.set_slope_inter(0.5, -1024)
        if number in (2, 5):
            image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"x" * 40))
    files = kind.make_file_map()
    for holder in files.values():
        holder.fileobj = io.BytesIO()
    image.to_file_map(files)
    parts = {name: bytearray(holder.fileobj.getvalue()) for name, holder in files.items()}
    header = kind.header_class().structarr.dtype
    if "header" not in parts:
        endings = (".mgz" if zipped else ".mgh",) if kind is nib.MGHImage else (".nii",)
        return Image(header, parts["image"], zipped=zipped, endings=endings)
    matrix = _matrix(affine) if "mat" in parts and number % 2 else None
    return Image(header, parts["header"], parts["image"], matrix, endings=(".hdr", ".img"))


def _matrix(affine: npt.NDArray[Any]) -> bytearray:
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"M": affine, "mat": affine}, format="4")
    return bytearray(stream.getvalue())


# damage to bytes ----------------------------------------------------------------------------------


def flip(content: bytearray, rng: Random) -> None:
    """Flip 1 to 32 bits, mostly in the header."""
    end = len(content) if rng.random() < 0.3 else min(len(content), 360)
    for _ in range(rng.integers(1, 33) if end else 0):
        content[rng.integers(end)] ^= 1 << int(rng.integers(8))


def overwrite(content: bytearray, rng: Random) -> None:
    """Write zeros, ones or noise over a stretch."""
    start, length = int(rng.integers(len(content) + 1)), int(rng.integers(1, 64))
    length = min(length, len(content) - start)
    fills = (bytes(length), b"\xff" * length, rng.bytes(length))
    content[start : start + length] = fills[rng.integers(3)]


def cut(content: bytearray, rng: Random) -> None:
    """Keep only the start, or lose a stretch in the middle."""
    start, end = sorted(rng.integers(0, len(content) + 1, 2))
    del content[int(start) : None if rng.random() < 0.7 else int(end)]


def grow(content: bytearray, rng: Random) -> None:
    """Put a stretch in, or append one."""
    length = int(rng.choice([1, 4, 16, 350, 3000, 2**16]))
    at = len(content) if rng.random() < 0.5 else int(rng.integers(len(content) + 1))
    content[at:at] = bytes(length) if rng.random() < 0.5 else rng.bytes(length)


# damage to the header -----------------------------------------------------------------------------


def set_field(image: Image, rng: Random) -> None:
    """Put an odd value into a field."""
    if len(image.content) < image.header.itemsize:
        return
    header = np.frombuffer(image.content, image.header.newbyteorder(_order(image)), 1)
    names = [name for name in SPACE if name in (image.header.names or ())]
    name = str(rng.choice(names if rng.random() < 0.8 else image.header.names or ()))
    values = header[name].reshape(-1)
    kind = values.dtype.kind
    where = int(rng.integers(len(values)))
    if kind == "S":
        values[where] = WORDS[rng.integers(len(WORDS))]
    elif kind == "f":
        with np.errstate(all="ignore"):
            values[where] = FLOATS[rng.integers(len(FLOATS))]
    elif kind in "iu":
        known = np.array(INTEGERS[rng.integers(len(INTEGERS))])
        values[where] = known.astype(values.dtype)


def _order(image: Image) -> Literal["<", ">"]:
    return ">" if image.endings[0].startswith(".mg") else "<"


def set_extension(image: Image, rng: Random) -> None:
    """Put odd sizes into what follows the header: the flag, and an extension's size and code."""
    start = image.header.itemsize
    if len(image.content) < start + 12:
        return
    sizes = (0, 1, 8, 15, 16, 48, 2**20, 2**31 - 1, -1, -16, -(2**31))
    values = [rng.choice([0, 1, 2**24]), sizes[rng.integers(len(sizes))], rng.integers(50)]
    image.content[start : start + 12] = np.array(values, "<i4").tobytes()


def turn(image: Image, _: Random) -> None:
    """Turn the order of the header's bytes."""
    size = image.header.itemsize
    if len(image.content) >= size:
        header = np.frombuffer(bytes(image.content[:size]), image.header)
        image.content[:size] = header.byteswap().tobytes()


def damage(image: Image, rng: Random) -> None:
    """Damage an image in 1 to 4 ways."""
    for _ in range(rng.integers(1, 5)):
        if rng.random() < 0.55:
            set_field(image, rng)
        elif rng.random() < 0.3:
            (set_extension, turn)[int(rng.random() < 0.2)](image, rng)
        else:
            parts = [
                part for part in (image.content, image.voxels, image.matrix) if part is not None
            ]
            BYTES[rng.integers(len(BYTES))](parts[rng.integers(len(parts))], rng)


BYTES: tuple[Callable[[bytearray, Random], None], ...] = (flip, flip, overwrite, cut, grow)


# damage to the stream -----------------------------------------------------------------------------


def compress(content: bytes, rng: Random) -> bytearray:
    """A gzip stream, half of them damaged."""
    stream = bytearray(gzip.compress(content, int(rng.choice([0, 1, 6])), mtime=0))
    if rng.random() < 0.5:
        return stream
    way = STREAMS[rng.integers(len(STREAMS))]
    return way(stream, content, rng)


def _damaged(stream: bytearray, _: bytes, rng: Random) -> bytearray:
    BYTES[rng.integers(len(BYTES))](stream, rng)
    return stream


def _flags(stream: bytearray, _: bytes, rng: Random) -> bytearray:
    stream[3] = int(rng.integers(256))  # a name, a comment, extra fields that are not there
    return stream


def _footer(stream: bytearray, _: bytes, rng: Random) -> bytearray:
    stream[-int(rng.integers(1, 9))] ^= 1 << int(rng.integers(8))
    return stream


def _members(_: bytearray, content: bytes, rng: Random) -> bytearray:
    at = int(rng.integers(len(content) + 1))
    parts = [gzip.compress(part, mtime=0) for part in (content[:at], content[at:])]
    between = (b"", bytes(7), rng.bytes(3), gzip.compress(b""))[rng.integers(4)]
    return bytearray(between.join(parts))


def _twice(stream: bytearray, _: bytes, rng: Random) -> bytearray:
    return bytearray(gzip.compress(bytes(stream), mtime=0))


def _longer(stream: bytearray, _: bytes, rng: Random) -> bytearray:
    tails = (bytes(5000), rng.bytes(50), bytes(stream), gzip.compress(bytes(2**21), mtime=0))
    return stream + tails[rng.integers(4)]


def _other(_: bytearray, content: bytes, rng: Random) -> bytearray:
    others = (content, zlib.compress(content), b"BZh9" + content, b"\x1f\x8b" + content)
    return bytearray(others[rng.integers(4)])


STREAMS = (_damaged, _damaged, _damaged, _flags, _footer, _members, _twice, _longer, _other)
