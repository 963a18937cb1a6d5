"""The form that makes a project."""

from __future__ import annotations

import shutil
import threading

import pytest
from conftest import make_balls
from qtpy.QtCore import Qt

from napari_alnt.data import Project, read_labels, write_labels
from napari_alnt.errors import AlntError
from napari_alnt.widgets.new_project import NewProject, check_form, make_project
from napari_alnt.widgets.source_pages import PAGES


@pytest.fixture
def dialog(qtbot):
    widget = NewProject()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def fill(dialog, **texts):
    for name, text in texts.items():
        dialog.rows[name].field.setText(str(text))


def press(dialog, qtbot):
    qtbot.mouseClick(dialog.make, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.files.busy, timeout=20_000)


def test_it_makes_a_project_from_patterns(dialog, qtbot, balls, tmp_path):
    files = balls.folder.parent / "files"
    for path in files.glob("*_image.nii.gz"):
        (files / "images").mkdir(exist_ok=True)
        path.rename(files / "images" / path.name.replace("_image", ""))
    for number in range(4, 8):
        (files / f"ball_0{number}_truth.nii.gz").unlink()
    made = []
    dialog.made.connect(made.append)
    fill(
        dialog,
        images=files / "images",
        expert=f"{files}/{{case}}_truth.nii.gz",
        project=tmp_path / "new",
    )
    fill(dialog, teacher=f"{files}/{{case}}_teacher.nii.gz", patient="ball_(.*)")
    dialog.counts["test"].setValue(1)
    press(dialog, qtbot)
    assert dialog.sentence.text() == ""
    assert made == [tmp_path / "new"]
    with Project.open(made[0]) as project:
        roles = [len(project.by_role(role)) for role in ("pool", "reference", "test")]
        assert roles == [4, 3, 1]
        assert project.case("ball_05").patient == "05"


def test_a_mistake_is_a_sentence_and_the_form_stays(dialog, qtbot, tmp_path):
    fill(dialog, images=tmp_path / "nothing", project=tmp_path / "new")
    press(dialog, qtbot)
    assert "No images were found" in dialog.sentence.text()
    assert dialog.isVisible()
    assert dialog.make.isEnabled()
    assert not (tmp_path / "new").exists()


def test_the_labels_of_an_nnunet_folder_get_their_names(balls, tmp_path):
    files, raw = balls.folder.parent / "files", tmp_path / "raw"
    for folder in ("imagesTr", "labelsTr"):
        (raw / folder).mkdir(parents=True)
    for number in range(4):
        shutil.copy(files / f"ball_0{number}_image.nii.gz", raw / f"imagesTr/b{number}_0000.nii.gz")
        shutil.copy(files / f"ball_0{number}_truth.nii.gz", raw / f"labelsTr/b{number}.nii.gz")
    (raw / "dataset.json").write_text('{"labels": {"background": 0, "nodule": 1}}')
    asked = {
        "nnunet": str(raw),
        "nnunet_teacher": "",
        "patient": "",
        "project": str(tmp_path / "n"),
    }
    counts = {"teacher_training": 1, "reference": 2, "test": 1}
    heard = []
    checked = check_form(PAGES[1], asked, counts, lambda *numbers: heard.append(numbers))
    assert heard[-1] == (4, 4)
    folder = make_project(asked["project"], checked)
    with Project.open(folder) as project:
        assert project.label_names == {1: "nodule"}
        roles = [len(project.by_role(role)) for role in ("teacher_training", "reference", "test")]
        assert roles == [1, 2, 1]


def test_the_ignore_label_and_what_was_left_out_come_from_the_source(balls, tmp_path):
    files, raw = balls.folder.parent / "files", tmp_path / "raw"
    for folder in ("imagesTr", "labelsTr"):
        (raw / folder).mkdir(parents=True)
    for number in range(2):
        shutil.copy(files / f"ball_0{number}_image.nii.gz", raw / f"imagesTr/b{number}_0000.nii.gz")
        shutil.copy(files / f"ball_0{number}_truth.nii.gz", raw / f"labelsTr/b{number}.nii.gz")
    shutil.copy(files / "ball_02_truth.nii.gz", raw / "labelsTr/B2.nii.gz")
    (raw / "dataset.json").write_text('{"labels": {"background": 0, "a": 1, "ignore": 2}}')
    asked = {
        "nnunet": str(raw),
        "nnunet_teacher": "",
        "patient": "",
        "project": str(tmp_path / "n"),
    }
    counts = {"teacher_training": 0, "reference": 0, "test": 0}
    checked = check_form(PAGES[1], asked, counts, lambda *_: None)
    assert checked.settings.ignore_label == 2
    (notice,) = checked.notices
    assert "1 expert mask belongs to no image ('B2.nii.gz')" in str(notice)


