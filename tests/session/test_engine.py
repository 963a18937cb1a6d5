"""The child process: however it ends, its last event says so."""

from __future__ import annotations

import signal

import pytest

from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CheckpointSaved,
    Command,
    Failed,
    Finished,
    Paused,
    Stalled,
    StepDone,
    Warned,
)
from napari_alnt.session import Engine
from napari_alnt.session import engine as engine_module
from napari_alnt.session.engine import launched, split_command

STEP = StepDone(7, 1, 0.5, 0.4, 1e-3, 60.0)


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


def test_a_child_that_the_system_ends_ran_out_of_memory(balls, run, child):
    child(then=f"kill -{int(signal.SIGKILL)} $$")
    (last,) = Engine(balls.folder, run, "train").events()
    assert isinstance(last, Failed)
    assert "memory ran out" in last.message


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


def test_a_launcher_that_is_not_there_is_named(balls, run):
    with pytest.raises(AlntError, match=r"'no-such-launcher'.*launcher setting"):
        Engine(balls.folder, run, "train", launcher="no-such-launcher -n 2")


def test_a_launcher_stands_before_the_engines_command(balls, run, child):
    child(then='echo "$@" >&2')
    engine = Engine(balls.folder, run, "predict", cases=["ball_04"], launcher="env FEW=1")
    list(engine.events())
    words = engine.log.read_text().split()
    assert words == [
        *("-m", "napari_alnt.engine", str(balls.folder)),
        *("--run", str(run.number), "--job", "predict", "--case=ball_04"),
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
