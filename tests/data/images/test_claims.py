"""A file is refused by what its start claims, before a library reads on."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import scipy.io

from napari_alnt.data import read_grid, read_volume
from napari_alnt.data.images import claims
from napari_alnt.data.images.claims import Claim, read_claim, require_modest_claims
from napari_alnt.errors import AlntError

SHAPE = (5, 4, 3)
KINDS = {
    "a.nii": nib.Nifti1Image,
    "b.nii": nib.Nifti2Image,
    "a.nii.gz": nib.Nifti1Image,
    "b.nii.gz": nib.Nifti2Image,
    "a.mgz": nib.MGHImage,
    "a.mgh": nib.MGHImage,
    "a.hdr": nib.Nifti1Pair,
}


def saved(folder: Path, name: str) -> Path:
    nib.save(KINDS[name](np.ones(SHAPE, np.int16), np.eye(4)), folder / name)
    return folder / name


def sparse(path: Path, size: int) -> None:
    """Lengthen a file by a hole."""
    with path.open("r+b") as file:
        file.truncate(size)


@pytest.mark.parametrize("name", KINDS)
def test_the_claims_of_an_image_are_read_and_it_is_taken(tmp_path, name):
    claim = read_claim(saved(tmp_path, name))
    offset = {"b": 544, "h": 0}.get(name[0 if "nii" in name else 2], 352)
    if ".mg" in name:
        assert claim == Claim(284, 8 * 60)
    else:
        assert claim == Claim(offset, 2 * 60)
    require_modest_claims(tmp_path / name)


def test_what_is_no_image_claims_nothing(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"no image" * 100)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(b"no image" * 100))
    (tmp_path / "b.nii.gz").write_bytes(b"\x1f\x8b" + bytes(100))
    (tmp_path / "a.mgz").write_bytes(gzip.compress(bytes(500)))
    for path in tmp_path.iterdir():
        assert read_claim(path) is None
        require_modest_claims(path)


@pytest.mark.parametrize("name", ["a.nii.gz", "b.nii.gz", "a.mgz"])
@pytest.mark.parametrize("more", [bytes(20), gzip.compress(b"", mtime=0)])
def test_a_packed_file_that_is_far_larger_than_its_content_is_not_unpacked(
    tmp_path, monkeypatch, name, more
):
    def unpacked(*_):
        raise AssertionError

    path = saved(tmp_path, name)
    content = path.read_bytes()
    path.write_bytes(content + more * (claims.TAIL // len(more) + 100))
    monkeypatch.setattr(gzip.GzipFile, "read", unpacked)
    with pytest.raises(AlntError, match="holds far more than its header claims"):
        read_grid(path)
    # the same bytes before the header
    path.write_bytes(more * (claims.TAIL // len(more) + 100) + content)
    with pytest.raises(AlntError, match="cannot be read as an image"):
        read_grid(path)


def test_a_large_file_that_is_not_packed_is_said_to_be_named_wrongly(tmp_path):
    nib.save(nib.Nifti1Image(np.ones((60, 60, 60), np.float32), np.eye(4)), tmp_path / "a.nii")
    (tmp_path / "a.nii").rename(tmp_path / "a.nii.gz")
    with pytest.raises(AlntError, match=r"not compressed, so drop the \.gz"):
        read_grid(tmp_path / "a.nii.gz")


@pytest.mark.parametrize("name", ["a.nii.gz", "a.mgz"])
def test_noise_that_cannot_be_packed_is_no_bomb(tmp_path, name):
    noise = np.random.default_rng(0).integers(-(2**15), 2**15, (80, 80, 80), dtype=np.int16)
    nib.save(KINDS[name](noise, np.eye(4)), tmp_path / name)
    assert (tmp_path / name).stat().st_size > noise.nbytes > 3 * claims.TAIL
    np.testing.assert_array_equal(read_volume(tmp_path / name).voxels.sum(), noise.sum())


@pytest.mark.parametrize("opened", ["a.hdr", "a.img"])
def test_a_huge_header_file_is_not_read(tmp_path, opened):
    sparse(saved(tmp_path, "a.hdr"), 2**31)
    with pytest.raises(AlntError, match=r"a\.hdr' is too large for a header \(2048"):
        read_grid(tmp_path / opened)


@pytest.mark.parametrize("opened", ["a.hdr", "a.img"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_huge_matrix_beside_an_analyze_pair_is_not_read(tmp_path, opened, packed):
    nib.save(nib.Spm2AnalyzeImage(np.ones(SHAPE, np.int16), np.eye(4)), tmp_path / "a.img")
    matrix = tmp_path / "a.mat"
    scipy.io.savemat(matrix, {"M": np.diag([2.0, 2, 2, 1])}, format="4")
    assert read_grid(tmp_path / opened).spacing == (2, 2, 2)
    if packed:
        noise = np.random.default_rng(0).random((100, 100))
        scipy.io.savemat(matrix, {"M": noise}, do_compression=True)
    else:
        matrix.write_bytes(struct.pack("<5i", 0, 16384, 8192, 0, 2) + b"M\0")
        sparse(matrix, 2**30)
    with pytest.raises(AlntError, match=r"a\.mat' is too large for a matrix"):
        read_grid(tmp_path / opened)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only some systems have pipes in folders")
@pytest.mark.parametrize("ending", [".hdr", ".mat"])
def test_a_pipe_beside_an_image_is_not_waited_for(tmp_path, ending):
    nib.save(nib.Spm2AnalyzeImage(np.ones(SHAPE, np.int16), np.eye(4)), tmp_path / "a.img")
    (tmp_path / f"a{ending}").unlink(missing_ok=True)
    os.mkfifo(tmp_path / f"a{ending}")
    with pytest.raises(AlntError, match=rf"a\{ending}' is no file"):
        read_grid(tmp_path / "a.img")


def test_a_huge_file_beside_a_nifti_pair_is_none_of_its_files(tmp_path):
    path = saved(tmp_path, "a.hdr")
    (tmp_path / "a.mat").touch()
    sparse(tmp_path / "a.mat", 2**30)
    assert read_volume(path).voxels.shape == SHAPE[::-1]


@pytest.mark.parametrize("name", ["a.nii", "b.nii", "a.nii.gz", "b.nii.gz"])
def test_voxels_that_begin_too_late_are_refused(tmp_path, name):
    image = KINDS[name](np.ones(SHAPE, np.int16), np.eye(4))
    image.header.extensions.append(nib.nifti1.Nifti1Extension(0, bytes(claims.HEADER_LIMIT)))
    nib.save(image, tmp_path / name)
    with pytest.raises(AlntError, match="said to begin after 16 MiB"):
        read_grid(tmp_path / name)
