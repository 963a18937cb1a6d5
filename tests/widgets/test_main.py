"""The dock: opening, closing in the middle of a training, and what is left of it then."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from app_model import Application
from napari._app_model import get_app_model

from napari_alnt.data import Project
from napari_alnt.simulation import DEMO_PROJECT
from napari_alnt.widgets import DemoItem, NewProjectItem, dock, main, worker
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.opening import open_session
from napari_alnt.widgets.start.new_project import NewProject

SCRIPT = """
import sys, napari
from qtpy.QtCore import QTimer
from napari_alnt.widgets import dock

viewer = napari.Viewer()
loop_dock = dock(viewer)
assert loop_dock.open_project(sys.argv[1])
loop = loop_dock.loop
loop.form.rows["epochs"].value = 5000
loop.open_case(next(loop.queue.in_order()).case)
loop.training.start()
started = []

def close_when_busy():
    if loop.session.engine and not started:
        started.append(loop.session.engine.pid)
        print("child", *started, flush=True)
    if started and {when}:
        timer.stop()
        print("closing", flush=True)
        {how}

timer = QTimer(interval=20)
timer.timeout.connect(close_when_busy)
timer.start()
napari.run()
print("ended", flush=True)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
        if Path("/proc").exists()
        else True
    )


@pytest.mark.parametrize(
    ("when", "how"),
    [
        ("loop.jobs.status.step", "viewer.close()"),
        ("loop.jobs.status.step", "viewer.window._qt_window.close(quit_app=True)"),
        ("loop.jobs.status.state == 'starting'", "viewer.close()"),
    ],
    ids=["window", "application", "while starting"],
)
def test_closing_ends_the_training(balls, when, how, qapp):  # qapp: pytest-xvfb's screen is up
    script = SCRIPT.format(when=when, how=how)
    command = [sys.executable, "-X", "faulthandler", "-c", script, str(balls.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    ended = time.monotonic()
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines.index("closing") < lines.index("ended")
    child = int(done.stdout.split()[1])
    while alive(child) and time.monotonic() - ended < 2:
        time.sleep(0.05)
    assert not alive(child)


def test_a_killed_window_takes_its_child_along(balls, qapp):
    script = SCRIPT.format(when="loop.jobs.status.step", how="import os; os.kill(os.getpid(), 9)")
    command = [sys.executable, "-c", script, str(balls.folder)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120
    )
    ended = time.monotonic()
    assert done.returncode == -9
    child = int(done.stdout.split()[1])
    while alive(child) and time.monotonic() - ended < 30:
        time.sleep(0.05)
    assert not alive(child)
    with Project.open(balls.folder) as project:
        assert project.runs.all[-1].state == "stopped"  # and not: running


def test_a_project_closed_in_the_middle_of_a_job_is_quiet(window, balls, qtbot):
    """What the engine still says then reaches no closed table: an exception in a slot would fail
    this test.
    """
    for _ in range(2):
        assert window.dock.open_project(balls.folder)
        window.loop.training.start()
        jobs = window.loop.jobs
        window.until(lambda jobs=jobs: jobs.status.started)
        window.dock.close_project()
        qtbot.wait(500)
        assert window.dock.loop is None


def test_a_second_window_is_read_only_and_says_so(painted, make_window, balls):
    other = make_window()
    assert other.dock.open_project(balls.folder)
    assert other.loop.header.badge.isVisible()
    assert "being written to" in other.loop.header.note.text()
    assert not other.loop.training.main.isEnabled()
    other.open_row(0)
    assert not other.layer.editable
    other.loop.act(ACTIONS["accept"])
    assert painted.loop.session.project.labels.versions(painted.case) == ()


def test_a_wrong_folder_is_a_sentence_on_the_empty_page(window, tmp_path):
    assert not window.dock.open_project(tmp_path)
    assert "not a napari-alnt project" in window.dock.home.sentence.text()


def test_there_is_one_dock_a_window(window):
    assert dock(window.viewer) is window.dock


def test_a_project_opened_after_another_takes_its_place(window, balls, new_balls):
    opened = []
    window.dock.project_opened.connect(opened.append)
    window.dock.open_project(balls.folder)
    other = new_balls()
    assert window.dock.open_project(other.folder)
    assert [session.project.folder for session in opened] == [balls.folder, other.folder]
    assert window.dock.session is opened[1]


def test_the_columns_stay_as_they_were_chosen(window, balls):
    window.dock.open_project(balls.folder)
    window.loop.queue.show_columns(["case", "trust", "agreement"])
    window.dock.close_project()
    window.dock.open_project(balls.folder)
    assert window.loop.queue.shown_columns == ("case", "trust", "agreement")


def test_the_demo_is_opened_by_its_menu_item(window, balls, qtbot):
    (balls.folder.parent / DEMO_PROJECT).symlink_to(balls.folder)
    window.dock.home.demo_folder = balls.folder.parent
    qtbot.addWidget(DemoItem(window.viewer))
    window.until(lambda: window.dock.loop is not None)
    assert window.dock.session.project.label_names == {1: "ball"}


def test_the_form_is_opened_by_its_menu_item(window, qtbot):
    qtbot.addWidget(NewProjectItem(window.viewer))
    window.until(lambda: window.dock.findChildren(NewProject))
    for dialog in window.dock.findChildren(NewProject):
        dialog.reject()


@pytest.fixture
def palette(monkeypatch):
    """The commands of the napari of this test, which is another than the user's."""
    monkeypatch.setattr(Application, "get_app", lambda _: get_app_model())


def test_the_command_palette_has_every_action(palette, make_window, balls):
    window = make_window()
    commands = get_app_model().commands
    assert all(f"napari-alnt.{name}" in commands for name in ACTIONS)
    run = commands["napari-alnt.next"].run_injected
    run()  # without a project there is nothing to do, which napari says
    assert window.dock.loop is None
    window.dock.open_project(balls.folder)
    run()
    window.until(lambda: window.loop.correction.case == "ball_04")


def test_a_project_that_opens_after_it_was_given_up_is_let_go(window, balls, monkeypatch):
    gate = threading.Event()

    def slowly(folder):
        gate.wait(60)
        return open_session(folder)

    monkeypatch.setattr(main, "open_session", slowly)
    monkeypatch.setattr(worker, "LIMIT", 0.1)
    assert not window.dock.open_project(balls.folder)
    assert "does not answer" in window.dock.home.sentence.text()
    assert not window.dock.open_project(balls.folder)
    assert "still being opened" in window.dock.home.sentence.text()
    gate.set()
    window.until(lambda: not window.dock.files.busy)
    assert window.dock.loop is None
    with Project.open(balls.folder) as project:  # its lock is free
        assert project.writable
