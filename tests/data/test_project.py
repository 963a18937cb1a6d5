import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.data import CaseFiles, Project, read_labels, sha256, write_image, write_labels
from napari_alnt.data.volume import read_grid
from napari_alnt.errors import AlntError, NewerProject, ProjectLocked, ReadOnly
from napari_alnt.events import (
    NAN,
    AuditedCase,
    CaseScored,
    EpochDone,
    LedgerRow,
    Predicted,
    Validated,
)
from napari_alnt.settings import Settings
from napari_alnt.simulation import PhantomCase


def make(folder: Path, phantoms: list[PhantomCase], **options: Any) -> Project:
    cases = [case.files(expert=index < 4) for index, case in enumerate(phantoms)]
    return Project.create(folder, cases, **options)


@pytest.fixture
def project(tmp_path: Path, phantoms: list[PhantomCase]) -> Any:
    with make(tmp_path / "project", phantoms) as made:
        yield made


def scored(project: Project, case: str, step: int = 1) -> CaseScored:
    return CaseScored(
        case, step, 0.1, NAN, 0.3, 0.4, 0.5, 0.6, 0.7, 8, label=project.case(case).label_sha256
    )


def test_a_new_project_knows_its_cases(project: Project, phantoms: list[PhantomCase]) -> None:
    assert project.labels == {1: "label 1", 2: "label 2"}
    assert [len(project.by_role(role)) for role in ("pool", "reference", "audit", "seed")] == [
        4,
        2,
        2,
        0,
    ]
    assert {case.status for case in project.by_role("pool")} == {"new"}
    assert {case.status for case in project.by_role("audit")} == {"expert"}
    case, phantom = project.cases[0], phantoms[0]
    assert (case.number, case.label, case.image_sha256) == (1, "expert", sha256(phantom.image))
    assert case.shape == project.image(case).voxels.shape
    assert case.spacing == project.image(case).spacing
    expert, teacher = project.expert(case), project.teacher(case)
    assert expert is not None
    assert teacher is not None
    np.testing.assert_array_equal(expert.voxels, read_labels(phantom.truth).voxels)
    np.testing.assert_array_equal(teacher.voxels, read_labels(phantom.teacher).voxels)
    assert project.expert(project.by_role("pool")[0]) is None


def test_roles_labels_and_settings_outlive_the_window(
    tmp_path: Path, phantoms: list[PhantomCase]
) -> None:
    settings = Settings(seed=3, epochs=7)
    with make(
        tmp_path / "p",
        phantoms,
        seed_cases=1,
        labels={1: "ggo", 2: "cons", 3: "more"},
        settings=settings,
    ) as first:
        cases, labels = first.cases, first.labels
        first.save_settings(Settings(seed=3, epochs=9))
    with Project.open(tmp_path / "p") as again:
        assert (again.cases, again.labels, again.settings.epochs) == (cases, labels, 9)
        with pytest.raises(AlntError, match="unknown"):
            again.save_settings(Settings(unknown=9))


def other_grid(phantom: PhantomCase, folder: Path) -> CaseFiles:
    image = nib.load(phantom.truth)
    image.header.set_sform(image.affine + np.eye(4)[:, [3, 3, 3, 0]] * 0.4, 1)
    nib.save(
        nib.Nifti1Image(np.asanyarray(image.dataobj), None, image.header), folder / "moved.nii.gz"
    )
    return CaseFiles("x", phantom.image, folder / "moved.nii.gz")


def strange_value(phantom: PhantomCase, folder: Path) -> CaseFiles:
    grid = read_grid(phantom.image)
    write_labels(folder / "seven.nii.gz", np.full(grid.shape, 7), grid)
    return CaseFiles("x", phantom.image, folder / "seven.nii.gz")


def cut_short(phantom: PhantomCase, folder: Path) -> CaseFiles:
    (folder / "cut.nii.gz").write_bytes(phantom.image.read_bytes()[:-900])
    return CaseFiles("x", folder / "cut.nii.gz")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (other_grid, r"moved\.nii\.gz.*chest_01"),
        (strange_value, r"seven\.nii\.gz.*label 7"),
        (cut_short, r"cut\.nii\.gz.*cut short"),
        (lambda phantom, _: CaseFiles("a/b", phantom.image), "'a/b' cannot name"),
        (lambda phantom, _: CaseFiles("CHEST_02", phantom.image), "Two cases"),
    ],
)
def test_a_case_that_will_not_do_leaves_no_project(
    tmp_path: Path, phantoms: list[PhantomCase], spoil: Any, says: str
) -> None:
    cases = [*(case.files(expert=True) for case in phantoms[:3]), spoil(phantoms[0], tmp_path)]
    with pytest.raises(AlntError, match=says):
        Project.create(tmp_path / "project", cases, labels={1: "a", 2: "b"})
    assert not (tmp_path / "project").exists()


