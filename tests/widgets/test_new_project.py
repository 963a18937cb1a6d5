"""The form that makes a project."""

from __future__ import annotations

import shutil
import threading

import pytest
from qtpy.QtCore import Qt

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from napari_alnt.widgets.new_project import PAGES, NewProject, make_project


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


def test_every_page_asks_for_what_its_source_needs(dialog):
    titles = [dialog.tabs.tabText(place) for place in range(dialog.tabs.count())]
    assert titles == ["Images and masks", "nnU-Net folder", "Datalist"]
    assert set(dialog.rows) == {name for page in PAGES for name in page.rows} | {
        "patient", "project"
    }  # fmt: skip


TEXTS = {
    "images": "",
    "expert": "",
    "teacher": "",
    "nnunet": "",
    "nnunet_teacher": "",
    "datalist": "",
    "patient": "",
}


@pytest.mark.parametrize(
    ("page", "texts", "sentence"),
    [
        (0, {}, "Say where the images are"),
        (1, {"nnunet": "nowhere"}, "No images were found by 'nowhere"),
        (2, {"datalist": "nowhere.json"}, "'nowhere.json' cannot be read"),
    ],
)
def test_each_source_says_what_it_did_not_find(page, texts, sentence, tmp_path):
    asked = TEXTS | texts | {"project": str(tmp_path / "new")}
    counts = {"teacher_training": 0, "reference": 0, "test": 0}
    with pytest.raises(AlntError, match=sentence):
        make_project(PAGES[page], asked, counts, lambda *_: None)
    assert not (tmp_path / "new").exists()


def test_the_labels_of_an_nnunet_folder_get_their_names(balls, tmp_path):
    files, raw = balls.folder.parent / "files", tmp_path / "raw"
    for folder in ("imagesTr", "labelsTr"):
        (raw / folder).mkdir(parents=True)
    for number in range(4):
        shutil.copy(files / f"ball_0{number}_image.nii.gz", raw / f"imagesTr/b{number}_0000.nii.gz")
        shutil.copy(files / f"ball_0{number}_truth.nii.gz", raw / f"labelsTr/b{number}.nii.gz")
    (raw / "dataset.json").write_text('{"labels": {"background": 0, "nodule": 1}}')
    asked = TEXTS | {"nnunet": str(raw), "project": str(tmp_path / "new")}
    counts = {"teacher_training": 1, "reference": 2, "test": 1}
    heard = []
    folder = make_project(PAGES[1], asked, counts, lambda *numbers: heard.append(numbers))
    assert heard[-1] == (4, 4)
    with Project.open(folder) as project:
        assert project.label_names == {1: "nodule"}
        roles = [len(project.by_role(role)) for role in ("teacher_training", "reference", "test")]
        assert roles == [1, 2, 1]


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
