"""The dialog that makes a project."""

from __future__ import annotations

import threading

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QLineEdit, QTabBar, QWidget

from napari_alnt.data import Project, read_labels, write_labels
from napari_alnt.errors import AlntError
from napari_alnt.widgets.start import form_check
from napari_alnt.widgets.start.new_project import NewProject
from napari_alnt.widgets.start.path_row import WRONG
from napari_alnt.widgets.start.words import in_window_words

LEFT = Qt.MouseButton.LeftButton
CLICKABLE = (QAbstractButton, QAbstractSpinBox, QLineEdit, QTabBar)


@pytest.fixture
def dialog(qtbot):
    widget = NewProject()
    qtbot.addWidget(widget)
    widget.show()
    yield widget
    widget.looker.stop()
    widget.files.wait()


@pytest.fixture
def files(balls):
    """Four cases with an expert's mask, and four with a teacher's."""
    files = balls.folder.parent / "files"
    (files / "images").mkdir()
    for path in files.glob("*_image.nii.gz"):
        path.rename(files / "images" / path.name.replace("_image", ""))
    for number in range(8):
        (files / f"ball_0{number}_{'teacher' if number < 4 else 'truth'}.nii.gz").unlink()
    return files


@pytest.fixture
def strange(files):
    """The same, and one of the teacher's masks has a structure of its own."""
    voxels = read_labels(files / "ball_04_teacher.nii.gz")
    write_labels(files / "ball_04_teacher.nii.gz", voxels.voxels * 2, voxels.grid)
    return files


def fill(dialog, **texts):
    for name, text in texts.items():
        dialog.rows[name].field.setText(str(text))


def fill_in(dialog, files, project):
    fill(
        dialog,
        images=files / "images",
        expert=f"{files}/{{case}}_truth.nii.gz",
        teacher=f"{files}/{{case}}_teacher.nii.gz",
        project=project,
    )


def press(dialog, qtbot, button=None):
    qtbot.mouseClick(button or dialog.make, LEFT)
    qtbot.waitUntil(lambda: not dialog.files.busy, timeout=20_000)


def framed(dialog):
    return [name for name, frame in dialog.form._frames.items() if frame.wrong]


def test_it_asks_one_question_and_makes_the_project(dialog, qtbot, files, tmp_path):
    made = []
    dialog.made.connect(made.append)
    fill_in(dialog, files, tmp_path / "new")
    fill(dialog, patient="ball_(.*)")
    dialog.counts["test"].setValue(1)
    press(dialog, qtbot)
    assert made == []
    assert not (tmp_path / "new").exists()
    assert dialog.asked.question.text() == (
        "4 cases to correct, 4 expert cases (3 lead, 1 is held out), label 1. Make it?"
    )
    assert dialog.asked.warnings.text() == ""
    press(dialog, qtbot, dialog.anyway)
    assert made == [tmp_path / "new"]
    assert not dialog.isVisible()
    with Project.open(made[0]) as project:
        roles = [len(project.by_role(role)) for role in ("pool", "reference", "test")]
        assert roles == [4, 3, 1]
        assert project.case("ball_04").patient == "04"


def test_what_is_found_is_shown_as_the_form_is_filled_in(dialog, qtbot, strange, tmp_path):
    fill_in(dialog, strange, tmp_path / "new")
    assert not dialog.looker.resting
    qtbot.waitUntil(lambda: dialog.looker.complete, timeout=20_000)
    preview = dialog.form.preview
    assert preview.counts.text() == (
        "8 images · 4 with expert masks · 4 with teacher masks · labels 1, 2"
    )
    assert not preview.picture.pixmap().isNull()
    assert preview.caption.text().startswith("ball_00 · slice ")
    # a name that is written goes into the project
    preview.labels.item(1, 1).setText("nodule")
    press(dialog, qtbot)
    assert "label 1, nodule = 2" in dialog.asked.question.text()
    press(dialog, qtbot, dialog.anyway)
    with Project.open(tmp_path / "new", write=False) as project:
        assert project.label_names == {1: "label 1", 2: "nodule"}


