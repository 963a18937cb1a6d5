"""Where a project cannot be trained yet, the window says so and helps."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_alnt.session import Session
from napari_alnt.session.readiness import what_is_lacking
from napari_alnt.widgets.start.lacking import LackBar, show_lack
from napari_alnt.widgets.worker import FileWorker

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def loop(qtbot):
    """What a window has of a project; ``failed`` are the errors that it has shown."""
    header = QWidget()
    qtbot.addWidget(header)
    QVBoxLayout(header)
    files = FileWorker(header)
    failed = []
    made = SimpleNamespace(
        header=header,
        redraw=SimpleNamespace(files=files, failed=SimpleNamespace(emit=failed.append)),
        correction=SimpleNamespace(files=files),
        failed=failed,
    )
    header.show()
    yield made
    files.wait()


def bars(loop, qtbot):
    qtbot.waitUntil(lambda: not loop.redraw.files.busy)
    return loop.header.findChildren(LackBar)


def project(pool, writable=True):
    roles = {"pool": [SimpleNamespace(teacher=taught, version=0) for taught in pool]}
    return SimpleNamespace(by_role=lambda role: roles.get(role, ()), cases=(), writable=writable)


def test_a_project_that_is_ready_shows_nothing(loop, qtbot):
    loop.session = SimpleNamespace(project=project([True]))
    show_lack(loop, None)
    assert bars(loop, qtbot) == []


def test_without_a_case_to_correct_the_button_leads_to_a_new_project(loop, qtbot):
    asked = []
    loop.session = SimpleNamespace(project=project([]))
    show_lack(loop, lambda: asked.append(True))
    (bar,) = bars(loop, qtbot)
    assert "nothing to correct" in bar.message.text()
    qtbot.mouseClick(bar.button, LEFT)
    assert asked == [True]


def test_who_may_only_look_cannot_take_masks(loop, qtbot):
    loop.session = SimpleNamespace(project=project([False], writable=False))
    show_lack(loop, None)
    (bar,) = bars(loop, qtbot)
    assert not bar.button.isEnabled()


def test_without_a_teacher_the_button_takes_a_folder_of_masks(
    loop, qtbot, new_balls, tmp_path, monkeypatch
):
    balls = new_balls(pool=1, experts=2, taught=False)
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "ball_02.nii.gz").write_bytes(b"no mask")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(masks))
    with Session.open(balls.folder) as session:
        loop.session = session
        show_lack(loop, None)
        (bar,) = bars(loop, qtbot)
        place = bar.button.geometry()
        qtbot.mouseClick(bar.button, LEFT)
        assert not bar.button.isEnabled()
        bars(loop, qtbot)
        assert "correct them and choose the folder again" in bar.message.text()
        shutil.copy(balls.truth["ball_02"], masks / "ball_02.nii.gz")
        qtbot.mouseClick(bar.button, LEFT)
        bars(loop, qtbot)
        assert bar.message.text() == "1 case has a teacher mask now; press Start training."
        assert what_is_lacking(session.project) is None
        assert bar.button.geometry() == place
