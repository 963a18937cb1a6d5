"""Masks lie voxel for voxel where their images lie, in nibabel and in SimpleITK.

An attempt writes an image with nibabel, reads it, saves a mask and a map on its grid, and compares
both with the image in both libraries.
"""

from __future__ import annotations

import gzip
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from nibabel.affines import apply_affine
from nibabel.eulerangles import euler2mat
from nibabel.orientations import axcodes2ornt, io_orientation

from napari_alnt.data.images.volume import Volume, read_labels, read_volume, write_labels, write_map
from napari_alnt.errors import AlntError
from robustness.result import Result, Tally
from robustness.work import folder, without

Array = npt.NDArray[Any]
KINDS = (
    "refused", "untyped", "read elsewhere", "other values", "geometry changed", "label moved",
    "other in ITK", "texts kept",
)  # fmt: skip
"""All ways to fail."""
FIELDS = (
    "pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x",
    "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z", "xyzt_units",
)  # fmt: skip
"""What a mask has of its image's header, to the bit."""
TEXTS = ("data_type", "db_name", "descrip", "aux_file", "intent_name", "unused_str")
CANARY = b"MUSTERMANN"
TILTS = ("straight", "oblique", "very oblique", "sheared")
ENDINGS = (".nii", ".nii.gz", ".hdr")
STORED = (np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64)
LABELS = (
    np.bool_, np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64,
    np.float32, np.float64,
)  # fmt: skip
AXES = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]
"""The 48 ways in which the disk's axes may lie, left-handed ones among them."""


class Wrong(Exception):
    """A comparison that failed: its kind, and what was found."""


