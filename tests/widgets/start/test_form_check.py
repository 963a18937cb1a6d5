"""What stands in the form, checked: which field is wrong, and what the project becomes."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from napari_alnt.data import CaseFiles, Project
from napari_alnt.errors import AlntError
from napari_alnt.widgets.start.form_check import (
    Reading,
    Stopped,
    WrongField,
    check_form,
    find,
    make_project,
    require_different_names,
    require_experts,
    unknown_value,
)
from napari_alnt.widgets.start.source_pages import COMMON, PAGES, UNKNOWN

EMPTY = {name: "" for page in PAGES for name in page.rows} | dict.fromkeys(COMMON, "")
NONE = {"teacher_training": 0, "reference": 0, "test": 0}


@pytest.fixture
def files(balls):
    """Images in a folder of their own, masks beside it by rules; four cases have an expert's."""
    files = balls.folder.parent / "files"
    (files / "images").mkdir()
    for path in files.glob("*_image.nii.gz"):
        path.rename(files / "images" / path.name.replace("_image", ""))
    for number in range(4, 8):
        (files / f"ball_0{number}_truth.nii.gz").unlink()
    return files


def texts(files, **others):
    return EMPTY | {
        "images": str(files / "images"),
        "expert": f"{files}/{{case}}_truth.nii.gz",
        "teacher": f"{files}/{{case}}_teacher.nii.gz",
        "project": str(files.parent / "new"),
        **others,
    }


def wrong(page, asked, counts=NONE, names=None):
    with pytest.raises(WrongField) as caught:
        check_form(PAGES[page], asked, counts, lambda *_: None, names)
    return caught.value


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("images", "", "Images: Say where the images are"),
        ("images", "nowhere/*.nii", "Images: No images were found"),
        ("expert", "nowhere/{case}.nii", "Expert masks: The expert masks 'nowhere/"),
        ("expert", "no rule", "Expert masks: 'no rule' is neither a folder"),
        ("teacher", "nowhere/{case}.nii", "Teacher masks: The teacher masks 'nowhere/"),
        ("patient", "(", "Patient: The patient rule '(' is no regular expression"),
        ("patient", "^P", "Patient: The patient rule '^P' finds nothing"),
        ("project", "", "Project: Name a new folder"),
    ],
)
def test_the_wrong_field_is_named(files, field, text, sentence):
    error = wrong(0, texts(files, **{field: text}))
    assert error.fields == (field,)
    assert str(error).startswith(sentence)


def test_a_folder_that_is_taken_is_told_before_the_files_are_read(files):
    (files / "images" / "ball_00.nii.gz").write_bytes(b"broken")
    assert wrong(0, texts(files, project=str(files))).fields == ("project",)


@pytest.mark.parametrize(
    ("page", "asked", "fields"),
    [(1, {"nnunet": "nowhere"}, ("nnunet",)), (2, {"datalist": "nowhere.json"}, ("datalist",))],
)
def test_each_kind_of_source_names_its_field(page, asked, fields, tmp_path):
    with pytest.raises(WrongField) as caught:
        find(PAGES[page], EMPTY | asked)
    assert caught.value.fields == fields


@pytest.mark.parametrize("kind", ["image", "expert", "teacher"])
def test_a_file_that_cannot_be_read_names_the_field_it_came_from(files, kind):
    path = (
        files
        / {
            "image": "images/ball_01.nii.gz",
            "expert": "ball_01_truth.nii.gz",
            "teacher": "ball_01_teacher.nii.gz",
        }[kind]
    )
    path.write_bytes(b"no image")
    assert wrong(0, texts(files)).fields == (PAGES[0].origin[kind],)


@pytest.mark.parametrize(
    ("experts", "counts", "fields", "sentence"),
    [
        (0, {}, ("expert",), "but no image has one"),
        (1, {}, ("expert",), "but 1 image has one"),
        (3, {"reference": 3}, ("reference",), "You ask for 4 expert cases (3 lead;"),
        (4, {"test": 3, "teacher_training": 2}, ("test", "teacher_training"), "ask for fewer"),
    ],
)
def test_too_few_experts_are_told_in_words(experts, counts, fields, sentence, tmp_path):
    cases = [
        CaseFiles(str(number), tmp_path / "i", expert=tmp_path / "e" if number < experts else None)
        for number in range(6)
    ]
    with pytest.raises(WrongField) as caught:
        require_experts(PAGES[0], cases, NONE | counts)
    assert caught.value.fields == fields
    assert sentence in str(caught.value)


