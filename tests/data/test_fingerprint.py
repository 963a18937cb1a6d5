"""Files are known again by size, time and hash, whatever their format."""

from __future__ import annotations

import hashlib
import os

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.data import sha256
from napari_alnt.data.fingerprint import file_hash, file_stat, same_hash, same_stat
from napari_alnt.errors import AlntError


@pytest.fixture
def pair(tmp_path):
    nib.save(nib.Nifti1Pair(np.zeros((2, 2, 2), np.uint8), np.eye(4)), tmp_path / "a.hdr")
    return tmp_path / "a.hdr"


def test_a_file_is_known_by_its_size_and_time(tmp_path):
    path = tmp_path / "a.nii"
    path.write_bytes(b"abc")
    recorded = file_stat(path)
    assert same_stat(path, recorded)
    os.utime(path, ns=(7, 7))
    assert not same_stat(path, recorded)
    path.unlink()
    assert not same_stat(path, recorded)
    assert not same_stat(path, None)
    with pytest.raises(OSError, match="No such file"):
        file_stat(path)


def test_a_pair_changes_with_either_file(pair):
    recorded, digest = file_stat(pair), file_hash(pair)
    voxels = pair.with_suffix(".img")
    voxels.write_bytes(voxels.read_bytes()[:-1] + b"\1")
    os.utime(voxels, ns=(7, 7))
    assert not same_stat(pair, recorded)
    assert not same_hash(pair, digest)


def test_a_pair_of_which_one_file_was_hashed_is_known_still(pair):
    assert same_hash(pair, sha256(pair))
    assert not same_hash(pair, sha256(pair.with_suffix(".img")))


def test_a_hash_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "a.nii"
    path.write_bytes(b"abc")
    assert file_hash(path) == hashlib.sha256(b"abc").hexdigest()
    assert same_hash(path, file_hash(path))
    assert not same_hash(path, "0" * 64)
    with pytest.raises(AlntError, match="no known image format"):
        file_hash(tmp_path / "a.txt")
