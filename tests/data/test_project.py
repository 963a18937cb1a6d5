"""A project: made once, opened by one that writes and any number that read, and never lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.data import (
    TABLE,
    CaseFiles,
    Project,
    is_project,
    read_grid,
    read_labels,
    sha256,
    write_image,
)
from napari_alnt.errors import AlntError, ProjectLocked, ReadOnly
from napari_alnt.settings import Settings
from napari_alnt.simulation import PhantomCase


def test_a_new_project_knows_its_cases(project: Project, phantoms: list[PhantomCase]) -> None:
    assert project.label_names == {1: "label 1", 2: "label 2"}
    assert [
        len(project.by_role(role)) for role in ("pool", "reference", "test", "teacher_training")
    ] == [4, 2, 2, 0]
    assert {case.status for case in project.by_role("pool")} == {"new"}
    assert {case.status for case in project.by_role("test")} == {"expert"}
    case, phantom = project.cases[0], phantoms[0]
    assert (case.number, case.label_version, case.image_sha256) == (
        1,
        "expert",
        sha256(phantom.image),
    )
    assert case.shape == project.image(case).voxels.shape
    assert case.spacing == project.image(case).spacing
    expert, teacher = project.expert(case), project.teacher(case)
    assert expert is not None
    assert teacher is not None
    np.testing.assert_array_equal(expert.voxels, read_labels(phantom.truth).voxels)
    np.testing.assert_array_equal(teacher.voxels, read_labels(phantom.teacher).voxels)
    assert project.expert(project.by_role("pool")[0]) is None


def test_roles_labels_and_settings_outlive_the_window(tmp_path, make_project):
    settings = Settings(seed=3, epochs=7)
    with make_project(
        tmp_path / "p",
        teacher_training=1,
        labels={1: "ggo", 2: "cons", 3: "more"},
        settings=settings,
    ) as first:
        cases, labels = first.cases, first.label_names
        first.save_settings(Settings(seed=3, epochs=9))
    with Project.open(tmp_path / "p") as again:
        assert (again.cases, again.label_names, again.settings.epochs) == (cases, labels, 9)
        with pytest.raises(AlntError, match="ignore_label"):
            again.save_settings(Settings(ignore_label=9))


def test_a_project_is_not_made_over_something_else(tmp_path, make_project):
    make_project(tmp_path / "p").close()
    with pytest.raises(AlntError, match="already is a project"):
        make_project(tmp_path / "p")
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "thesis.txt").touch()
    with pytest.raises(AlntError, match="not empty"):
        make_project(tmp_path / "q")
    with pytest.raises(AlntError, match="not a napari-alnt project"):
        Project.open(tmp_path / "q")


def test_one_writes_and_others_look(project: Project) -> None:
    with pytest.raises(ProjectLocked, match=f"process {os.getpid()}"):
        Project.open(project.folder)
    case = project.by_role("pool")[0]
    with Project.open(project.folder, write=False) as other:
        assert not other.writable
        project.labels.accept(case.name, np.zeros(case.shape, np.uint8))
        assert other.case(case.name).label_version == "0001"
        for change in (
            lambda: other.labels.accept(case.name, np.zeros(case.shape, np.uint8)),
            lambda: other.set_status(case.name, "flagged"),
            lambda: other.runs.start("train", other.settings),
            lambda: other.save_settings(other.settings),
            lambda: other.drafts.save(case.name, np.zeros(case.shape, np.uint8)),
        ):
            with pytest.raises(ReadOnly):
                change()
    project.close()
    Project.open(project.folder).close()


def test_a_moved_tree_still_opens(tmp_path: Path, phantoms: list[PhantomCase]) -> None:
    data = tmp_path / "old" / "data"
    shutil.copytree(phantoms[0].image.parents[1], data)
    moved = [
        CaseFiles(
            case.name,
            data / "images" / case.image.name,
            data / "teacher" / case.teacher.name,
            data / "truth" / case.truth.name if index < 2 else None,
        )
        for index, case in enumerate(phantoms[:4])
    ]
    Project.create(tmp_path / "old" / "p", moved).close()
    (tmp_path / "old").rename(tmp_path / "new")
    with Project.open(tmp_path / "new" / "p") as project:
        assert project.image(project.cases[0]).voxels.shape == project.cases[0].shape
        project.cases[0].image.unlink()
        with pytest.raises(AlntError, match="chest_01"):
            project.image(project.cases[0])


def test_a_folder_with_a_table_is_a_project(project, tmp_path):
    assert is_project(project.folder)
    assert is_project(str(project.folder))
    assert not is_project(tmp_path)
    assert not is_project(project.folder / TABLE)
    (tmp_path / TABLE).mkdir()
    assert not is_project(tmp_path)


def test_roles_may_be_given_and_progress_is_told(tmp_path, make_project, phantoms):
    given = ["test", "reference", "teacher_training", "reference"]
    roles = {case.name: role for case, role in zip(phantoms, given, strict=False)}
    heard: list[tuple[int, int]] = []
    options = {"roles": roles, "progress": lambda done, total: heard.append((done, total))}
    with make_project(tmp_path / "p", **options) as project:
        assert [case.role for case in project.cases] == [*given, *["pool"] * 4]
    assert heard == [(done, 8) for done in range(1, 9)]


def test_a_project_that_cannot_be_made_leaves_the_folder_that_was_there(tmp_path, make_project):
    (tmp_path / "p").mkdir()
    with pytest.raises(AlntError, match="role"):
        make_project(tmp_path / "p", roles={})
    assert list((tmp_path / "p").iterdir()) == []


def test_a_failed_write_of_the_table_leaves_no_folder(tmp_path, make_project, monkeypatch):
    def fail(path: Path, write: object, replace: bool) -> None:
        raise AlntError("The disk is full.")

    monkeypatch.setattr("napari_alnt.data.project.write_atomic", fail)
    with pytest.raises(AlntError, match="full"):
        make_project(tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_the_lock_is_free_after_a_failed_opening(project):
    project.close()
    table = (project.folder / TABLE).read_bytes()
    (project.folder / TABLE).write_bytes(b"damaged" * 100)
    with pytest.raises(AlntError, match="damaged"):
        Project.open(project.folder)
    (project.folder / TABLE).write_bytes(table)
    Project.open(project.folder).close()


ACCEPTER = """
import sys
import numpy as np
from napari_alnt.data.project import Project
with Project.open(sys.argv[1]) as project:
    case = project.case(sys.argv[2])
    labels = np.random.default_rng(0).integers(0, 3, case.shape).astype(np.uint8)
    project.labels.accept(case.name, labels)
    while True:
        labels = np.roll(labels, 1)
        version = project.labels.accept(case.name, labels, seconds=1)
        print(version.number, version.sha256, flush=True)
        project.drafts.save(case.name, labels)
