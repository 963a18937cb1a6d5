"""Grey values without nan, and labels that are whole but for rounding."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.data import read_volume
from napari_alnt.data.images.values import grey_values, whole
from napari_alnt.errors import AlntError


@pytest.mark.parametrize(
    "voxels",
    [
        np.array([0, 2e9], np.float32),
        np.array([0, -1e300, np.nan]),
        np.array([0, 2**31 - 1], np.int32),
        np.array([np.inf, 1.1e9], np.float32),
    ],
)
def test_values_beyond_a_milliard_are_refused(voxels):
    with pytest.raises(AlntError, match=r"a\.nii.*no grey value"):
        grey_values(Path("a.nii"), voxels)


def test_what_is_not_finite_becomes_the_lowest_value():
    values = grey_values(Path("a.nii"), np.array([1e9, -3, np.nan, np.inf, -np.inf]))
    assert values.dtype == np.float32
    assert values.tolist() == [1e9, -3, -3, -3, -3]
    with pytest.raises(AlntError, match=r"a\.nii.*no number at all"):
        grey_values(Path("a.nii"), np.array([np.nan, np.inf, np.nan]))
    assert grey_values(Path("a.nii"), np.array([3, 4], np.int16)).dtype == np.int16


@pytest.mark.parametrize("slope", [1e8, 1e38])
def test_a_slope_that_blows_values_up_is_refused(tmp_path, slope):
    # nibabel would divide by the slope on saving, so it is written afterwards
    raw = nib.Nifti1Image(np.full((2, 2, 2), 30_000, np.int16), np.eye(4))
    nib.save(raw, tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[112:116] = np.float32(slope).tobytes()
    (tmp_path / "a.nii").write_bytes(content)
    with pytest.raises(AlntError, match=r"a\.nii"):
        read_volume(tmp_path / "a.nii")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_within_a_thousandth_of_whole_numbers_are_taken(dtype):
    near = np.array([0.0009, 1 - 0.0009, 200 * (1 - 1e-6), 0], dtype)
    assert whole(near, None, "The mask").tolist() == [0, 1, 200, 0]
    for far in (0.0011, 0.9989, 0.5, np.nan, np.inf):
        with pytest.raises(AlntError, match="not whole"):
            whole(np.array([far], dtype), None, "The mask")
    assert whole(np.array([np.nan, 1], dtype), 255, "The mask").tolist() == [255, 1]