@dataclass(frozen=True)
class Source:
    """What the image of an attempt is like; the counter goes through axes, tilts and codes."""

    order: tuple[int, ...]
    signs: tuple[int, ...]
    tilt: str
    qform: int
    sform: int
    ending: str
    second: bool
    scaled: bool
    frame: bool
    moved: bool

    @classmethod
    def of(cls, index: int, rng: np.random.Generator) -> Source:
        """The source of an attempt."""
        # all 4,800 combinations in turn, and each of them soon
        axes, tilt = index % len(AXES), index // len(AXES) % len(TILTS)
        qform, sform = divmod((index + index // (len(AXES) * len(TILTS))) % 25, 5)
        second, scaled, frame = rng.random(3) < (0.3, 0.3, 0.3)
        ending = ENDINGS[rng.integers(len(ENDINGS))]
        moved = bool(rng.random() < 0.1)
        order, signs = AXES[axes]
        return cls(
            order, signs, TILTS[tilt], qform, sform, ending, bool(second), bool(scaled),
            bool(frame), moved,
        )  # fmt: skip

    def affine(self, rng: np.random.Generator) -> Array:
        """An affine (4, 4) of these axes and this tilt."""
        directions = np.zeros((3, 3))
        directions[self.order, range(3)] = self.signs
        angles = {"oblique": 0.3, "very oblique": np.pi}.get(self.tilt, 0.0)
        directions = euler2mat(*rng.uniform(-angles, angles, 3)) @ directions
        if self.tilt == "sheared":
            directions = (np.eye(3) + np.triu(rng.uniform(-0.3, 0.3, (3, 3)), 1)) @ directions
        affine = np.eye(4)
        affine[:3, :3] = directions * rng.uniform(0.3, 6, 3)
        affine[:3, 3] = rng.uniform(-400, 400, 3)
        return affine


def run(count: int, seed: int, first: int = 0) -> Result:
    """Make the attempts ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    with folder() as work:
        for index in range(first, first + count):
            tally.tried()
            try:
                _attempt(work, np.random.default_rng([seed, index]), index, tally)
            except Wrong as wrong:
                kind, text = wrong.args
                tally.fail(kind, index, text)
            except AlntError as error:
                tally.fail("refused", index, without(work, error))
            except Exception as error:  # noqa: BLE001 — this is what is looked for
                tally.fail("untyped", index, without(work, error))
            for path in work.iterdir():
                path.unlink()
    return tally.result()


def _attempt(work: Path, rng: np.random.Generator, index: int, tally: Tally) -> None:
    source = Source.of(index, rng)
    path = work / f"image{source.ending}"
    _write_image(path, source, rng)
    image = nib.load(path)
    volume = read_volume(path)
    _require_place(volume, image)
    labels = _labels(volume.voxels.shape, rng)
    mask, map_ = (work / f"{name}{('.nii', '.nii.gz')[index % 2]}" for name in ("mask", "map"))
    write_labels(mask, labels, volume.grid)
    write_map(map_, volume.voxels, volume.grid)
    _require(np.array_equal(read_labels(mask, volume).voxels, labels), "other values", "read again")
    for saved, values in ((mask, labels), (map_, volume.voxels.astype(np.float32))):
        _require_header(saved, image)
        _require_values(saved, values, volume)
        _require_no_texts(saved)
    _compare_in_itk(path, mask, labels, volume, tally)


# the image ----------------------------------------------------------------------------------------


def _write_image(path: Path, source: Source, rng: np.random.Generator) -> None:
    """Write an image with nibabel, with the patient's name wherever there is room."""
    shape = tuple(int(size) for size in rng.integers(1, 7, 3))
    voxels = rng.permutation(np.prod(shape)).reshape(shape + (1,) * source.frame)
    kinds: dict[tuple[bool, bool], Any] = {
        (False, False): nib.Nifti1Image, (False, True): nib.Nifti1Pair,
        (True, False): nib.Nifti2Image, (True, True): nib.Nifti2Pair,
    }  # fmt: skip
    kind = kinds[source.second, source.ending == ".hdr"]
    header = kind.header_class(endianness="<>"[int(rng.random() < 0.2)])
    affine = source.affine(rng)
    dtype = STORED[rng.integers(len(STORED))]
    image = kind(voxels.astype(dtype), affine, header, dtype=dtype)
    image.set_qform(affine, source.qform, strip_shears=True)
    other = affine.copy()
    other[:3, 3] += rng.uniform(-9, 9, 3) * source.moved
    image.set_sform(other, source.sform)
    image.header.set_xyzt_units(*(("mm", "sec"), ("mm", "unknown"), (0, 0))[rng.integers(3)])
    for name in set(TEXTS) & set(image.header.keys()):
        image.header[name] = CANARY[: image.header.structarr.dtype[name].itemsize]
    if rng.random() < 0.5:
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", CANARY))
    if source.scaled:
        image.header.set_slope_inter(float(rng.uniform(0.1, 3)), float(rng.integers(-1024, 10)))
    nib.save(image, path)


def _labels(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Labels of any type, with the largest value that the type and a mask can have."""
    dtype: np.dtype[Any] = np.dtype(LABELS[rng.integers(len(LABELS))])
    top = {"b": 1, "f": 2**24}.get(dtype.kind) or min(np.iinfo(dtype).max, 2**31 - 1)
    top = int(rng.choice([1, 2, 255, 256, 65535, 65536, top]).clip(1, top))
    labels = rng.integers(0, top, shape, endpoint=True)
    labels.flat[rng.integers(labels.size)] = top
    return labels.astype(dtype)


# comparisons --------------------------------------------------------------------------------------


def _require(holds: bool, kind: str, text: str) -> None:
    if not holds:
        raise Wrong(kind, text)


def _indices(shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """All indices (n, 3) of an array."""
    return np.indices(shape).reshape(3, -1).T


def _require_place(volume: Volume, image: Any) -> None:
    """Every voxel in memory is the file's at the same place, and its axes are LPS."""
    expected = np.asarray(image.dataobj).reshape(image.shape[:3])
    xyz = _indices(volume.voxels.shape[::-1])
    ijk = apply_affine(np.linalg.inv(image.affine) @ volume.affine, xyz)
    nearest = np.rint(ijk).astype(int)
    off = float(np.abs(ijk - nearest).max())
    _require(off < 1e-3, "read elsewhere", f"{off} voxels off")
    within = bool((nearest >= 0).all() and (nearest < expected.shape).all())
    _require(within, "read elsewhere", "outside of the image")
    same = expected[tuple(nearest.T)].astype(np.float32) == volume.voxels.T[tuple(xyz.T)]
    _require(bool(same.all()), "read elsewhere", f"{int((~same).sum())} voxels differ")
    lps = axcodes2ornt("LPS")
    _require(np.array_equal(io_orientation(volume.affine), lps), "read elsewhere", "not in LPS")


def _require_header(path: Path, image: Any) -> None:
    """The geometry is the image's to the bit, and the file is of the same NIfTI and byte order."""
    saved = nib.load(path)
    changed = [
        name for name in FIELDS if saved.header[name].tobytes() != image.header[name].tobytes()
    ]
    _require(not changed, "geometry changed", ", ".join(changed))
    _require(saved.affine.tobytes() == image.affine.tobytes(), "geometry changed", "affine")
    _require(saved.shape == image.shape[:3], "geometry changed", f"shape {saved.shape}")
    same = saved.header.sizeof_hdr == image.header.sizeof_hdr
    _require(bool(same), "geometry changed", "version of NIfTI")


def _require_values(path: Path, values: Array, volume: Volume) -> None:
    """Every value is where it was in memory, by its place in mm."""
    saved = nib.load(path)
    stored = np.asarray(saved.dataobj)
    xyz = _indices(values.shape[::-1])
    ijk = np.rint(apply_affine(np.linalg.inv(saved.affine) @ volume.affine, xyz)).astype(int)
    same = stored[tuple(ijk.T)] == values.T[tuple(xyz.T)]
    _require(bool(same.all()), "label moved", f"{int((~same).sum())} voxels of {path.name} differ")


def _require_no_texts(path: Path) -> None:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    # a canary is cut where its field is short
    _require(CANARY[:5] not in content, "texts kept", path.name)


def _compare_in_itk(path: Path, mask: Path, labels: Array, volume: Volume, tally: Tally) -> None:
    """ITK finds image and mask at one place, and each label at its voxel."""
    try:
        image = sitk.ReadImage(str(path.with_suffix(".img") if path.suffix == ".hdr" else path))
    except RuntimeError:
        tally.count("refused by ITK")
        return
    tally.count("read by ITK")
    try:
        saved = sitk.ReadImage(str(mask))
    except RuntimeError as error:
        raise Wrong("other in ITK", without(mask.parent, error)) from error
    while image.GetDimension() > 3:
        image = image[..., 0]
    for name in ("GetSize", "GetOrigin", "GetSpacing", "GetDirection"):
        of_image, of_mask = getattr(image, name)(), getattr(saved, name)()
        _require(of_image == of_mask, "other in ITK", f"{name[3:]} {of_image} against {of_mask}")
    stored = sitk.GetArrayFromImage(saved)
    xyz = _indices(labels.shape[::-1])
    inverse = np.linalg.inv(volume.grid.disk_affine)
    i, j, k = np.rint(apply_affine(inverse @ volume.affine, xyz)).astype(int).T
    same = stored[k, j, i] == labels.T[tuple(xyz.T)]
    _require(bool(same.all()), "other in ITK", f"{int((~same).sum())} voxels differ")
    corner = np.array(saved.GetOrigin()) * (-1, -1, 1)
    if np.abs(corner - volume.grid.disk_affine[:3, 3]).max() > 0.1 * min(volume.spacing):
        tally.count("placed elsewhere by ITK, with its image")