"""


def test_a_kill_loses_no_acknowledged_version(tmp_path, make_project, phantoms):
    make_project(tmp_path / "p").close()
    acknowledged: list[list[str]] = []
    for turn in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", ACCEPTER, str(tmp_path / "p"), phantoms[-1].name],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        acknowledged.append(child.stdout.readline().split())
        try:
            child.wait(0.021 + 0.017 * turn)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        acknowledged += [
            line.split() for line in child.communicate()[0].splitlines() if line.count(" ") == 1
        ]
    with Project.open(tmp_path / "p") as project:
        name = phantoms[-1].name
        versions = {str(version.number): version for version in project.labels.versions(name)}
        for number, digest in acknowledged:
            assert versions[number].sha256 == digest
        for version in versions.values():
            assert sha256(version.file) == version.sha256
            read_labels(version.file, like=project.image(project.case(name)))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small disk"
)
def test_a_full_disk_leaves_the_project_as_it_was(tmp_path, make_project):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True
    ).returncode:
        pytest.skip("this system lets no one mount a small disk")
    try:
        with make_project(disk / "p") as project:
            case = project.by_role("pool")[0]
            noise = np.random.default_rng(0).integers(0, 3, case.shape).astype(np.uint8)
            project.labels.accept(case.name, noise)
            project.drafts.save(case.name, noise)
            (disk / "rest").write_bytes(
                bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize)
            )
            before = (project.cases, project.labels.versions(case.name))
            for change in (
                lambda: project.labels.accept(case.name, noise[::-1]),
                lambda: project.drafts.save(case.name, noise[::-1]),
                lambda: project.runs.start("train", project.settings),
                lambda: write_image(disk / "x.nii.gz", noise, read_grid(case.image)),
            ):
                with pytest.raises(AlntError, match="full"):
                    change()
            assert (project.cases, project.labels.versions(case.name)) == before
            draft = project.drafts.load(case.name)
            assert draft is not None
            np.testing.assert_array_equal(draft, noise)
            (disk / "rest").unlink()
            assert project.labels.accept(case.name, noise).number > 1
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