def test_a_project_is_not_made_over_something_else(
    tmp_path: Path, phantoms: list[PhantomCase]
) -> None:
    make(tmp_path / "p", phantoms).close()
    with pytest.raises(AlntError, match="already is a project"):
        make(tmp_path / "p", phantoms)
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "thesis.txt").touch()
    with pytest.raises(AlntError, match="not empty"):
        make(tmp_path / "q", phantoms)
    with pytest.raises(AlntError, match="not a napari-alnt project"):
        Project.open(tmp_path / "q")


def test_accept_revert_and_what_is_kept(project: Project, phantoms: list[PhantomCase]) -> None:
    case = project.by_role("pool")[0]
    truth = read_labels(phantoms[case.number - 1].truth).voxels
    teacher_before = sha256(phantoms[case.number - 1].teacher)
    first = project.accept(case.name, truth, author="Dr A", seconds=61.5, model="run 1")
    assert (first.number, first.parent, first.author, first.seconds) == (1, "teacher", "Dr A", 61.5)
    assert first.sha256 == sha256(first.file)
    second = project.accept(case.name, np.where(truth == 2, 255, truth), confirmed=True)
    assert (second.parent, second.confirmed, second.file.name) == ("0001", True, "0002.nii.gz")
    now = project.case(case.name)
    assert (now.role, now.status, now.version, now.label, now.expert) == (
        "reference",
        "accepted",
        2,
        "0002",
        second.file,
    )
    saved = project.expert(now)
    assert saved is not None
    np.testing.assert_array_equal(saved.voxels, np.where(truth == 2, 255, truth))
    assert nib.load(second.file).header["sform_code"] == nib.load(case.image).header["sform_code"]

    project.revert(case.name)
    assert project.case(case.name).label == "0001"
    project.revert(case.name)
    assert project.case(case.name) == case
    with pytest.raises(AlntError, match="no accepted version"):
        project.revert(case.name)
    assert [version.set_aside for version in project.versions(case.name)] == [True, True]
    assert project.accept(case.name, truth).number == 3
    assert all(version.file.exists() for version in project.versions(case.name))
    assert sha256(phantoms[case.number - 1].teacher) == teacher_before


@pytest.mark.parametrize("kind", ["shape", "value", "float", "audit"])
def test_labels_that_do_not_fit_change_nothing(project: Project, kind: str) -> None:
    case = project.by_role("audit" if kind == "audit" else "pool")[0]
    labels: Any = np.zeros(case.shape, np.uint8)
    labels = {"shape": labels[1:], "value": labels + 9, "float": labels + 0.5, "audit": labels}[
        kind
    ]
    before = project.cases
    with pytest.raises(AlntError):
        project.accept(case.name, labels)
    assert project.cases == before
    assert not list(project.folder.glob("labels/*/*.nii.gz"))


def test_a_file_left_by_a_crash_is_not_written_over(project: Project) -> None:
    case = project.by_role("pool")[0]
    left = project.folder / "labels" / case.name / "0001.nii.gz"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left")
    assert project.accept(case.name, np.zeros(case.shape, np.uint8)).number == 2
    assert left.read_bytes() == b"left"


def test_drafts_and_marks(project: Project) -> None:
    name, shape = (case := project.by_role("pool")[0]).name, case.shape
    assert project.load_draft(name) is None
    project.set_status(name, "skipped")
    assert project.case(name).status == "skipped"
    for value in (1, 2):
        project.save_draft(name, np.full(shape, value), seconds=value)
    draft = project.load_draft(name)
    assert draft is not None
    assert (draft == 2).all()
    assert (project.case(name).status, project.draft_seconds(name)) == ("draft", 2)
    project.drop_draft(name)
    assert (project.load_draft(name), project.case(name).status) == (None, "new")
    project.save_draft(name, np.full(shape, 1))
    project.accept(name, np.full(shape, 1))
    assert project.load_draft(name) is None
    with pytest.raises(AlntError, match="only pool cases"):
        project.set_status(name, "flagged")
    with pytest.raises(AlntError, match="cannot be set"):
        project.set_status(project.by_role("pool")[0].name, "accepted")


