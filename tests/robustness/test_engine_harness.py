"""What is asked of the training's process, and of all that leaves a project: with small counts."""

from __future__ import annotations

import dataclasses
import gzip
import os
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from napari_alnt.events import Failed, Finished, Stalled, StepDone
from robustness import engine, harnesses, leaks, orphans, resume, soak
from robustness.result import Tally

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
STEP = StepDone(7, 1, 0.5, 0.4, 1e-3, 60.0)
CHEAP = (
    "KILL", "garbage and an end", "no UTF-8", "long line", "flood on standard error",
    "case of nobody", "two ends", "stopped by the system", "launcher is missing",
    "launcher is no program", "launcher ends at once", "launcher is no binary",
)  # fmt: skip


# engine -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHEAP)
def test_a_fault_ends_in_one_sentence(name, monkeypatch):
    monkeypatch.setattr(engine, "REAL", False)
    monkeypatch.setattr(engine, "LONG", 30_000_000)
    done = harnesses.attempt("engine", 1, 7, engine.NAMES.index(name))
    assert done.tried == 1
    assert not done.failed, done.first


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ([STEP], "no last event"),
        ([Stalled(300.0), Finished(8)], "no last event"),
        ([Failed("So."), Finished(8)], "two last events"),
        ([Finished(8), STEP], "two last events"),
    ],
)
def test_events_that_do_not_end_once_are_noticed(said, kind):
    with pytest.raises(engine.Wrong) as caught:
        engine._last(iter(said))
    assert caught.value.args[0] == kind


@pytest.mark.parametrize("text", ["", "no end", "Two.\nLines.", "Traceback.", "long " * 200 + "."])
def test_what_is_no_sentence_is_noticed(text):
    with pytest.raises(engine.Wrong):
        engine._require_sentence(text)


def test_a_process_that_is_left_is_found_and_ended(tmp_path):
    mark = str(tmp_path)
    # the shell ends, and what it has started has another parent then
    command = "sleep 600 >/dev/null 2>&1 & exit 0"
    subprocess.run(["sh", "-c", command], env={**os.environ, engine.MARK: mark}, check=True)
    assert len(engine.lasting(mark, 0.0)) == 1
    engine.end_all(mark)
    assert engine.lasting(mark, 60.0) == []


def test_a_full_run_has_every_fault_several_times():
    assert harnesses.HARNESSES["engine"].count >= 2 * len(engine.NAMES)


# orphans and resume -------------------------------------------------------------------------------


def test_a_killed_window_leaves_no_child(monkeypatch):
    monkeypatch.setattr(orphans, "LONGEST", 1.0)
    done = harnesses.attempt("orphans", 1, 7, 0)
    assert not done.failed, done.first
    assert done.counted["children"] == 1


def test_a_training_that_is_broken_off_ends_as_one_that_is_not(monkeypatch):
    short = dataclasses.replace(resume.SETTINGS, epochs=2, steps_per_epoch=2)
    for name, value in (("BREAKS", 1), ("SETTINGS", short), ("STEPS", 4)):
        monkeypatch.setattr(resume, name, value)
    done = harnesses.attempt("resume", 1, 7, 0)
    assert not done.failed, done.first
    assert done.counted["breaks"] == 1


def test_one_bit_of_the_weights_is_told():
    one, other = np.zeros(3, np.float32), np.array([0, 0, -0.0], np.float32)
    expected, found = ({"a": resume._bits(value)} for value in (one, other))
    assert expected != found
    assert "1 of 1: a" in resume._difference(expected, found)
    assert "2 expected, 1 found" in resume._difference(["x", "y"], ["x"])


# leaks --------------------------------------------------------------------------------------------


def test_nothing_that_leaves_names_a_patient():
    done = harnesses.attempt("leaks", 1, 7, 0)
    assert not done.failed, done.first
    assert done.counted["in table"] > 0


@pytest.fixture
def story(tmp_path):
    """A story with one file in every place, and nothing told."""
    story = leaks.Story(tmp_path, np.random.default_rng(0), 0)
    for rule in leaks.PLACES.values():
        path = story.project / rule.replace("*", "1")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"nothing")
    with zipfile.ZipFile(story.backup, "w") as archive:
        archive.writestr("project/alnt.sqlite", story.words["host"])
        archive.writestr("project/runs/0001/settings.json", "nothing")
    return story


def looked(story) -> dict[str, int]:
    tally = Tally(0, leaks.KINDS)
    leaks.look(story, tally, 0)
    result = tally.result()
    return {kind: count for kind, count in (result.failures | result.counted).items() if count}


def test_where_there_is_no_word_nothing_is_found(story):
    assert looked(story) == {"contents searched": len(leaks.PLACES) + 5, "in table": 1}


@pytest.mark.parametrize("place", leaks.PLACES)
def test_a_word_is_found_in_every_place(story, place):
    path = story.project / leaks.PLACES[place].replace("*", "1")
    said = story.words["descrip"].lower().encode()
    for content in (said, gzip.compress(b"x" * 999 + said), story.words["user"].encode("utf-16")):
        path.write_bytes(content)
        assert looked(story)[place] == 1
    path.unlink()
    assert looked(story)["not written"] == 1


def test_a_word_is_found_in_what_is_said_and_in_the_copy(story):
    story.out.write(story.words["image"])
    story.err.write(story.words["folder"])
    story.verified.write(story.words["folder"])
    with zipfile.ZipFile(story.backup, "a") as archive:
        archive.writestr("project/runs/0001/engine.log", story.words["expert"])
    found = looked(story)
    for kind in ("output", "errors", "backup", "named by verify", "in table"):
        assert found[kind] == 1


# soak ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(
    not (os.environ.get("DISPLAY") or shutil.which("xvfb-run")), reason="xvfb is not installed"
)
def test_a_window_opens_cases_and_makes_drafts():
    done = harnesses.attempt("soak", 4, 7, 0)
    assert not done.failed, done.first
    assert (done.tried, done.counted["drafts"] > 0) == (4, True)


def test_a_session_trains_again_and_again():
    done = harnesses.attempt("rounds", 2, 7, 0)
    assert not done.failed, done.first
    assert done.tried == 2


@pytest.mark.parametrize(
    ("what", "kind"),
    [("memory", "memory grows"), ("threads", "threads grow"), ("files", "files grow")],
)
def test_what_grows_is_noticed(what, kind):
    rng = np.random.default_rng(0)

    def judged(**more: int) -> dict[str, int]:
        tally = Tally(0, soak.KINDS)
        held = []
        for number in range(100):
            # the first quarter fills caches, and later there is noise
            values = {"memory": min(number, 25) * 2**22, "threads": 5, "files": 20}
            values["memory"] += int(rng.integers(2**20))
            for name, step in more.items():
                values[name] += step * number
            held.append(soak.Held(**values))
        soak.judge(held, 0, tally)
        return tally.result().failures

    assert not any(judged().values())
    found = judged(**{what: 2**20 if what == "memory" else 1})
    assert [name for name, count in found.items() if count] == [kind]
