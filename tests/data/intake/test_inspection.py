"""Every file of a new project is read once, and what it holds is measured meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data import CaseFiles, read_grid, sha256, write_labels
from napari_alnt.data.intake.inspection import inspect_files
from napari_alnt.errors import AlntError


def test_inspection_finds_grid_hashes_and_values(tmp_path, phantoms):
    grid = read_grid(phantoms[0].image)
    mask = np.zeros(grid.shape, int)
    mask[0, 0, :3] = (3, 255, 9)
    write_labels(tmp_path / "mask.nii.gz", mask, grid)
    cases = [
        phantoms[1].files(),
        CaseFiles("x", phantoms[0].image, expert=tmp_path / "mask.nii.gz"),
    ]
    heard: list[tuple[int, int]] = []
    first, second = inspect_files(cases, 255, lambda done, total: heard.append((done, total)))
    assert heard == [(1, 2), (2, 2)]
    assert (set(first.values), first.expert_sha256) == ({1, 2}, "")
    assert second.values == dict.fromkeys((3, 9), str(tmp_path / "mask.nii.gz"))
    assert (second.image_sha256, second.teacher_sha256) == (sha256(phantoms[0].image), "")
    assert second.grid.matches(grid)


@pytest.mark.parametrize(
    "name", ["", "a:b", "a?", "a\n", " a", "a ", ".a", "a.", "x" * 121, "CON", "com1.txt", "a\\b"]
)
def test_a_name_that_is_no_folder_on_some_system_is_refused(name, phantoms):
    with pytest.raises(AlntError, match="cannot name a folder"):
        inspect_files([CaseFiles(name, phantoms[0].image)], 255)


@pytest.mark.parametrize("name", ["console", "a.b", "Müller 3", "com10", "x" * 120, "[a]"])
def test_a_name_that_is_a_folder_everywhere_is_taken(name, phantoms):
    assert len(inspect_files([CaseFiles(name, phantoms[0].image)], 255)) == 1
