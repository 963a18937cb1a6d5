"""Image formats: what is on disk, as it is on disk.

A new format is one record in :data:`FORMATS` and its patterns in ``napari.yaml``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_alnt.data.atomic import sha256
from napari_alnt.data.images.nibabel_files import open_nibabel, write_nifti
from napari_alnt.data.images.on_disk import Array, Floats, OnDisk
from napari_alnt.errors import AlntError


def _own_files(path: Path) -> tuple[Path, ...]:
    """The file itself, or all in a folder that is an image."""
    return tuple(sorted(path.iterdir())) if path.is_dir() else (path,)


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
    files : all files of an image, given one of them
    """

    endings: tuple[str, ...]
    open: Callable[[Path], OnDisk]
    write: Callable[[Path, Array, Floats, Any], None] | None = None
    hash: Callable[[Path], str] = sha256
    recognise: Callable[[Path], bool] | None = None
    header: str = ""
    files: Callable[[Path], tuple[Path, ...]] = _own_files

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


def pair_files(path: Path) -> tuple[Path, ...]:
    """The header and the voxel file of a pair, given either of the two."""
    endings = (".HDR", ".IMG") if path.suffix.isupper() else (".hdr", ".img")
    return tuple(path.with_suffix(ending) for ending in endings)


def hash_pair(path: Path) -> str:
    """SHA-256 of a header and its voxel file together, given either of the two.

    A header alone would not do: scans of one scanner often share theirs to the last byte.

    Raises
    ------
    AlntError
        If one of them is missing or cannot be read.
    """
    parts = "".join(map(sha256, pair_files(path)))
    return hashlib.sha256(parts.encode()).hexdigest()


FORMATS: tuple[Format, ...] = (
    Format((".nii", ".nii.gz"), open_nibabel, write_nifti),
    Format((".hdr",), open_nibabel, hash=hash_pair, files=pair_files),
    Format((".img",), open_nibabel, hash=hash_pair, files=pair_files, header=".hdr"),
    Format((".mgz", ".mgh"), open_nibabel),
)
"""All image formats; the first that matches a path is taken."""
