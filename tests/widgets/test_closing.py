"""Napari closed in the middle of a training: it ends well, at once, and leaves no process
behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
loop.start_training()
print("child", loop.session.engine.pid, flush=True)

def close_when_busy():
    if {when}:
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
        ("loop.jobs.step", "viewer.close()"),
        ("loop.jobs.step", "viewer.window._qt_window.close(quit_app=True)"),
        ("loop.jobs.state == 'starting'", "viewer.close()"),
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
    script = SCRIPT.format(when="loop.jobs.step", how="import os; os.kill(os.getpid(), 9)")
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


def test_a_project_closed_in_the_middle_of_a_job_is_quiet(window, balls, qtbot):
    """What the engine still says then reaches no closed table: an exception in a slot would fail
    this test.
    """
    for _ in range(2):
        assert window.dock.open_project(balls.folder)
        window.loop.start_training()
        jobs = window.loop.jobs
        window.until(lambda jobs=jobs: jobs.started)
        window.dock.close_project()
        qtbot.wait(500)
        assert window.dock.loop is None