def test_what_runs_say_is_remembered(project: Project) -> None:
    first = project.start_run("train", project.settings)
    second = project.start_run("train", Settings(epochs=3), parent=first.number)
    assert (first.number, second.number, second.parent, second.state) == (1, 2, 1, "running")
    assert (second.folder / "settings.json").exists()
    name = project.by_role("pool")[0].name
    row = LedgerRow(name, "pool", "teacher", 4, trust=0.25)
    for trust in (0.5, 0.25):  # a resumed run says its last epoch again
        project.add_ledger(
            2, EpochDone(0, 25, 1, 1, (LedgerRow(name, "pool", "teacher", 4, trust=trust),))
        )
    (entry,) = project.ledger(name)
    assert (entry.trust, entry.run, entry.epoch, entry.step, np.isnan(entry.share)) == (
        row.trust,
        2,
        0,
        25,
        True,
    )
    validated = Validated(25, 0, 0.5, 3.25, (AuditedCase("a", 0.5, 3.25, (0.25, 0.75)),))
    project.add_validation(2, validated)
    assert project.validations() == [validated]
    project.finish_run(2, "failed", -1)
    assert (project.run(2).state, project.run(2).step, project.run(2).settings.epochs) == (
        "failed",
        25,
        3,
    )
    assert [run.state for run in project.runs] == ["running", "failed"]
    with pytest.raises(AlntError, match="no run 3"):
        project.run(3)


def test_scores_hold_for_the_label_they_were_made_of(project: Project) -> None:
    project.start_run("train", project.settings)
    one, two = (case.name for case in project.by_role("pool")[:2])
    project.add_scores(1, [scored(project, one, 1), scored(project, two, 1)])
    project.add_scores(1, [scored(project, one, 2)])
    prediction = Predicted(
        one, 2, "s.nii.gz", "t.nii.gz", 12, 0.5, label=project.case(one).label_sha256
    )
    project.add_prediction(1, prediction)
    assert {(score.case, score.step) for score in project.scores()} == {(one, 2), (two, 1)}
    assert len(project.scores(latest=False)) == 3
    assert project.predictions() == [prediction]
    project.accept(one, np.zeros(project.case(one).shape, np.uint8))
    assert {score.case for score in project.scores()} == {two}
    assert project.predictions() == []
    project.revert(one)
    assert project.predictions() == [prediction]


def test_one_writes_and_others_look(project: Project) -> None:
    with pytest.raises(ProjectLocked, match=f"process {os.getpid()}"):
        Project.open(project.folder)
    case = project.by_role("pool")[0]
    with Project.open(project.folder, write=False) as other:
        assert not other.writable
        project.accept(case.name, np.zeros(case.shape, np.uint8))
        assert other.case(case.name).label == "0001"
        for change in (
            lambda: other.accept(case.name, np.zeros(case.shape, np.uint8)),
            lambda: other.set_status(case.name, "flagged"),
            lambda: other.start_run("train", other.settings),
            lambda: other.save_settings(other.settings),
            lambda: other.save_draft(case.name, np.zeros(case.shape, np.uint8)),
        ):
            with pytest.raises(ReadOnly):
                change()
    project.close()
    Project.open(project.folder).close()


def test_threads_may_read_while_another_writes(project: Project) -> None:
    project.start_run("train", project.settings)
    name, failures = project.by_role("pool")[0].name, []

    def read() -> None:
        try:
            for _ in range(50):
                assert len(project.cases) == 8
                project.scores()
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for step in range(10):
        project.add_scores(1, [scored(project, name, step)])
    for reader in readers:
        reader.join()
    assert not failures