def test_patients_that_cannot_be_held_out_are_told_in_words(tmp_path):
    cases = [
        CaseFiles(str(number), tmp_path / "i", None, tmp_path / "e" if number else None, "P")
        for number in range(4)
    ]
    with pytest.raises(WrongField, match="held-out cases") as caught:
        require_experts(PAGES[0], cases, NONE | {"test": 1})
    assert caught.value.fields == ("test",)


def test_names_that_were_written_become_the_projects(files):
    heard = []
    checked = check_form(
        PAGES[0], texts(files), NONE, lambda *numbers: heard.append(numbers), {1: "nodule", 9: "x"}
    )
    assert heard[-1] == (8, 8)
    with Project.open(make_project(str(files.parent / "new"), checked)) as project:
        assert project.label_names == {1: "nodule"}
    with pytest.raises(WrongField, match="already is a project") as caught:
        make_project(str(files.parent / "new"), checked)
    assert caught.value.fields == ("project",)


def test_two_labels_with_one_name_are_refused():
    with pytest.raises(WrongField, match="Labels 1 and 3 are both called 'Lesion'") as caught:
        require_different_names({1: "lesion", 2: "", 3: "Lesion", 4: ""})
    assert caught.value.fields == ("labels",)


def test_labels_and_ignore_label_come_from_the_source(files, tmp_path):
    raw = tmp_path / "raw"
    for folder in ("imagesTr", "labelsTr"):
        (raw / folder).mkdir(parents=True)
    for number in range(4):
        shutil.copy(
            files / f"images/ball_0{number}.nii.gz", raw / f"imagesTr/b{number}_0000.nii.gz"
        )
        shutil.copy(files / f"ball_0{number}_truth.nii.gz", raw / f"labelsTr/b{number}.nii.gz")
    shutil.copy(files / "ball_00_truth.nii.gz", raw / "labelsTr/B9.nii.gz")
    (raw / "dataset.json").write_text('{"labels": {"background": 0, "nodule": 1, "ignore": 2}}')
    asked = EMPTY | {"nnunet": str(raw), "project": str(tmp_path / "n")}
    counts = {"teacher_training": 1, "reference": 2, "test": 1}
    checked = check_form(PAGES[1], asked, counts, lambda *_: None)
    assert checked.names == {1: "nodule"}
    assert checked.settings.ignore_label == 2
    (notice,) = checked.notices
    assert "1 expert mask belongs to no image ('B9.nii.gz')" in str(notice)
    assert sorted(checked.roles.values()) == ["reference", "reference", "teacher_training", "test"]


@pytest.mark.parametrize(("given", "value"), [("", 2), ("7", 7), ("0", 0)])
def test_what_is_given_for_unknown_goes_before_the_source(given, value):
    source = SimpleNamespace(ignore_label=lambda: 2)
    assert unknown_value(source, EMPTY | {UNKNOWN: given}) == value
    assert unknown_value(SimpleNamespace(ignore_label=lambda: None), EMPTY) == 255


def test_a_label_that_is_unknown_is_no_label_of_the_project(files):
    error = wrong(0, texts(files, **{UNKNOWN: "1"}))
    assert "1 is the ignore label" in str(error)


def test_a_reading_that_is_stopped_ends_at_the_next_file(files):
    reading = Reading()
    seen = []

    def progress(done, total):
        reading.progress(done, total)
        seen.append(done)
        if done == 2:
            reading.stop()

    with pytest.raises(Stopped):
        check_form(PAGES[0], texts(files), NONE, progress)
    assert seen[-1] == 2
    assert (reading.done, reading.total) == (2, 8)


def test_an_error_that_is_of_no_field_stays_as_it_is(files, monkeypatch):
    def fail(*_, **__):
        raise AlntError("Memory does not suffice.")

    monkeypatch.setattr("napari_alnt.widgets.start.form_check.check_cases", fail)
    with pytest.raises(AlntError, match=r"^Memory does not suffice\.$") as caught:
        check_form(PAGES[0], texts(files), NONE, lambda *_: None)
    assert not isinstance(caught.value, WrongField)
