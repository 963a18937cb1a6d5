"""What is read of a file is bounded by what its header claims, and that by what it can hold."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import scipy.io
from nibabel.volumeutils import apply_read_scaling

from napari_alnt.data import read_volume
from napari_alnt.data.images import nibabel_files as module
from napari_alnt.data.images.nibabel_files import open_nibabel, write_nifti
from napari_alnt.errors import AlntError


def zipped(path: Path, *parts: bytes) -> None:
    """Write one gzip member a part."""
    path.write_bytes(b"".join(gzip.compress(part) for part in parts))


def plain_nifti(tmp_path: Path) -> bytes:
    nib.save(nib.Nifti1Image(np.ones((5, 4, 3), np.int16), np.eye(4)), tmp_path / "plain.nii")
    return (tmp_path / "plain.nii").read_bytes()


def test_padding_and_several_members_are_read(tmp_path):
    content = plain_nifti(tmp_path)
    zipped(tmp_path / "members.nii.gz", content[:400], content[400:])
    zipped(tmp_path / "padded.nii.gz", content, bytes(module.TAIL))
    zipped(tmp_path / "zeros.nii.gz", content)
    with (tmp_path / "zeros.nii.gz").open("ab") as file:
        file.write(bytes(5000))
    for name in ("members", "padded", "zeros"):
        assert read_volume(tmp_path / f"{name}.nii.gz").voxels.sum() == 60


def test_what_goes_on_behind_the_voxels_is_refused_one_block_later(tmp_path, monkeypatch):
    taken = []
    read = gzip.GzipFile.read

    def counted(self, size=-1):
        part = read(self, size)
        taken.append(len(part))
        return part

    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    zipped(tmp_path / "a.nii.gz", plain_nifti(tmp_path), bytes(30 * module.TAIL))
    with pytest.raises(AlntError, match=r"a\.nii\.gz.*holds far more than its header claims"):
        read_volume(tmp_path / "a.nii.gz")
    assert sum(taken) < 3 * module.TAIL


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_voxels_that_begin_far_away_are_refused_before_that_is_read(tmp_path, ending):
    content = bytearray(plain_nifti(tmp_path))
    content[108:112] = np.float32(2**30).tobytes()
    (tmp_path / f"a{ending}").write_bytes(gzip.compress(content) if "gz" in ending else content)
    with pytest.raises(AlntError, match="said to begin after 1024 MiB"):
        read_volume(tmp_path / f"a{ending}")


def test_what_is_written_is_opened_as_it_was(tmp_path):
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    affine = np.diag([-2.0, 3.0, 4.0, 1.0])
    write_nifti(tmp_path / "a.nii.gz", voxels, affine, None)
    disk = open_nibabel(tmp_path / "a.nii.gz")
    assert disk.shape == (2, 3, 4)
    assert np.array_equal(disk.affine, affine)
    assert np.array_equal(disk.load(), voxels)


# places and values --------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [(0, 0, 2), (0, 1, 0), ((1, 0, 0), (1, 1e-5, 0), (0, 0, 1))])
def test_axes_that_fall_together_are_refused(tmp_path, columns):
    affine = np.eye(4)
    directions = np.eye(3)
    affine[:3, :3] = [directions[one] if isinstance(one, int) else one for one in columns]
    affine[:3, :3] = affine[:3, :3].T
    image = nib.Nifti1Image(np.ones((5, 4, 3), np.int16), None)
    image.header.set_sform(affine, 1)
    nib.save(image, tmp_path / "a.nii")
    with pytest.raises(AlntError, match=r"a\.nii.*no usable voxel size and direction"):
        open_nibabel(tmp_path / "a.nii")


@pytest.mark.parametrize("last", [(0, 0, 0, 0), (0, 0, 0, 2), (1e-3, 0, 0, 1), (0, 0, 5e-324, 1)])
def test_a_matrix_whose_last_row_is_not_that_of_a_place_is_refused(tmp_path, last):
    nib.save(nib.Spm2AnalyzeImage(np.ones((5, 4, 3), np.int16), np.eye(4)), tmp_path / "a.img")
    matrix = np.diag([2.0, 2, 2, 1])
    scipy.io.savemat(tmp_path / "a.mat", {"mat": matrix}, format="4")
    assert open_nibabel(tmp_path / "a.img").affine[0, 0] == 2
    matrix[3] = last
    scipy.io.savemat(tmp_path / "a.mat", {"mat": matrix}, format="4")
    with pytest.raises(AlntError, match=r"a\.img.*no usable voxel size and direction"):
        open_nibabel(tmp_path / "a.img")


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 4, 3, 1, 1)])
def test_scaled_values_are_those_of_nibabel_to_the_bit(tmp_path, dtype, ending, shape):
    path = tmp_path / f"a{ending}"
    image = nib.Nifti1Image(np.random.default_rng(0).integers(0, 99, shape).astype(dtype), None)
    image.header.set_slope_inter(0.3, -1024.7)
    image.header.set_sform(np.eye(4), 1)
    nib.save(image, path)
    read = open_nibabel(path).load()
    expected = np.asarray(nib.load(path).dataobj, np.float32).reshape(5, 4, 3)
    assert read.dtype == np.float32
    assert read.tobytes() == expected.tobytes()


def test_scaling_takes_no_more_than_a_slice_beside_the_result(tmp_path, monkeypatch):
    taken = []

    def counted(stored, slope, inter):
        taken.append(stored.size)
        return apply_read_scaling(stored, slope, inter)

    monkeypatch.setattr(module, "apply_read_scaling", counted)
    image = nib.Nifti1Image(np.ones((5, 4, 30, 1), np.int16), np.eye(4))
    image.header.set_slope_inter(0.5, 0)
    nib.save(image, tmp_path / "a.nii")
    open_nibabel(tmp_path / "a.nii").load()
    assert taken == [20] * 30


def test_one_value_beyond_any_number_is_not_taken_for_a_gap(tmp_path):
    voxels = np.ones((5, 4, 3), np.int16)
    voxels[2, 2, 2] = 30_000
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[112:116] = np.float32(1e35).tobytes()
    (tmp_path / "a.nii").write_bytes(content)
    with pytest.raises(AlntError, match=r"a\.nii.*scaled to values beyond any number"):
        open_nibabel(tmp_path / "a.nii").load()


@pytest.mark.parametrize("name", ["a.Nii", "a.Nii.Gz", "a.nII.gz", "a.NII.gz", "a.Mgh", "a.Mgz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_an_ending_may_mix_capitals_and_small_letters(tmp_path, name, kind):
    voxels = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    kind = nib.MGHImage if ".mg" in name.lower() else kind
    nib.save(kind(voxels, np.diag([2, 3, 4, 1.0])), tmp_path / name.lower())
    (tmp_path / name.lower()).rename(tmp_path / name)
    disk = open_nibabel(tmp_path / name)
    assert np.array_equal(disk.load(), voxels)
    assert np.array_equal(disk.affine, np.diag([2, 3, 4, 1.0]))
