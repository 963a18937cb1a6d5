"""What a child says: every line is an event of this project, a warning, or the end of the child."""

from __future__ import annotations

import io
import json

import pytest

from napari_alnt.codec import to_line
from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CaseScored,
    CheckpointSaved,
    Command,
    EpochDone,
    ExpertsChanged,
    Finished,
    LedgerRow,
    Paused,
    Predicted,
    SampleWeighed,
    StepDone,
    TeacherWritten,
    Tested,
    TestedCase,
    Warned,
)
from napari_alnt.session import received
from napari_alnt.session.received import Receiver

KNOWN = ("a", "b")


def heard(tmp_path, *lines: bytes) -> list:
    return list(Receiver(tmp_path, KNOWN).events(io.BytesIO(b"\n".join(lines))))


def test_events_of_the_project_pass(tmp_path):
    events = [
        EpochDone(1, 3, 0.5, 0.4, (LedgerRow("a", "pool", "teacher", 2),)),
        Predicted("b", 3, "runs/0001/maps/b.nii.gz", "runs/0001/maps/t.nii.gz", 4, 0.5, "12"),
        Finished(3),
    ]
    said = heard(tmp_path, *(to_line(event).encode() for event in events))
    assert [repr(event) for event in said] == [repr(event) for event in events]


@pytest.mark.parametrize(
    "event",
    [
        ExpertsChanged(1, ("a", "c")),
        StepDone(1, 1, 0.5, 0.4, 1e-3, 60.0, samples=(SampleWeighed("c", 1, 1, 1, 1),)),
        EpochDone(1, 3, 0.5, 0.4, (LedgerRow("c", "pool", "teacher", 2),)),
        Tested(1, 1, 0.5, 3.0, (TestedCase("c", 0.5, 3.0),)),
        CaseScored("c", 1),
        TeacherWritten("c", "teacher/c.nii.gz"),
    ],
)
def test_a_case_of_nobody_is_refused(tmp_path, event):
    with pytest.raises(AlntError, match=r"case 'c'.*engine\.log"):
        heard(tmp_path, to_line(event).encode())


@pytest.mark.parametrize("file", ["../a", "/etc/passwd", "x/../../a", "link/a", "a\0b", ""])
def test_a_file_outside_the_project_is_refused(tmp_path, file):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    for event in (
        CheckpointSaved(1, file),
        TeacherWritten("a", file),
        Predicted("a", 1, file, "m", 0, 0.5),
        Predicted("a", 1, "m", file, 0, 0.5),
    ):
        with pytest.raises(AlntError, match="outside it"):
            heard(folder, to_line(event).encode())


DEEP = 100_000
STRANGE = {
    "no UTF-8": b'{"kind": "Warned", "message": \xff}',
    "a zero byte": b"\0",
    "deep": b'{"kind": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "no object": b"7",
    "text for a number": b'{"kind": "Paused", "step": "one"}',
    "true for a number": b'{"kind": "Paused", "step": true}',
    "null for a number": b'{"kind": "Paused", "step": null}',
    "a part for a whole number": b'{"kind": "Paused", "step": 0.5}',
    "too large": b'{"kind": "Paused", "step": 1' + b"0" * 30 + b"}",
    "too many digits": b'{"kind": "Paused", "step": 1' + b"0" * 9999 + b"}",
    "a number for text": b'{"kind": "Warned", "message": 5}',
    "half a character": b'{"kind": "Warned", "message": "\\ud800"}',
    "no choice": b'{"kind": "Finished", "step": 1, "reason": "bored"}',
    "a list for a choice": b'{"kind": "Finished", "step": 1, "reason": []}',
    "a list of numbers": b'{"kind": "ExpertsChanged", "epoch": 1, "cases": [1]}',
    "text for a list": b'{"kind": "ExpertsChanged", "epoch": 1, "cases": "ab"}',
    "a list for a mapping": b'{"kind": "CaseScored", "case": "a", "step": 1, "scores": [1]}',
    "text for a row": b'{"kind": "EpochDone", "epoch": 1, "step": 1, "loss": 1, "expert_loss": 1,'
    b' "rows": ["a"]}',
    "a list for a kind": b'{"kind": ["Paused"], "step": 1}',
    "a command": to_line(Command("stop")).encode(),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_no_event_is_a_warning(tmp_path, name):
    warned, last = heard(tmp_path, STRANGE[name], to_line(Paused(1)).encode())
    assert isinstance(warned, Warned)
    assert len(warned.message) < 400
    assert last == Paused(1)


def test_a_flood_of_other_lines_is_told_a_few_times(tmp_path):
    said = heard(tmp_path, *[b"loading"] * 1000, to_line(Paused(1)).encode())
    assert [type(event) for event in said] == [Warned] * received.MOST_WARNINGS + [Paused]


def test_a_line_without_end_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(received, "LONGEST_LINE", 1000)
    after = to_line(Paused(1)).encode()
    for length in (1000, 1001, 1999, 2000, 2001, 50_000):
        warned, last = heard(tmp_path, b"x" * length, after)
        assert "left out" in warned.message
        assert last == Paused(1)
    (only,) = heard(tmp_path, b"x" * 5000)
    assert "left out" in only.message


def test_a_long_event_is_read_to_the_limit(tmp_path, monkeypatch):
    line = json.dumps({"kind": "Warned", "message": "m" * 5000}).encode()
    monkeypatch.setattr(received, "LONGEST_LINE", len(line) + 1)
    assert heard(tmp_path, line, line) == [Warned("m" * 5000)] * 2
