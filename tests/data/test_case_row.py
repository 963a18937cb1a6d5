"""A case from its row: where its files are, and what its state is called."""

from __future__ import annotations

import shutil

import pytest

from napari_alnt.data import Project
from napari_alnt.data.case_row import CASES, read_case
from napari_alnt.errors import AlntError


def row(project, name):
    return project.table.rows(f"{CASES} WHERE cases.name = ?", name)[0]


def test_files_moved_with_the_project_are_found(balls, tmp_path):
    shutil.move(balls.folder.parent, tmp_path / "moved")
    with Project.open(tmp_path / "moved" / "project", write=False) as project:
        case = read_case(row(project, "ball_05"), project.folder)
    assert case.image == tmp_path / "moved" / "files" / "ball_05_image.nii.gz"
    assert case.image.exists()


def test_files_that_stayed_where_they_are_are_found(balls, tmp_path):
    shutil.move(balls.folder, tmp_path / "elsewhere")
    with Project.open(tmp_path / "elsewhere", write=False) as project:
        case = read_case(row(project, "ball_05"), project.folder)
    assert case.image == balls.folder.parent / "files" / "ball_05_image.nii.gz"


@pytest.mark.parametrize(
    ("name", "role", "status", "label"),
    [("ball_00", "reference", "expert", "expert"), ("ball_05", "pool", "new", "teacher")],
)
def test_role_and_status_of_a_new_project(balls, name, role, status, label):
    with Project.open(balls.folder, write=False) as project:
        case = read_case(row(project, name), project.folder)
    roles = ("reference", "test") if role == "reference" else (role,)
    assert case.role in roles
    assert (case.status, case.label_version, case.version) == (status, label, 0)


@pytest.mark.parametrize("column", ["name", "shape", "image"])
def test_a_row_that_cannot_be_ours_is_one_sentence(balls, column):
    with Project.open(balls.folder, write=False) as project:
        values = dict(row(project, "ball_05"))
    values[column] = b"\0" * 9
    with pytest.raises(AlntError, match="damaged or not to be trusted"):
        read_case(values, project.folder)
