"""The child's main: one job, its events on standard output, and its last word however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import partial

import pytest
import torch

from napari_alnt.codec import from_line
from napari_alnt.engine import main as engine_main
from napari_alnt.engine.adaptation import Recipe
from napari_alnt.engine.distributed import PROCESS_LOST, TorchProcessGroup
from napari_alnt.engine.main import failure, job_events
from napari_alnt.engine.propagation import Propagator
from napari_alnt.engine.training import Training
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored, Failed, Finished, Predicted, RankingDone
from napari_alnt.session import Session


@pytest.fixture
def events_of(monkeypatch):
    """Runs a job in this process, with a standard input that stays open."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)

        def run(*words: object, group=None) -> list:
            options = engine_main._parse([str(word) for word in words])
            return list(job_events(options, group or TorchProcessGroup()))

        with os.fdopen(writing, "w"):
            yield run
        # whoever reads the stream must be done with it before it is closed
        for thread in threading.enumerate():
            if thread.name == "alnt-commands":
                thread.join(10)


@pytest.fixture
def trained(project, training) -> None:
    """The project with run 1, whose student has a checkpoint."""
    list(training(rank_every=0).events())


def test_rank_and_predict_use_the_student_of_the_run(project, trained, events_of):
    folder = project.folder
    ranked = events_of(folder, "--run", 1, "--job", "rank")
    assert {event.step for event in ranked if isinstance(event, (CaseScored, RankingDone))} == {6}
    assert sum(isinstance(event, Predicted) for event in ranked) == 1  # prefetch_cases
    assert ranked[-1] == Finished(6, "done")
    cases = ["--case=ball_01", "--case=ball_06"]
    found = events_of(folder, "--run", 1, "--job", "predict", *cases)
    assert [event.case for event in found if isinstance(event, Predicted)] == ["ball_01", "ball_06"]
    assert found[-1] == Finished(6, "done")


def test_corrected_slices_are_propagated_with_the_student_of_the_run(
    project, trained, events_of, balls, monkeypatch
):
    project.drafts.save("ball_05", balls.true_labels("ball_05"))
    quick = partial(Propagator, recipe=Recipe(steps=1))
    monkeypatch.setattr(engine_main, "Propagator", quick)
    words = ["--job", "propagate", "--case=ball_05", "--axis=2", "--slice=11", "--slice=9"]
    *_, done, last = events_of(project.folder, "--run", 1, *words)
    assert (done.case, done.axis, done.slices, done.step) == ("ball_05", 2, (9, 11), 6)
    assert (project.folder / done.file).is_file()
    assert last == Finished(6, "done")


def test_what_is_not_training_is_done_by_rank_0_alone(project, trained, events_of, one_of_two):
    for job in ("rank", "predict", "teach", "propagate"):
        assert events_of(project.folder, "--run", 1, "--job", job, group=one_of_two(1)) == []


def test_the_number_of_threads_is_that_of_the_settings(project, training, events_of, monkeypatch):
    training(threads=3)
    threads = []
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    monkeypatch.setattr(Training, "events", lambda _: iter(()))
    events_of(project.folder, "--run", 1, "--job", "train")
    assert threads == [3]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AlntError("The disk is full; free some space."), "The disk is full; free some space."),
        (RuntimeError("can't allocate memory"), "Memory ran out; make the patch or the batch"),
        (MemoryError(), "Memory ran out; make the patch or the batch"),
        (ValueError("odd\nand long"), "something unforeseen (ValueError: odd)"),
        (KeyboardInterrupt(), "something unforeseen (KeyboardInterrupt: )"),
    ],
)
def test_a_failure_is_one_sentence_with_the_traceback_behind_it(error, words):
    try:
        raise error
    except BaseException as raised:  # noqa: BLE001 - as the child does
        found = failure(raised, TorchProcessGroup())
    assert words in found.message
    assert "\n" not in found.message
    assert "Traceback" in found.detail
    assert type(error).__name__ in found.detail


def test_a_process_that_does_not_answer_is_lost(one_of_two):
    error = RuntimeError("Connection closed by peer")
    assert failure(error, one_of_two(0)).message == PROCESS_LOST
    assert "unforeseen" in failure(error, TorchProcessGroup()).message
    assert "Memory" in failure(RuntimeError("out of memory"), one_of_two(0)).message


def child(folder, run: int, *before: str) -> subprocess.CompletedProcess:
    """A child that does a run's training, or what ``before`` makes of it."""
    module = before or ("-m", "napari_alnt.engine")
    arguments = [sys.executable, *module, str(folder), "--run", str(run), "--job", "train"]
    return subprocess.run(
        arguments, stdin=subprocess.PIPE, capture_output=True, text=True, check=False
    )


def test_a_job_that_cannot_begin_says_so_and_exits_with_1(balls):
    done = child(balls.folder, 7)
    (event,) = map(from_line, done.stdout.splitlines())
    assert isinstance(event, Failed)
    assert "has no run 7" in event.message
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_stray_prints_do_not_reach_the_protocol(balls):
    probe = (
        "import sys, builtins; import napari_alnt.engine.evaluation as v; old = v.Evaluator.test\n"
        "def loud(self):\n    print('hello from a library'); yield from old(self)\n"
        "v.Evaluator.test = loud\n"
        "from napari_alnt.engine.main import main; sys.exit(main(sys.argv[1:]))"
    )
    with Session.open(balls.folder) as session:
        run = session.project.runs.start("train", session.project.settings)
    done = child(balls.folder, run.number, "-c", probe)
    assert "hello" not in done.stdout
    assert all(line.startswith('{"kind"') for line in done.stdout.splitlines())
    assert done.returncode == 0  # its standard input ended, which means stop


def test_a_process_that_is_ended_while_it_fails_still_says_why(balls):
    probe = (
        "import os, signal, sys; import napari_alnt.engine.main as m\n"
        "from napari_alnt.engine.distributed import TorchProcessGroup, _raise_lost\n"
        "group = TorchProcessGroup(); group.size = 2\n"
        "signal.signal(signal.SIGTERM, _raise_lost)\n"
        "def lost(*_): raise RuntimeError('Connection reset by peer'); yield\n"
        "old = m.traceback.format_exception\n"
        "def ended(error): os.kill(os.getpid(), signal.SIGTERM); return old(error)\n"
        "m.TorchProcessGroup.join = lambda: group\n"
        "m.job_events = lost; m.traceback.format_exception = ended\n"
        "sys.exit(m.main(sys.argv[1:]))"
    )
    done = child(balls.folder, 1, "-c", probe)
    (event,) = map(from_line, done.stdout.splitlines())
    assert event.message == PROCESS_LOST
    assert "Connection reset by peer" in event.detail
    assert done.returncode == 1