def test_nothing_moves_through_a_whole_tour(dialog, qtbot, strange, tmp_path, monkeypatch):
    """Empty, typing, an error, the look, checking, the question, back, and an ended reading."""
    places: dict[QWidget, object] = {}
    moved = []

    def look(state):
        qtbot.wait(1)
        for widget in dialog.findChildren(QWidget):
            if (
                isinstance(widget, CLICKABLE)
                and widget.isVisible()
                and "qt_" not in widget.objectName()
            ):
                here = widget.mapTo(dialog, QPoint(0, 0)), widget.size()
                if places.setdefault(widget, here) != here:
                    moved.append((state, type(widget).__name__, widget.toolTip()))

    gate = threading.Event()
    check = form_check.check_cases

    def slow(*args, **kwargs):
        gate.wait(20)
        return check(*args, **kwargs)

    look("empty")
    dialog.tabs.setCurrentIndex(1)
    look("the second tab")
    dialog.tabs.setCurrentIndex(0)
    press(dialog, qtbot)
    assert framed(dialog) == ["project"]
    look("no folder")
    fill(dialog, images=tmp_path / "nothing", project=tmp_path / "new")
    look("typing")
    qtbot.waitUntil(lambda: dialog.looker.complete)
    assert framed(dialog) == ["images"]
    look("nothing found")
    fill_in(dialog, strange, tmp_path / "new")
    qtbot.waitUntil(lambda: dialog.looker.complete, timeout=20_000)
    look("found")
    monkeypatch.setattr(form_check, "check_cases", slow)
    qtbot.mouseClick(dialog.make, LEFT)
    look("checking")
    qtbot.mouseClick(dialog.cancel, LEFT)
    assert "ended" in dialog.sentence.text()
    look("ended")
    gate.set()
    qtbot.waitUntil(lambda: not dialog.files.busy, timeout=20_000)
    press(dialog, qtbot)
    assert dialog.asked.notices.count()
    look("question")
    press(dialog, qtbot, dialog.back)
    look("back")
    assert len(places) > 15
    assert moved == []


def test_a_mistake_is_a_sentence_and_the_form_stays(dialog, qtbot, tmp_path):
    fill(dialog, images=tmp_path / "nothing", project=tmp_path / "new")
    press(dialog, qtbot)
    assert dialog.sentence.text().startswith("Images: No images were found")
    assert framed(dialog) == ["images"]
    assert WRONG in dialog.rows["images"].frame.styleSheet()
    assert dialog.isVisible()
    assert dialog.make.isEnabled()
    assert not (tmp_path / "new").exists()
    # another text takes the frame away at once
    fill(dialog, images="x")
    assert framed(dialog) == []
    assert dialog.sentence.text() == ""


def test_without_a_folder_nothing_starts(dialog, qtbot):
    press(dialog, qtbot)
    assert dialog.sentence.text() == "Project: Name a new folder for the project."
    assert framed(dialog) == ["project"]


