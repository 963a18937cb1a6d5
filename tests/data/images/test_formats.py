"""Formats: one record each, of which names, hashes, reading and writing are derived."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from npe2 import PluginManifest

import napari_alnt
from napari_alnt.data import (
    FORMATS,
    Format,
    Grid,
    OnDisk,
    Patterns,
    Project,
    read_volume,
    sha256,
    write_image,
    write_labels,
)
from napari_alnt.data.images import formats
from napari_alnt.data.images.formats import find_format, hash_pair, known_format
from napari_alnt.errors import AlntError

MANIFEST = Path(napari_alnt.__file__).with_name("napari.yaml")


def save_pair(path: Path, voxels: np.ndarray) -> None:
    """Save as ``.hdr`` and ``.img``."""
    nib.save(nib.Nifti1Pair(voxels, np.eye(4)), path)


def test_the_manifest_has_the_patterns_of_the_formats():
    contributions = PluginManifest.from_file(MANIFEST).contributions
    (patterns,) = (
        reader.filename_patterns
        for reader in contributions.readers
        if reader.command == "napari-alnt.read_image"
    )
    endings = [ending for one in FORMATS for ending in one.endings]
    assert sorted(patterns) == sorted(f"*{ending}" for ending in endings)
    assert len(set(endings)) == len(endings)
    (writer,) = contributions.writers
    writable = [ending for one in FORMATS if one.write for ending in one.endings]
    assert sorted(writer.filename_extensions) == sorted(writable)


@pytest.mark.parametrize("ending", [ending for one in FORMATS for ending in one.endings])
def test_every_ending_finds_its_format_and_leaves_the_name(ending):
    path = Path("ct") / f"a.b{ending}"
    assert ending in find_format(path).endings
    assert find_format(path.with_name(path.name.upper())) is find_format(path)
    assert find_format(path).stem(path) == "a.b"


def test_an_unknown_format_is_refused_with_the_known_ones():
    assert known_format(Path("a.dcm")) is None
    with pytest.raises(AlntError, match=r"'a\.dcm'.*\*\.nii, \*\.nii\.gz, .*\*\.mgh\."):
        find_format(Path("a.dcm"))


# a format of one's own ----------------------------------------------------------------------------


def open_text(path: Path) -> OnDisk:
    """One number a line, as a column of voxels."""
    values = [int(line) for line in path.read_text().split()]
    return OnDisk((len(values), 1, 1), np.eye(4), None, lambda: np.array(values).reshape(-1, 1, 1))


def open_slices(path: Path) -> OnDisk:
    """A folder with one text file a slice."""
    values = [int(file.read_text()) for file in sorted(path.glob("*.slice"))]
    return OnDisk((1, 1, len(values)), np.eye(4), None, lambda: np.array(values).reshape(1, 1, -1))


def hash_slices(path: Path) -> str:
    return "".join(sha256(file)[:2] for file in sorted(path.glob("*.slice")))


def is_slices(path: Path) -> bool:
    return path.is_dir() and any(path.glob("*.slice"))


@pytest.fixture
def toys(monkeypatch):
    """Two formats more: one by its ending, one that is a folder."""
    own = (Format((".toy",), open_text), Format((), open_slices, None, hash_slices, is_slices))
    monkeypatch.setattr(formats, "FORMATS", (*FORMATS, *own))


def test_a_new_format_is_one_record(toys, tmp_path):
    folder = tmp_path / "ct"
    (folder / "c").mkdir(parents=True)
    for name, text in (
        ("a.toy", "5\n7"),
        ("b.toy", "5\n8"),
        ("c/1.slice", "3"),
        ("c/2.slice", "4"),
    ):
        (folder / name).write_text(text)
    (folder / "notes.txt").touch()
    (folder / "empty").mkdir()
    cases = Patterns(str(folder)).cases()
    assert [case.name for case in cases] == ["a", "b", "c"]
    assert read_volume(folder / "a.toy").voxels.ravel().tolist() == [7, 5]
    assert read_volume(folder / "c").voxels.shape == (2, 1, 1)
    with pytest.raises(AlntError, match="cannot be saved in this format"):
        write_labels(folder / "d.toy", np.zeros((1, 1, 2), int), read_volume(folder / "a.toy").grid)


def test_a_project_of_a_new_format_keeps_its_hashes(toys, tmp_path):
    (tmp_path / "gold").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.toy").write_text("5\n7")
        grid = read_volume(tmp_path / f"{name}.toy").grid
        write_labels(tmp_path / "gold" / f"{name}.nii.gz", np.ones(grid.shape, int), grid)
    cases = Patterns(f"{tmp_path}/*.toy", expert=f"{tmp_path}/gold").cases()
    with Project.create(tmp_path / "project", cases) as project:
        assert {case.image_sha256 for case in project.cases} == {sha256(tmp_path / "a.toy")}


# images in two files ------------------------------------------------------------------------------


def test_a_pair_is_one_image_whose_hash_is_that_of_both_files(tmp_path):
    voxels = np.zeros((2, 3, 4), np.int16)
    for name, value in (("a", 0), ("b", 1)):
        save_pair(tmp_path / f"{name}.img", voxels + value)
    header, image = tmp_path / "a.hdr", tmp_path / "a.img"
    # what the hash of the header alone would not tell apart
    assert sha256(header) == sha256(tmp_path / "b.hdr")
    assert find_format(header).hash(header) == find_format(image).hash(image) == hash_pair(header)
    assert hash_pair(header) != hash_pair(tmp_path / "b.hdr")
    assert re.fullmatch("[0-9a-f]{64}", hash_pair(header))
    assert [case.image.name for case in Patterns(str(tmp_path)).cases()] == ["a.hdr", "b.hdr"]


def test_a_voxel_file_alone_is_found_and_named(tmp_path):
    (tmp_path / "a.img").write_bytes(b"0" * 48)
    (case,) = Patterns(str(tmp_path)).cases()
    assert case.image == tmp_path / "a.img"
    with pytest.raises(AlntError, match=r"a\.img"):
        read_volume(case.image)


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell the case of letters apart")
def test_the_hash_of_a_pair_in_capitals(tmp_path):
    save_pair(tmp_path / "a.img", np.zeros((2, 3, 4), np.int16))
    for ending in ("hdr", "img"):
        shutil.copy(tmp_path / f"a.{ending}", tmp_path / f"A.{ending.upper()}")
    assert hash_pair(tmp_path / "A.HDR") == hash_pair(tmp_path / "a.hdr")


# headers ------------------------------------------------------------------------------------------


def test_a_missing_file_and_a_folder_are_no_image(tmp_path):
    (tmp_path / "a.nii.gz").mkdir()
    for name in ("a.nii.gz", "b.nii"):
        with pytest.raises(AlntError, match="does not exist"):
            read_volume(tmp_path / name)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.mgz", "a.mgh"])
def test_what_is_read_is_what_nibabel_reads(tmp_path, name):
    kind = nib.MGHImage if ".mg" in name else nib.Nifti1Image
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nib.save(kind(voxels, np.diag([2, 3, 4, 1])), tmp_path / name)
    disk = find_format(tmp_path / name).open(tmp_path / name)
    assert disk.shape == (2, 3, 4)
    np.testing.assert_array_equal(disk.load(), voxels)
    np.testing.assert_array_equal(disk.affine, nib.load(tmp_path / name).affine)


def test_a_scaled_image_is_float32_and_an_unscaled_one_keeps_its_type(tmp_path):
    image = nib.Nifti1Image(np.ones((2, 2, 2), np.int16), np.eye(4))
    for slope, dtype in ((1, np.int16), (0.5, np.float32)):
        image.header.set_slope_inter(slope, 0)
        nib.save(image, tmp_path / "a.nii")
        assert find_format(tmp_path / "a.nii").open(tmp_path / "a.nii").load().dtype == dtype


def test_voxels_are_those_of_the_moment_of_reading(tmp_path):
    path = tmp_path / "a.nii"
    voxels = np.random.default_rng(0).integers(0, 999, (9, 8, 7), dtype=np.int16)
    write_image(path, voxels, Grid.new(voxels.shape, (1, 1, 1)))
    read = read_volume(path).voxels
    with path.open("r+b") as file:
        file.seek(352)
        file.write(bytes(voxels.nbytes))
    np.testing.assert_array_equal(read, voxels)


def test_a_zipped_file_with_a_wrong_checksum_is_damaged(tmp_path):
    # large enough that the header is read without the end of the file
    noise = np.random.default_rng(0).integers(0, 999, (40, 50, 60), dtype=np.int16)
    write_image(tmp_path / "a.nii.gz", noise, Grid.new(noise.shape, (1, 1, 1)))
    content = bytearray((tmp_path / "a.nii.gz").read_bytes())
    content[-8] ^= 255
    (tmp_path / "a.nii.gz").write_bytes(content)
    with pytest.raises(AlntError, match="damaged"):
        read_volume(tmp_path / "a.nii.gz")


def test_a_mask_has_none_of_the_texts_of_its_image(tmp_path):
    image = nib.Nifti1Image(np.zeros((5, 4, 3), np.int16), np.eye(4))
    for field in ("descrip", "aux_file", "intent_name"):
        image.header[field] = b"MUSTERMANN"
    nib.save(image, tmp_path / "a.nii.gz")
    write_labels(
        tmp_path / "m.nii.gz", np.zeros((3, 4, 5), int), read_volume(tmp_path / "a.nii.gz").grid
    )
    assert b"MUSTERMANN" in gzip.decompress((tmp_path / "a.nii.gz").read_bytes())
    assert b"MUSTERMANN" not in gzip.decompress((tmp_path / "m.nii.gz").read_bytes())
