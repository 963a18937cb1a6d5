"""Every file that is not as it was recorded is named, under the word that says what happened."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data import Project, make_folder, write_bytes
from napari_alnt.data.verification import verify
from napari_alnt.settings import Settings


@pytest.fixture
def project(balls):
    with Project.open(balls.folder) as project:
        case = project.case("ball_05")
        project.labels.accept("ball_05", np.full(case.shape, 1, np.uint8))
        project.drafts.save("ball_04", np.full(case.shape, 1, np.uint8))
        project.runs.start("train", Settings())
        yield project


def found(project):
    return {(one.trouble, one.file, one.case) for one in verify(project)}


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_project_as_it_was_recorded_has_nothing_to_say(project):
    seen = []
    assert verify(project, lambda *count: seen.append(count)) == ()
    assert seen == [(done, 8) for done in range(1, 9)]


@pytest.mark.parametrize("kind", ["image", "teacher"])
def test_files_from_outside_are_changed_or_missing(project, kind):
    case = project.case("ball_06")
    path = getattr(case, kind)
    flip(path)
    assert found(project) == {("changed", path, "ball_06")}
    path.unlink()
    assert found(project) == {("missing", path, "ball_06")}


def test_the_projects_own_files_are_damaged_or_missing(project):
    version = project.labels.versions("ball_05")[0].file
    draft = project.drafts.file("ball_04")
    settings = project.runs.all[-1].folder / "settings.json"
    files = {(version, "ball_05"), (draft, "ball_04"), (settings, "")}
    for path, _ in files:
        flip(path)
    assert found(project) == {("damaged", *one) for one in files}
    for path, _ in files:
        path.unlink()
    assert found(project) == {("missing", *one) for one in files}


def test_accepted_masks_that_were_exchanged_are_damaged(project):
    shape = project.case("ball_06").shape
    one = project.labels.versions("ball_05")[0].file
    other = project.labels.accept("ball_06", np.zeros(shape, np.uint8)).file
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    assert found(project) == {("damaged", one, "ball_05"), ("damaged", other, "ball_06")}


def test_files_that_nothing_names_are_orphans(project):
    folder = project.label_folder(project.case("ball_05"))
    (folder / "0007.nii.gz").write_bytes(b"left")
    (folder / ".0123456789ab-0008.nii.gz").write_bytes(b"left")
    assert {trouble for trouble, *_ in found(project)} == {"orphaned"}
    assert len(found(project)) == 2


def test_a_damaged_table_is_named(balls):
    Project.open(balls.folder).close()
    path = balls.folder / "alnt.sqlite"
    content = bytearray(path.read_bytes())
    place = content.rindex(b"ball_05")
    content[place] ^= 1
    path.write_bytes(content)
    with Project.open(balls.folder, write=False) as project:
        assert ("damaged", path, "") in found(project)


def test_a_journal_that_is_damaged_is_named(project):
    case = project.case("ball_06")
    path = project.journal(case)
    make_folder(path.parent)
    write_bytes(path, b"ALNT journal 1\r\n, and then something else" * 9)
    (finding,) = (one for one in verify(project) if one.case == case.name)
    assert (finding.trouble, finding.file) == ("damaged", path)
    assert finding.text == "the journal is damaged"
