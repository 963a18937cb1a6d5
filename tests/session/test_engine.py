"""The child process: however it ends, its last event says so."""

from __future__ import annotations

import signal
import sys
import time

import pytest

from napari_alnt.codec import to_line
from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CheckpointSaved,
    Command,
    Failed,
    Finished,
    Paused,
    SampleDropped,
    Stalled,
    StepDone,
    Warned,
)
from napari_alnt.session import Engine
from napari_alnt.session import engine as engine_module
from napari_alnt.session.engine import launched, split_command

STEP = StepDone(7, 1, 0.5, 0.4, 1e-3, 60.0)


def state_of(pid: int) -> str:
    """A process's state: "T" where it is stopped, "Z" or "" where it has ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(") ")[1][0]
    except OSError:
        return ""


def until(condition) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen within a minute")


@pytest.fixture
def run(session):
    return session.project.runs.all[-1]


def test_a_child_that_dies_is_an_event_with_a_sentence(balls, run, child):
    child(STEP, then="echo no memory bank >&2; exit 1")
    engine = Engine(balls.folder, run, "train")
    events = list(engine.events())
    assert events[0] == STEP
    assert isinstance(events[-1], Failed)
    assert "exit code 1" in events[-1].message
    assert "no memory bank" in events[-1].detail
    assert engine.log == run.folder / "engine.log"
    assert not engine.running


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, "from outside (signal 9); often this is the system when memory runs"),
        (signal.SIGSEGV, "ended without a word (signal 11)"),
    ],
)
def test_a_child_that_is_ended_by_a_signal(balls, run, child, number, words):
    child(then=f"kill -{int(number)} $$")
    (last,) = Engine(balls.folder, run, "train").events()
    assert isinstance(last, Failed)
    assert words in last.message


def test_a_child_that_was_asked_to_stop_and_just_ends_stopped_where_it_was(balls, run, child):
    child(STEP, then='read command; echo "$command" >&2')
    engine = Engine(balls.folder, run, "train")
    events = engine.events()
    assert next(events) == STEP
    assert not engine.ended
    engine.send(Command("stop"))
    assert list(events) == [Finished(7, "stopped")]
    assert engine.ended
    assert '"stop"' in engine.log.read_text()
    engine.send(Command("pause"))  # nobody receives it, and nothing happens


def test_the_childs_own_last_word_is_the_last(balls, run, child):
    child(STEP, Finished(8, "stopped"))
    assert list(Engine(balls.folder, run, "train").events()) == [STEP, Finished(8, "stopped")]


def test_behind_the_last_word_nothing_counts(balls, run, child, monkeypatch):
    monkeypatch.setattr(engine_module, "LAST_SECONDS", 0.3)
    child(Finished(8), Failed("Again."), STEP, then="exec sleep 600")
    engine = Engine(balls.folder, run, "train")
    assert list(engine.events()) == [Finished(8)]
    assert not engine.running


@pytest.mark.parametrize("is_stopped", [True, False])
def test_a_child_that_cannot_be_heard_any_more_is_ended(balls, run, child, monkeypatch, is_stopped):
    monkeypatch.setattr(engine_module, "LAST_SECONDS", 0.3)
    child(STEP, then="exec >&- 2>&-; exec sleep 600")
    engine = Engine(balls.folder, run, "train")
    events = engine.events()
    assert next(events) == STEP
    if is_stopped:
        engine.send(Command("stop"))
    (last,) = events
    expected = Finished(7, "stopped") if is_stopped else None
    assert last == expected or "could not be heard" in last.message
    assert not engine.running


def test_what_is_no_event_is_a_warning_and_the_rest_is_read(balls, run, child):
    child(then='echo loading weights; echo \'{"kind": "Finished", "step": 3}\'')
    warned, last = Engine(balls.folder, run, "train").events()
    assert isinstance(warned, Warned)
    assert "loading weights" in warned.message
    assert last == Finished(3)


def test_silence_is_an_event_unless_the_training_is_paused(balls, run, child, monkeypatch):
    monkeypatch.setattr(engine_module, "SILENCE", 0.3)
    child(STEP, then="sleep 1")
    events = list(Engine(balls.folder, run, "train").events())
    assert Stalled(0.3) in events
    child(Paused(7), then="sleep 1")
    events = list(Engine(balls.folder, run, "train").events())
    assert Stalled(0.3) not in events[events.index(Paused(7)) :]


def test_closing_ends_a_child_that_hears_nothing(balls, run, child):
    child(CheckpointSaved(3, "a"), then="trap '' TERM; exec sleep 60")
    engine = Engine(balls.folder, run, "train")
    next(engine.events())
    assert engine.pid > 0
    assert engine.running
    engine.close(patience=0.1)
    assert not engine.running


def test_a_child_that_hangs_is_ended_at_once(balls, run, child):
    child(STEP, then="kill -STOP $$")
    engine = Engine(balls.folder, run, "train")
    events = engine.events()
    assert next(events) == STEP
    until(lambda: state_of(engine.pid) == "T")
    engine.send(Command("stop"))
    assert engine.running
    engine.kill()
    assert list(events) == [Finished(7, "stopped")]
    assert not engine.running


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process has started")
def test_what_a_launcher_has_started_is_ended_with_it(balls, run, child):
    child(STEP, then='echo "here $$" >&2; kill -STOP $$')
    # the shell stays above the engine, as torchrun does
    engine = Engine(balls.folder, run, "train", launcher="sh -c '\"$@\"; true' sh")
    events = engine.events()
    assert next(events) == STEP
    until(lambda: "here" in engine.log.read_text())
    worker = int(engine.log.read_text().split()[1])
    until(lambda: state_of(worker) == "T")
    engine.kill()
    assert list(events) == [Finished(7, "stopped")]
    until(lambda: state_of(worker) in "Z")


def test_a_stop_that_is_not_obeyed_is_told_soon(balls, run, child, monkeypatch):
    monkeypatch.setattr(engine_module, "SILENCE_AFTER_STOP", 0.3)
    child(STEP, then="exec sleep 60")
    engine = Engine(balls.folder, run, "train")
    events = engine.events()
    assert next(events) == STEP
    engine.send(Command("stop"))
    assert next(events) == Stalled(0.3)
    engine.kill()
    assert list(events) == [Finished(7, "stopped")]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (SampleDropped(3, "nobody", "nan"), "a case 'nobody' that the project does not have"),
        (CheckpointSaved(3, "../../a"), "the file '../../a' outside it"),
    ],
)
def test_an_event_about_something_else_ends_the_child(balls, run, child, event, words):
    child(event, STEP, then="exec sleep 60")
    engine = Engine(balls.folder, run, "train", known=["ball_04"])
    (last,) = engine.events()
    assert isinstance(last, Failed)
    assert words in last.message
    assert not engine.running


def test_a_child_that_says_more_than_is_taken_in_waits(balls, run, child, monkeypatch):
    monkeypatch.setattr(engine_module, "WAITING", 3)
    line = to_line(Paused(1))
    child(then=f"for i in $(seq 50); do echo '{line}'; done; echo '{to_line(Finished(2))}'")
    engine = Engine(balls.folder, run, "train")
    until(lambda: engine._arrived.qsize() == 3)
    assert list(engine.events()) == [Paused(1)] * 50 + [Finished(2)]


def test_a_module_in_the_current_folder_is_not_imported(balls, run, tmp_path, monkeypatch):
    folder = tmp_path / "foreign"
    folder.mkdir()
    for name in ("torch", "json", "safetensors", "napari_alnt"):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'canary')!r}, 'w')")
    monkeypatch.chdir(folder)
    (last,) = Engine(balls.folder, run, "rank").events()
    assert isinstance(last, Failed)
    assert "checkpoint" in last.message
    assert not (tmp_path / "canary").exists()


def test_a_launcher_that_is_not_there_is_named(balls, run):
    with pytest.raises(AlntError, match=r"'no-such-launcher'.*launcher setting"):
        Engine(balls.folder, run, "train", launcher="no-such-launcher -n 2")


def test_a_launcher_stands_before_the_engines_command(balls, run, child):
    child(then='echo "$@" >&2')
    asked = Command("propagate", ("ball_04",), 1, (3, 5))
    engine = Engine(balls.folder, run, "propagate", asked=asked, launcher="env FEW=1")
    list(engine.events())
    words = engine.log.read_text().split()
    assert words == [
        *("-P", "-m", "napari_alnt.engine", str(balls.folder)),
        *("--run", str(run.number), "--job", "propagate"),
        *("--axis=1", "--slice=3", "--slice=5", "--case=ball_04"),
    ]


def test_torchrun_is_told_where_its_own_words_end():
    assert launched("") == []
    assert launched("srun --gpus 2") == ["srun", "--gpus", "2"]
    assert launched("bin/torchrun --standalone") == [
        "bin/torchrun",
        "--standalone",
        "--no-python",
        "--",
    ]
    assert launched("torchrun --no-python --") == ["torchrun", "--no-python", "--"]


def test_a_command_is_split_as_a_shell_does():
    assert split_command("tool 'a b' {image}") == ["tool", "a b", "{image}"]
    with pytest.raises(AlntError, match="quotation"):
        split_command("tool 'a b")
