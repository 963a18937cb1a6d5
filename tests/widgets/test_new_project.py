from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_alnt.data import Project
from napari_alnt.settings import Settings
from napari_alnt.widgets.form import SettingsForm
from napari_alnt.widgets.new_project import NewProject


@pytest.fixture
def dialog(qtbot):
    widget = NewProject()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def fill(dialog, **texts):
    for name, text in texts.items():
        dialog.rows[name].line.setText(str(text))


def press(dialog, qtbot):
    qtbot.mouseClick(dialog.make, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.line.busy, timeout=20_000)


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
    dialog.counts["audit"].setValue(1)
    press(dialog, qtbot)
    assert dialog.sentence.text() == ""
    assert made == [tmp_path / "new"]
    with Project.open(made[0]) as project:
        roles = [len(project.by_role(role)) for role in ("pool", "reference", "audit")]
        assert roles == [4, 3, 1]
        assert project.case("ball_05").patient == "05"


def test_a_mistake_is_a_sentence_and_the_form_stays(dialog, qtbot, tmp_path):
    fill(dialog, images=tmp_path / "nothing", project=tmp_path / "new")
    press(dialog, qtbot)
    assert "No images were found" in dialog.sentence.text()
    assert dialog.isVisible()
    assert dialog.make.isEnabled()
    assert not (tmp_path / "new").exists()


def test_the_settings_form_gives_back_what_it_was_given(qtbot):
    settings = Settings(
        patch=(32, 48, 64),
        spacing=(2.5, 1.0, 1.0),
        learning_rate=3e-4,
        mirror=True,
        launcher="ssh box",
    )
    form = SettingsForm(settings)
    qtbot.addWidget(form)
    assert form.value() == settings
    form.rows["epochs"].value = 7
    form.rows["spacing"].value = ""
    assert form.value() == Settings.from_dict({"epochs": 7, "spacing": None}, settings)
