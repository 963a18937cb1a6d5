"""What a new project will be, in one question and a few warnings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_alnt.data import CaseFiles, Grid, Notice, check_cases, write_image, write_labels
from napari_alnt.widgets.start.summary import summarise

SHAPE = (8, 9, 10)


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """Two cases to correct and three experts'; the teacher has left some slices unknown."""
    tmp_path = tmp_path_factory.mktemp("summary")
    grid = Grid.new(SHAPE, (3, 1, 1), axes="RAS")
    rng = np.random.default_rng(0)
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:5, 3:6, 3:6] = 1
    write_labels(tmp_path / "gold.nii.gz", mask, grid)
    mask[6:] = 255
    write_labels(tmp_path / "auto.nii.gz", mask, grid)
    cases = []
    for number in range(5):
        image = tmp_path / f"{number}.nii.gz"
        write_image(image, rng.normal(-700, 60, SHAPE).astype(np.int16), grid)
        expert = tmp_path / "gold.nii.gz" if number > 1 else None
        cases.append(CaseFiles(str(number), image, tmp_path / "auto.nii.gz", expert))
    made = check_cases(cases, reference=2, test=1, labels={1: "lesion"})
    return replace(made, notices=())


def with_files(checked, **kinds):
    """The same, with other files: None for none."""
    cases = tuple(replace(case, **kinds) for case in checked.cases)
    return replace(checked, cases=cases)


def test_all_is_said_in_one_question(checked):
    summary = summarise(checked)
    assert summary.question == (
        "2 cases to correct, 3 expert cases (2 lead, 1 is held out), lesion = 1, unknown = 255."
        " Make it?"
    )
    assert summary.warnings == ()


def test_notices_are_counted(checked):
    notice = Notice((), "a", "b")
    assert "; 1 notice. Make it?" in summarise(replace(checked, notices=(notice,))).question
    assert "; 2 notices. Make it?" in summarise(replace(checked, notices=(notice,) * 2)).question


def test_cases_that_train_a_teacher_are_told(checked):
    roles = checked.roles | {"3": "teacher_training"}
    said = summarise(replace(checked, roles=roles)).question
    assert "(1 leads, 1 is held out, 1 trains a teacher)" in said


def test_many_labels_are_counted(checked):
    names = {value: f"organ {value}" for value in range(1, 31)}
    said = summarise(replace(checked, names=names)).question
    assert "organ 12 = 12, … (30 labels)" in said
    assert "organ 13" not in said


def test_an_empty_queue_is_told_before_it_is_made(checked):
    roles = dict.fromkeys(checked.roles, "reference") | {"0": "test"}
    summary = summarise(replace(checked, roles=roles))
    assert summary.question.startswith("0 cases to correct, 5 expert cases")
    (warning,) = summary.warnings
    assert "nothing to correct" in warning


def test_a_pool_without_a_teacher_is_told_with_the_cure(checked):
    without = with_files(checked, teacher=None)
    (warning,) = summarise(without).warnings
    assert "give teacher masks, or let some expert cases train a teacher" in warning
    roles = checked.roles | {"3": "teacher_training"}
    (warning,) = summarise(replace(without, roles=roles)).warnings
    assert "learns from 1 expert case" in warning


@pytest.mark.parametrize(("same", "told"), [(0, False), (1, False), (2, True), (3, True)])
def test_the_teachers_masks_as_the_experts_are_told(checked, same, told):
    inspected = tuple(
        replace(found, expert_sha256=found.teacher_sha256) if 2 <= number < 2 + same else found
        for number, found in enumerate(checked.inspected)
    )
    warnings = summarise(replace(checked, inspected=inspected)).warnings
    assert bool(warnings) == told
    assert not told or f"{same} of 3 expert masks hold just what" in warnings[0]
