"""A file that is not what it was is never used without a word, and saving needs none of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.data import Project, read_grid, read_labels, read_volume, write_image, write_labels
from napari_alnt.data import case_data as module
from napari_alnt.errors import AlntError, ChangedFile


@pytest.fixture
def project(balls):
    with Project.open(balls.folder) as project:
        yield project


def mirrored(path: Path) -> None:
    """The same grid with other voxels, as an export that went wrong would leave it."""
    volume = read_volume(path)
    write_image(path, volume.voxels[:, :, ::-1].copy(), volume.grid)


def emptied(path: Path) -> None:
    grid = read_grid(path)
    write_labels(path, np.zeros(grid.shape, np.uint8), grid)


def test_files_as_they_were_are_read(project):
    case = project.case("ball_05")
    assert project.image(case).voxels.shape == case.shape
    assert project.teacher(case).voxels.any()
    assert project.expert(case) is None
    project.require_unchanged(case, "image", "teacher", "expert")


def test_an_image_that_changed_is_not_read(project):
    case = project.case("ball_05")
    mirrored(case.image)
    with pytest.raises(ChangedFile, match=r"image of case 'ball_05' .*ball_05_image.* new project"):
        project.image(case)
    with pytest.raises(ChangedFile):
        project.labels.accept("ball_05", np.zeros(case.shape, np.uint8))
    assert project.labels.versions("ball_05") == ()


@pytest.mark.parametrize(("name", "kind"), [("ball_05", "teacher"), ("ball_00", "expert")])
def test_a_mask_that_changed_is_not_read(project, name, kind):
    case = project.case(name)
    emptied(getattr(case, kind))
    with pytest.raises(ChangedFile, match=f"{kind} mask of case '{name}'"):
        getattr(project, kind)(case)


def test_a_new_teachers_mask_is_read_once_it_is_taken(project):
    case = project.case("ball_05")
    emptied(case.teacher)
    project.labels.set_teacher("ball_05", case.teacher)
    assert not project.teacher(project.case("ball_05")).voxels.any()


def test_accepted_masks_that_were_exchanged_are_not_read(project):
    shape = project.case("ball_05").shape
    one, other = (
        project.labels.accept("ball_05", np.full(shape, value, np.uint8)).file for value in (0, 1)
    )
    one.rename(one.with_suffix(".kept"))
    other.rename(one)
    one.with_suffix(".kept").rename(other)
    with pytest.raises(ChangedFile, match=r"accepted mask of case 'ball_05' .*backup"):
        project.expert(project.case("ball_05"))


def test_another_time_alone_is_no_change(project, monkeypatch):
    case = project.case("ball_05")
    os.utime(case.image, (1, 1))
    assert project.image(case).voxels.shape == case.shape
    # the new time is known from now on, to this process and to the next
    monkeypatch.setattr(module, "same_hash", lambda *_: pytest.fail("hashed again"))
    project.image(case)
    with Project.open(project.folder, write=False) as other:
        other.image(other.case("ball_05"))


def test_a_file_that_is_replaced_while_it_is_read_is_not_used(project, monkeypatch):
    case = project.case("ball_05")

    def replaced(path):
        volume = read_volume(path)
        mirrored(path)
        return volume

    monkeypatch.setattr(module, "read_volume", replaced)
    with pytest.raises(ChangedFile):
        project.image(case)


def test_work_is_saved_while_the_images_are_out_of_reach(project, tmp_path):
    case = project.case("ball_05")
    grid = read_grid(case.image)
    labels = np.zeros(case.shape, np.uint8)
    labels[2, 3, 4] = 1
    shutil.move(case.image.parent, tmp_path / "away")
    project.drafts.save("ball_05", labels, 3.0)
    assert np.array_equal(project.drafts.load("ball_05"), labels)
    version = project.labels.accept("ball_05", labels)
    assert np.array_equal(read_labels(version.file, like=grid).voxels, labels)
    with pytest.raises(AlntError, match=r"does not exist|cannot be read"):
        project.image(case)


def test_a_project_of_an_earlier_version_learns_its_grids(project):
    case = project.case("ball_05")
    with project.change() as table:
        table.execute("UPDATE cases SET grid = NULL, image_stat = NULL")
    before = read_grid(case.image)
    first = project.grid(case)
    case.image.unlink()
    again = project.grid(case)
    assert not again.difference(before)
    assert again.to_json() == first.to_json()


def test_a_hostile_grid_is_one_sentence(project):
    for text in ("{", "[]", "null", '{"shape": [1], "affine": [], "header": null}', "[" * 9999):
        with project.change() as table:
            table.execute("UPDATE cases SET grid = ?", (text,))
        with pytest.raises(AlntError, match="damaged"):
            project.grid(project.case("ball_05"))


def test_beside_a_copied_project_anothers_files_are_not_taken(balls, tmp_path):
    """The copy lies beside files of the same names; the recorded ones are still there."""
    shutil.copytree(balls.folder, tmp_path / "copy" / "project")
    shutil.copytree(balls.folder.parent / "files", tmp_path / "copy" / "files")
    for path in (tmp_path / "copy" / "files").iterdir():
        (mirrored if "image" in path.name else emptied)(path)
    with Project.open(tmp_path / "copy" / "project") as project:
        case = project.case("ball_05")
        assert case.image.parent == balls.folder.parent / "files"
        assert project.teacher(case).voxels.any()
        shutil.move(balls.folder.parent / "files", tmp_path / "away")
        # now there is nothing but the wrong ones
        with pytest.raises(ChangedFile):
            project.image(project.case("ball_05"))