def test_without_a_folder_nothing_starts(dialog, qtbot):
    press(dialog, qtbot)
    assert dialog.sentence.text() == "Name a new folder for the project."


def test_a_project_in_the_making_is_not_cancelled(dialog, qtbot):
    gate = threading.Event()
    dialog.files.run(gate.wait, 20, done=lambda _: None, failed=lambda _: None)
    dialog.reject()
    assert dialog.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: not dialog.files.busy)
    dialog.reject()
    assert not dialog.isVisible()


# what is strange about the files ------------------------------------------------------------------


@pytest.fixture
def strange(dialog, tmp_path):
    """The form filled in for a project with an expert mask that has a structure of its own."""
    files = make_balls(tmp_path / "in", pool=1).folder.parent / "files"
    for path in files.glob("*_image.nii.gz"):
        (files / "images").mkdir(exist_ok=True)
        path.rename(files / "images" / path.name.replace("_image", ""))
    (files / "ball_04_truth.nii.gz").unlink()
    voxels = read_labels(files / "ball_04_teacher.nii.gz")
    write_labels(files / "ball_04_teacher.nii.gz", voxels.voxels * 2, voxels.grid)
    fill(
        dialog,
        images=files / "images",
        expert=f"{files}/{{case}}_truth.nii.gz",
        teacher=f"{files}/{{case}}_teacher.nii.gz",
        project=tmp_path / "new",
    )
    return tmp_path / "new"


def test_notices_are_shown_before_the_project_is_made(dialog, qtbot, strange):
    made = []
    dialog.made.connect(made.append)
    press(dialog, qtbot)
    assert not strange.exists()
    assert made == []
    said = [dialog.notices.item(row).text() for row in range(dialog.notices.count())]
    assert any("The teacher masks have label 2" in text for text in said)
    assert dialog.anyway.isVisible()
    assert dialog.back.isVisible()
    assert not dialog.make.isVisible()
    qtbot.mouseClick(dialog.anyway, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.files.busy, timeout=20_000)
    assert made == [strange]
    with Project.open(strange, write=False) as project:
        assert [str(notice) for notice in project.input_notices] == said


def test_back_leads_to_the_form_as_it_was_filled_in(dialog, qtbot, strange):
    press(dialog, qtbot)
    before = dialog.rows["images"].text
    qtbot.mouseClick(dialog.back, Qt.MouseButton.LeftButton)
    assert dialog.tabs.isVisible()
    assert dialog.make.isVisible()
    assert not dialog.anyway.isVisible()
    assert dialog.sentence.text() == ""
    assert dialog.rows["images"].text == before
    assert not strange.exists()
    press(dialog, qtbot)
    assert dialog.anyway.isVisible()


def test_a_folder_that_is_taken_is_told_before_the_files_are_read(dialog, qtbot, strange):
    strange.mkdir()
    (strange / "mine.txt").touch()
    press(dialog, qtbot)
    assert "is not empty" in dialog.sentence.text()
    assert dialog.make.isVisible()


def test_what_fails_after_the_notices_is_a_sentence(dialog, qtbot, strange):
    press(dialog, qtbot)
    strange.mkdir()
    (strange / "mine.txt").touch()
    qtbot.mouseClick(dialog.anyway, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.files.busy, timeout=20_000)
    assert "is not empty" in dialog.sentence.text()
    assert dialog.back.isEnabled()
    assert list(strange.iterdir()) == [strange / "mine.txt"]


def test_the_window_lives_while_the_files_are_checked(dialog, qtbot, strange, monkeypatch):
    gate = threading.Event()

    def slow(*_, **__):
        gate.wait(20)
        raise AlntError("The gate is open.")

    monkeypatch.setattr("napari_alnt.widgets.new_project.check_cases", slow)
    qtbot.mouseClick(dialog.make, Qt.MouseButton.LeftButton)
    # the click came back though the files are still read
    assert dialog.files.busy
    assert dialog.bar.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: not dialog.files.busy, timeout=20_000)
    assert dialog.sentence.text() == "The gate is open."
