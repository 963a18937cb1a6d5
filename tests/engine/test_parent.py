"""The child is gone soon after its parent, whatever it was doing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from napari_alnt.engine.parent import PARENT
from napari_alnt.session import engine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

TWO = f"{sys.executable} -m torch.distributed.run --standalone --nproc-per-node 2"
SCRIPT = """
import dataclasses, sys
from napari_alnt.events import StepDone
from napari_alnt.session import Session

folder, when, launcher = sys.argv[1:]
session = Session.open(folder)
settings = dataclasses.replace(
    session.project.settings, launcher=launcher, epochs=500, rank_every=0, test_every=500
)
engine = session.start("train", settings)
if when in ("training", "stopped"):
    next(event for event in engine.events() if isinstance(event, StepDone))
print(engine.pid, flush=True)
if when == "stopped":
    import os, signal
    os.kill(engine.pid, signal.SIGSTOP)
    print("stopped", flush=True)
input()
"""


def family(process: int) -> set[int]:
    """A process and all that it has started, that they have started, and so on."""
    found = {process}
    for task in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{task}/children") as children:
            for child in children.read().split():
                found |= family(int(child))
    return found


def alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(") ")[1][0] != "Z"
    except OSError:
        return False


def assert_gone(processes: set[int]) -> None:
    for _ in range(6000):
        if not any(map(alive, processes)):
            return
        time.sleep(0.01)
    left = [process for process in processes if alive(process)]
    for process in left:
        os.kill(process, signal.SIGKILL)
    pytest.fail(f"{len(left)} of {len(processes)} processes outlived their parent by a minute")


@contextmanager
def parent_of_a_child(folder, when: str, launcher: str = ""):
    """A process that trains, and the process id of its child."""
    command = [sys.executable, "-c", SCRIPT, str(folder), when, launcher]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        try:
            yield parent, int(parent.stdout.readline())
        finally:
            parent.kill()


def imports_torch(process: int) -> bool:
    """Whether a process has begun to load torch."""
    try:
        with open(f"/proc/{process}/maps") as maps:
            return "libtorch" in maps.read()
    except OSError:
        return False


def until(condition) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen within a minute")


@pytest.mark.parametrize("when", ["at once", "importing", "training"])
def test_a_child_is_gone_when_its_parent_is_killed(balls, when):
    with parent_of_a_child(balls.folder, when) as (parent, child):
        if when == "importing":
            until(lambda: imports_torch(child))
        assert alive(child)
        parent.kill()
        assert_gone({child})


def test_a_child_that_hangs_is_gone_too(balls):
    with parent_of_a_child(balls.folder, "stopped") as (parent, child):
        assert parent.stdout.readline() == "stopped\n"
        parent.kill()
        assert_gone({child})


@pytest.mark.parametrize("when", ["importing", "training"])
def test_processes_that_train_together_are_gone_too(balls, when):
    with parent_of_a_child(balls.folder, when, TWO) as (parent, child):
        if when == "importing":
            until(lambda: sum(map(imports_torch, family(child))) == 3)
        processes = family(child)
        assert len(processes) >= 3
        parent.kill()
        assert_gone(processes)


def started(parent: str) -> subprocess.CompletedProcess[str]:
    """A process that is told that ``parent`` has started it."""
    code = (
        "import os; from napari_alnt.engine.parent import end_with_parent\n"
        "end_with_parent(); print(os.environ.get('NAPARI_ALNT_PARENT'), end='')"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {PARENT: parent},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("parent", ["", "no number", "this process"])
def test_a_process_with_a_living_parent_goes_on(parent):
    done = started(str(os.getpid()) if parent == "this process" else parent)
    assert (done.returncode, done.stdout) == (0, "None")  # a process of its own is not told


@pytest.mark.parametrize("is_waited_for", [True, False])
def test_a_process_whose_parent_is_gone_already_ends(is_waited_for):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        # it is a zombie before
        until(lambda: not alive(gone.pid))
        if is_waited_for:
            gone.wait()
        done = started(str(gone.pid))
    assert (done.returncode, done.stdout) == (1, "")


def test_a_process_may_be_started_through_another():
    code = (
        "import subprocess, sys\n"
        "end = 'from napari_alnt.engine.parent import end_with_parent; end_with_parent()'\n"
        "sys.exit(subprocess.run([sys.executable, '-c', end]).returncode)"
    )
    environment = os.environ | {PARENT: str(os.getpid())}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == 0


def test_both_sides_name_the_variable_alike():
    assert engine.PARENT == PARENT