def test_enter_in_a_field_presses_nothing(dialog, qtbot):
    qtbot.keyClick(dialog.rows["images"].field, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert not dialog.files.busy


# ending what is read ------------------------------------------------------------------------------


@pytest.fixture
def gate(monkeypatch):
    """The reading of all files waits until it is set, and counts how often it has begun."""
    gate = threading.Event()
    gate.begun = 0

    def slow(*_, progress, **__):
        gate.begun += 1
        gate.wait(20)
        progress(1, 2)
        raise AlntError("The gate is open.")

    monkeypatch.setattr(form_check, "check_cases", slow)
    yield gate
    gate.set()


def test_the_window_lives_while_the_files_are_checked(dialog, qtbot, files, tmp_path, gate):
    fill_in(dialog, files, tmp_path / "new")
    qtbot.mouseClick(dialog.make, LEFT)
    # the click came back though the files are still read
    assert dialog.files.busy
    assert dialog.bar.isVisible()
    assert not dialog.make.isEnabled()
    assert dialog.cancel.isEnabled()
    gate.set()
    qtbot.waitUntil(lambda: not dialog.files.busy, timeout=20_000)
    assert dialog.sentence.text() == "The gate is open."
    assert not dialog.bar.isVisible()


def test_cancel_ends_the_reading_and_not_the_dialog(dialog, qtbot, files, tmp_path, gate):
    fill_in(dialog, files, tmp_path / "new")
    qtbot.mouseClick(dialog.make, LEFT)
    qtbot.waitUntil(lambda: gate.begun)
    qtbot.mouseClick(dialog.cancel, LEFT)
    # at once, though a file is still being read
    assert dialog.files.busy
    assert dialog.make.isEnabled()
    assert dialog.sentence.text() == "The reading was ended; nothing was made."
    qtbot.mouseClick(dialog.make, LEFT)
    assert gate.begun == 1  # one reader at a time: this one waits
    gate.set()
    qtbot.waitUntil(lambda: not dialog.files.busy, timeout=20_000)
    # what the ended one said is nobody's
    assert (dialog.sentence.text(), gate.begun) == ("The gate is open.", 2)
    qtbot.mouseClick(dialog.cancel, LEFT)
    assert not dialog.isVisible()


def test_a_project_in_the_making_is_not_cancelled(dialog, qtbot, files, tmp_path, monkeypatch):
    fill_in(dialog, files, tmp_path / "new")
    press(dialog, qtbot)
    gate = threading.Event()
    monkeypatch.setattr(
        "napari_alnt.widgets.start.new_project.make_project", lambda *_: gate.wait(20) and tmp_path
    )
    qtbot.mouseClick(dialog.anyway, LEFT)
    assert not dialog.cancel.isEnabled()
    dialog.reject()
    assert dialog.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=20_000)


# the question -------------------------------------------------------------------------------------


def test_notices_are_shown_before_the_project_is_made(dialog, qtbot, strange, tmp_path):
    fill_in(dialog, strange, tmp_path / "new")
    press(dialog, qtbot)
    said = [dialog.asked.notices.item(row).text() for row in range(dialog.asked.notices.count())]
    assert any("The teacher masks have label 2" in text for text in said)
    assert f"; {len(said)} notice" in dialog.asked.question.text()
    assert dialog.anyway.isVisible()
    assert dialog.back.isVisible()
    assert not dialog.make.isVisible()
    assert not (tmp_path / "new").exists()
    press(dialog, qtbot, dialog.anyway)
    with Project.open(tmp_path / "new", write=False) as project:
        assert [in_window_words(str(notice)) for notice in project.input_notices] == said


def test_a_double_click_does_not_answer_the_question(dialog, qtbot, files, tmp_path):
    fill_in(dialog, files, tmp_path / "new")
    where = dialog.make.mapTo(dialog, dialog.make.rect().center())
    press(dialog, qtbot)
    under = dialog.childAt(where)
    assert under not in (dialog.anyway, dialog.back)
    assert not dialog.anyway.hasFocus()


def test_back_leads_to_the_form_as_it_was_filled_in(dialog, qtbot, files, tmp_path):
    fill_in(dialog, files, tmp_path / "new")
    press(dialog, qtbot)
    before = dialog.rows["images"].text
    qtbot.mouseClick(dialog.back, LEFT)
    assert dialog.tabs.isVisible()
    assert dialog.make.isVisible()
    assert not dialog.anyway.isVisible()
    assert dialog.sentence.text() == ""
    assert dialog.rows["images"].text == before
    # the look that the reading had ended goes on
    qtbot.waitUntil(lambda: dialog.looker.complete, timeout=20_000)
    assert dialog.form.preview.counts.text().endswith("labels 1")
    # a folder that is taken meanwhile is told where it is made
    press(dialog, qtbot)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").touch()
    press(dialog, qtbot, dialog.anyway)
    assert "is not empty" in dialog.sentence.text()
    assert dialog.back.isEnabled()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mine.txt"]


def test_a_dialog_that_goes_with_its_window_ends_its_reading(qtbot, files, tmp_path, gate):
    window = QWidget()
    qtbot.addWidget(window)
    dialog = NewProject(window)
    fill_in(dialog, files, tmp_path / "new")
    dialog._check()
    reading, worker = dialog._reading, dialog.files
    qtbot.waitUntil(lambda: gate.begun)
    with qtbot.waitSignal(worker.destroyed):
        dialog.deleteLater()
    assert reading.stopped