def test_a_moved_tree_still_opens(tmp_path: Path, phantoms: list[PhantomCase]) -> None:
    shutil.copytree(phantoms[0].image.parents[1], tmp_path / "old" / "data")
    moved = [
        CaseFiles(c.name, tmp_path / "old/data/images" / c.image.name, tmp_path / "old/data/teacher" / c.teacher.name,
                  tmp_path / "old/data/truth" / c.truth.name if i < 2 else None)
        for i, c in enumerate(phantoms[:4])
    ]  # fmt: skip
    Project.create(tmp_path / "old" / "p", moved).close()
    (tmp_path / "old").rename(tmp_path / "new")
    with Project.open(tmp_path / "new" / "p") as project:
        assert project.image(project.cases[0]).voxels.shape == project.cases[0].shape
        project.cases[0].image.unlink()
        with pytest.raises(AlntError, match="chest_01"):
            project.image(project.cases[0])


def test_a_teacher_mask_made_later(project: Project, tmp_path: Path) -> None:
    project.start_run("train", project.settings)
    case = project.by_role("pool")[0]
    project.add_scores(1, [scored(project, case.name)])
    path = project.folder / "runs" / "teacher.nii.gz"
    write_labels(path, np.full(case.shape, 2), read_grid(case.image))
    project.set_teacher(case.name, path)
    mask = project.teacher(project.case(case.name))
    assert mask is not None
    assert (mask.voxels == 2).all()
    assert project.scores() == []
    write_labels(path, np.full(case.shape, 5), read_grid(case.image))
    with pytest.raises(AlntError, match="label 5"):
        project.set_teacher(case.name, path)


def test_a_newer_table_is_only_looked_at(project: Project) -> None:
    known = project.cases
    project.close()
    with sqlite3.connect(project.folder / "alnt.sqlite") as table:
        table.execute("ALTER TABLE cases ADD COLUMN later TEXT")
        table.execute("PRAGMA user_version = 99")
    table.close()
    with pytest.raises(NewerProject, match="newer napari-alnt"):
        Project.open(project.folder)
    with Project.open(project.folder, write=False) as looked_at:
        assert "newer napari-alnt" in looked_at.notices[0]
        assert looked_at.cases == known
        with pytest.raises(ReadOnly):
            looked_at.set_status(known[-1].name, "skipped")


def test_a_damaged_table_is_refused(project: Project) -> None:
    project.close()
    path = project.folder / "alnt.sqlite"
    path.write_bytes(b"no table at all" * 100)
    with pytest.raises(AlntError, match="damaged"):
        Project.open(project.folder, write=False)


ACCEPTER = """
import sys
import numpy as np
from napari_alnt.data.project import Project
with Project.open(sys.argv[1]) as project:
    case = project.case(sys.argv[2])
    labels = np.random.default_rng(0).integers(0, 3, case.shape).astype(np.uint8)
    project.accept(case.name, labels)
    while True:
        labels = np.roll(labels, 1)
        version = project.accept(case.name, labels, seconds=1)
        print(version.number, version.sha256, flush=True)
        project.save_draft(case.name, labels)
"""


def test_a_kill_loses_no_acknowledged_version(tmp_path: Path, phantoms: list[PhantomCase]) -> None:
    make(tmp_path / "p", phantoms).close()
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
        versions = {str(version.number): version for version in project.versions(name)}
        for number, digest in acknowledged:
            assert versions[number].sha256 == digest
        for version in versions.values():
            assert sha256(version.file) == version.sha256
            read_labels(version.file, like=project.image(project.case(name)))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a small disk"
)
def test_a_full_disk_leaves_the_project_as_it_was(
    tmp_path: Path, phantoms: list[PhantomCase]
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], capture_output=True
    ).returncode:
        pytest.skip("this system lets no one mount a small disk")
    try:
        with make(disk / "p", phantoms) as project:
            case = project.by_role("pool")[0]
            noise = np.random.default_rng(0).integers(0, 3, case.shape).astype(np.uint8)
            project.accept(case.name, noise)
            project.save_draft(case.name, noise)
            (disk / "rest").write_bytes(
                bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize)
            )
            before = (project.cases, project.versions(case.name))
            for change in (
                lambda: project.accept(case.name, noise[::-1]),
                lambda: project.save_draft(case.name, noise[::-1]),
                lambda: project.start_run("train", project.settings),
                lambda: write_image(disk / "x.nii.gz", noise, read_grid(case.image)),
            ):
                with pytest.raises(AlntError, match="full"):
                    change()
            assert (project.cases, project.versions(case.name)) == before
            draft = project.load_draft(case.name)
            assert draft is not None
            np.testing.assert_array_equal(draft, noise)
            (disk / "rest").unlink()
            assert project.accept(case.name, noise).number > 1
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
