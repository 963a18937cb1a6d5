"""The masks of a project: accepted versions, drafts, and the Dice of the teacher's masks."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.data import Project, mask_dice, read_grid, read_labels, sha256, write_labels
from napari_alnt.errors import AlntError
from napari_alnt.simulation import PhantomCase

# versions and drafts ------------------------------------------------------------------------------


def test_accept_revert_and_what_is_kept(project: Project, phantoms: list[PhantomCase]) -> None:
    case = project.by_role("pool")[0]
    truth = read_labels(phantoms[case.number - 1].truth).voxels
    teacher_before = sha256(phantoms[case.number - 1].teacher)
    first = project.labels.accept(case.name, truth, author="Dr A", seconds=61.5, model="run 1")
    assert (first.number, first.parent, first.author, first.seconds) == (1, "teacher", "Dr A", 61.5)
    assert first.sha256 == sha256(first.file)
    second = project.labels.accept(case.name, np.where(truth == 2, 255, truth), confirmed=True)
    assert (second.parent, second.confirmed, second.file.name) == ("0001", True, "0002.nii.gz")
    now = project.case(case.name)
    assert (now.role, now.status, now.version, now.label_version, now.expert) == (
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

    project.labels.revert(case.name)
    assert project.case(case.name).label_version == "0001"
    project.labels.revert(case.name)
    assert project.case(case.name) == case
    with pytest.raises(AlntError, match="no accepted version"):
        project.labels.revert(case.name)
    assert [version.reverted for version in project.labels.versions(case.name)] == [True, True]
    assert project.labels.accept(case.name, truth).number == 3
    assert all(version.file.exists() for version in project.labels.versions(case.name))
    assert sha256(phantoms[case.number - 1].teacher) == teacher_before


@pytest.mark.parametrize("kind", ["shape", "value", "float", "test"])
def test_labels_that_do_not_fit_change_nothing(project: Project, kind: str) -> None:
    case = project.by_role("test" if kind == "test" else "pool")[0]
    labels: Any = np.zeros(case.shape, np.uint8)
    labels = {"shape": labels[1:], "value": labels + 9, "float": labels + 0.5, "test": labels}[kind]
    before = project.cases
    with pytest.raises(AlntError):
        project.labels.accept(case.name, labels)
    assert project.cases == before
    assert not list(project.folder.glob("labels/*/*.nii.gz"))


def test_a_file_left_by_a_crash_is_not_written_over(project: Project) -> None:
    case = project.by_role("pool")[0]
    left = project.label_folder(case) / "0001.nii.gz"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left")
    assert project.labels.accept(case.name, np.zeros(case.shape, np.uint8)).number == 2
    assert left.read_bytes() == b"left"


def test_drafts_and_marks(project: Project) -> None:
    name, shape = (case := project.by_role("pool")[0]).name, case.shape
    assert project.drafts.load(name) is None
    project.set_status(name, "skipped")
    assert project.case(name).status == "skipped"
    for value in (1, 2):
        project.drafts.save(name, np.full(shape, value), seconds=value)
    draft = project.drafts.load(name)
    assert draft is not None
    assert (draft == 2).all()
    assert (project.case(name).status, project.drafts.seconds(name)) == ("draft", 2)
    project.drafts.drop(name)
    assert (project.drafts.load(name), project.case(name).status) == (None, "new")
    project.drafts.save(name, np.full(shape, 1))
    project.labels.accept(name, np.full(shape, 1))
    assert project.drafts.load(name) is None
    with pytest.raises(AlntError, match="only pool cases"):
        project.set_status(name, "flagged")
    with pytest.raises(AlntError, match="cannot be set"):
        project.set_status(project.by_role("pool")[0].name, "accepted")


def test_a_teacher_mask_made_later(project, scored):
    project.runs.start("train", project.settings)
    case = project.by_role("pool")[0]
    project.runs.add_scores(1, [scored(case.name)])
    path = project.folder / "runs" / "teacher.nii.gz"
    write_labels(path, np.full(case.shape, 2), read_grid(case.image))
    project.labels.set_teacher(case.name, path)
    mask = project.teacher(project.case(case.name))
    assert mask is not None
    assert (mask.voxels == 2).all()
    assert project.runs.scores() == []
    write_labels(path, np.full(case.shape, 5), read_grid(case.image))
    with pytest.raises(AlntError, match="label 5"):
        project.labels.set_teacher(case.name, path)


def test_a_correction_of_a_reference_case_is_a_version_of_it(project):
    case = project.by_role("reference")[0]
    version = project.labels.accept(case.name, np.zeros(case.shape, np.uint8))
    assert (version.parent, project.case(case.name).role) == ("expert", "reference")
    project.labels.revert(case.name)
    assert project.case(case.name) == case


def test_the_parent_can_be_another_label(project):
    case = project.by_role("pool")[0]
    labels = np.zeros(case.shape, np.uint8)
    accepted = project.labels.accept(case.name, labels, parent="", model="run 3")
    assert project.labels.versions(case.name) == (accepted,)
    assert (accepted.parent, accepted.model) == ("", "run 3")


def test_the_ignore_label_is_accepted_and_unknown_values_are_not(project, tmp_path):
    case = project.by_role("pool")[0]
    grid = read_grid(case.image)
    path = tmp_path / "mask.nii.gz"
    unlabelled = np.zeros(case.shape, np.uint8)
    unlabelled[:5] = 255
    write_labels(path, unlabelled, grid)
    assert np.array_equal(project.labels.read_mask(case.name, path).voxels, unlabelled)
    write_labels(path, np.full(case.shape, 3), grid)
    with pytest.raises(AlntError, match=r"mask\.nii\.gz.*label 3.*\(1, 2\)"):
        project.labels.read_mask(case.name, path)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_a_correction_whose_structure_has_the_ignore_label_is_refused(project, dtype):
    case = project.by_role("pool")[0]
    labels = np.zeros(case.shape, dtype)
    labels[9:12, 9:12, 9:12] = 255
    with pytest.raises(AlntError, match=f"'{case.name}' holds no value but 0 and 255"):
        project.labels.accept(case.name, labels)
    assert project.labels.versions(case.name) == ()
    labels[10, 10, 10] = 1
    assert project.labels.accept(case.name, labels).number == 1


def test_the_hash_of_a_teachers_mask_in_two_files_is_that_of_both(project, tmp_path):
    case = project.by_role("pool")[0]
    image = nib.load(case.image)
    hashes = set()
    for value in (1, 2):
        mask = nib.Nifti1Pair(np.full(image.shape, value, np.uint8), image.affine)
        nib.save(mask, tmp_path / "mask.img")
        project.labels.set_teacher(case.name, tmp_path / "mask.hdr")
        hashes.add(project.case(case.name).teacher_sha256)
    assert len(hashes) == 2


def test_a_draft_that_does_not_fit_leaves_the_one_before(project):
    case = project.by_role("pool")[0]
    project.drafts.save(case.name, np.full(case.shape, 1), seconds=3)
    with pytest.raises(AlntError, match="voxels"):
        project.drafts.save(case.name, np.full((1, 2, 3), 1), seconds=4)
    assert project.drafts.load(case.name).all()
    assert project.drafts.seconds(case.name) == 3


def test_a_draft_whose_file_is_lost_is_said(project):
    case = project.by_role("pool")[0]
    project.drafts.save(case.name, np.full(case.shape, 1))
    project.drafts.file(case.name).unlink()
    with pytest.raises(AlntError, match=r"draft of case .* is lost .*discard"):
        project.drafts.load(case.name)
    project.drafts.drop(case.name)
    assert project.drafts.load(case.name) is None


# the Dice of masks --------------------------------------------------------------------------------


def _dice_by_counting(one, other, ignore_label):
    pairs = [
        (a, b)
        for a, b in zip(one.ravel().tolist(), other.ravel().tolist(), strict=True)
        if ignore_label not in (a, b)
    ]
    values = {value for pair in pairs for value in pair} - {0}
    each = [
        2 * sum(a == b == v for a, b in pairs) / sum((a == v) + (b == v) for a, b in pairs)
        for v in sorted(values)
    ]
    return float(np.mean(each)) if each else 1.0


@pytest.mark.parametrize("seed", range(8))
def test_the_dice_is_that_of_counting(seed):
    rng = np.random.default_rng(seed)
    one, other = (rng.choice([0, 0, 1, 2, 3, 255], (4, 5, 6)).astype(np.uint8) for _ in range(2))
    if seed % 2:
        other = np.where(other == 3, 0, other).astype(np.uint16)
    assert mask_dice(one, other, 255) == pytest.approx(_dice_by_counting(one, other, 255))
    assert mask_dice(one, one, 255) == 1


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64])
def test_the_dice_of_large_values_takes_no_memory_by_the_value(dtype):
    values = np.array([0, 0, 1, 65_535, 65_536, 10**8, 2**31 - 1, 255], dtype)
    rng = np.random.default_rng(0)
    one, other = (rng.choice(values, (9, 10, 11)) for _ in range(2))
    expected = _dice_by_counting(one, other, 255)
    tracemalloc.start()
    dice = mask_dice(one, other, 255)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert dice == pytest.approx(expected)
    assert mask_dice(one, np.where(other == 255, 0, other).astype(np.uint8), 255) < 1
    assert peak < 2**20


def test_the_dice_of_nothing_and_of_a_label_that_one_lacks():
    empty = np.zeros((2, 3, 4), np.uint8)
    assert math.isnan(mask_dice(empty, empty, 255))
    assert mask_dice(empty, empty + 1, 255) == 0
    assert math.isnan(mask_dice(empty + 255, empty + 1, 255))  # nothing known, nothing to compare


def test_accept_keeps_the_dice_with_the_teachers_mask(balls):
    with Project.open(balls.folder) as project:
        teacher = project.teacher(project.case("ball_05")).voxels
        truth = balls.true_labels("ball_05")
        version = project.labels.accept("ball_05", truth)
        assert version.dice == pytest.approx(_dice_by_counting(teacher, truth, 255))
        own = project.teacher(project.case("ball_04")).voxels
        assert project.labels.accept("ball_04", own, confirmed=True).dice == 1
        assert project.labels.reviewed_dice() == {"ball_04": 1, "ball_05": version.dice}
        assert (
            project.labels.accept("ball_06", truth, confirmed=True).dice < 1
        )  # the masks count, not the word
        project.labels.revert("ball_06")
        assert project.labels.accept("ball_07", 0 * truth, teacher=0 * truth).dice == 1
        project.labels.revert("ball_07")
        project.labels.revert("ball_04")
        assert project.labels.reviewed_dice() == {"ball_05": version.dice}
        reference = project.by_role("reference")[0].name
        assert math.isnan(project.labels.accept(reference, truth).dice)
        assert project.pool_with_teacher == ("ball_04", "ball_05", "ball_06", "ball_07")
        assert list(project.labels.reviewed_dice()) == ["ball_05"]


def test_a_broken_teachers_mask_loses_no_work(balls):
    with Project.open(balls.folder) as project:
        case = project.case("ball_05")
        case.teacher.write_bytes(b"broken")
        version = project.labels.accept("ball_05", balls.true_labels("ball_05"))
        assert version.file.exists()
        assert math.isnan(version.dice)
        assert project.labels.reviewed_dice() == {}


def test_another_teachers_mask_is_compared_anew(balls):
    with Project.open(balls.folder) as project:
        case, truth = project.case("ball_05"), balls.true_labels("ball_05")
        project.labels.accept("ball_05", truth)
        assert project.labels.reviewed_dice()["ball_05"] < 0.7
        write_labels(project.folder / "better.nii.gz", truth, read_grid(case.image))
        project.labels.set_teacher("ball_05", project.folder / "better.nii.gz")
        assert project.labels.reviewed_dice() == {"ball_05": 1}
        assert project.labels.versions("ball_05")[-1].dice == 1
