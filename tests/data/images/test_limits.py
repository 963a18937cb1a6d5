"""What no image is, and what does not fit into memory, is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.data import Grid, read_grid, read_labels, read_volume, write_image
from napari_alnt.data.images import limits, nibabel_files
from napari_alnt.data.images.limits import memory_for, require_memory, require_place, require_values
from napari_alnt.errors import AlntError


def placed(spacing, offset=(0.0, 0.0, 0.0)):
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = offset
    return affine


@pytest.mark.parametrize("spacing", [(0.01, 1, 100), (1, 1, 1), np.float32([0.01, 0.01, 100])])
def test_what_occurs_is_taken(spacing):
    require_place(Path("a.nii"), (40, 40, 50), placed(spacing, (-10_000, 10_000, 0)))


@pytest.mark.parametrize(
    ("shape", "affine", "says"),
    [
        ((4, 4, 4), placed((0.009, 1, 1)), "voxels of 0.009 mm"),
        ((4, 4, 4), placed((1, -101, 1)), "voxels of 101 mm"),
        ((4, 4, 4), placed((1, 1, 1e30)), r"voxels of 1e\+30 mm"),
        ((4, 4, 501), placed((1, 1, 10)), "extent of 5.01 m"),
        ((4, 4, 4), placed((1, 1, 1), (0, -10_001, 0)), "10 m from the origin"),
    ],
)
def test_an_absurd_place_is_refused_at_opening(tmp_path, shape, affine, says):
    nib.save(nib.Nifti1Image(np.zeros(shape, np.uint8), affine), tmp_path / "a.nii")
    for read in (read_grid, read_volume, read_labels):
        with pytest.raises(AlntError, match=rf"a\.nii.*{says}"):
            read(tmp_path / "a.nii")


def test_the_largest_value_of_either_sign_is_named():
    require_values(Path("a.nii"), -1e9, 1e9)
    with pytest.raises(AlntError, match="-2e\\+09"):
        require_values(Path("a.nii"), -2e9, 5)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_an_image_larger_than_the_free_memory_is_not_read(tmp_path, monkeypatch, ending):
    path = tmp_path / f"a{ending}"
    write_image(path, np.zeros((8, 64, 64), np.int16), Grid.new((8, 64, 64), (1, 1, 1)))
    monkeypatch.setattr(limits, "free_memory", lambda: 8 * 64 * 64 * 2 - 1)
    with pytest.raises(AlntError, match=r"needs 0\.1 MiB of memory"):
        read_volume(path)
    monkeypatch.setattr(limits, "free_memory", lambda: 8 * 64 * 64 * 2)
    assert read_volume(path).voxels.shape == (8, 64, 64)
    require_memory(path, 1)


def test_memory_that_runs_out_while_reading_is_said(tmp_path, monkeypatch):
    def run_out(image):
        raise MemoryError

    write_image(tmp_path / "a.nii", np.zeros((2, 2, 2), np.int16), Grid.new((2, 2, 2), (1, 1, 1)))
    monkeypatch.setattr(nibabel_files, "_scaled", run_out)
    for read in (read_volume, read_labels):
        with pytest.raises(AlntError, match=r"Memory ran out.*a\.nii"):
            read(tmp_path / "a.nii")
    with memory_for(tmp_path):
        pass


@pytest.mark.parametrize("first", [True, False])
def test_a_container_or_batch_system_may_leave_less_memory(tmp_path, first):
    controllers, names = (
        ("memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
        if first
        else ("", ("memory.max", "memory.current", "inactive_file"))
    )
    own = tmp_path / "own"
    own.write_text(f"5:cpu:/other\n4:{controllers}:/job/step\n")
    assert limits.left_by_groups(own, tmp_path) == []
    top = tmp_path / controllers
    for group, most in ((top / "job" / "step", 7000), (top / "job", 5000), (tmp_path, 10)):
        group.mkdir(parents=True, exist_ok=True)
        for name, value in zip(names, (most, 900, None), strict=True):
            if value is not None:
                (group / name).write_text(f"{value}\n")
        (group / "memory.stat").write_text(f"anon 800\n{names[2]} 100\nslab 3\n")
    # the folder above all groups of version 1 is none of them
    assert limits.left_by_groups(own, tmp_path) == [6200, 4200] + [-790] * (not first)
    (top / "job" / names[0]).write_text("max\n")
    assert limits.left_by_groups(own, tmp_path)[0] == 6200
    assert len(limits.left_by_groups(own, tmp_path)) == (1 if first else 2)


def test_free_memory_is_the_least_that_is_left(monkeypatch):
    before = limits.free_memory()
    assert before > 0
    for left, free in ((5000, 5000), (-7, 0)):
        monkeypatch.setattr(limits, "left_by_groups", lambda left=left: [2**62, left])
        assert limits.free_memory() == free


def test_a_system_without_groups_has_no_limit_by_them(tmp_path):
    assert limits.left_by_groups(tmp_path / "none", tmp_path) == []
