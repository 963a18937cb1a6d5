"""Events survive the pipe and the table, as one JSON object a line."""

import json
import math
from typing import get_args

import pytest

from napari_alnt import events as ev
from napari_alnt.codec import from_line, to_line
from napari_alnt.errors import AlntError
from napari_alnt.events import SampleWeighed, Tested, TestedCase

EVENTS = [
    ev.Started(1, "cpu", "unet", 10**6, 0, 100, 40, 6, 4),
    ev.Progress("ranking", 1, 3, 2.5),
    ev.StepDone(3, 1, 0.5, 0.25, 1e-3, 12.0, samples=(SampleWeighed("a", 0.1, 0.2, 0.3, 0.4),)),
    ev.SampleDropped(3, "a", "its loss is not finite"),
    ev.EpochDone(1, 25, 0.5, 0.4, (ev.LedgerRow("a", "pool", "teacher", 2, 0.1, 0.2, 1.0),)),
    ev.ExpertsChanged(2, ("a", "b")),
    Tested(25, 1, 0.8, 3.5, (TestedCase("b", 0.8, 3.5, (0.7, 0.9)),)),
    ev.CaseScored("a", 5, "12ab", "34cd", {"loss": 0.5}, (ev.StructureCounts(9, 8, 7),)),
    ev.RankingDone(5, 1),
    ev.Predicted("a", 5, "student.nii.gz", "trust.nii.gz", 12, 0.75, "12ab"),
    ev.Propagated("a", "propagated.nii.gz", 0, (3, 7), "12ab", 5, 2.5),
    ev.NotPropagated("a"),
    ev.TeacherWritten("a", "teacher.nii.gz"),
    ev.CheckpointSaved(5, "student.safetensors"),
    ev.Paused(5),
    ev.Warned("Memory is short."),
    ev.Stalled(300.0),
    ev.Failed("Memory ran out.", "Traceback"),
    ev.Finished(5, "stopped"),
    ev.Command("propagate", ("a",), 2, (3, 7)),
]


def test_every_kind_of_event_is_sent_below():
    assert {type(event) for event in EVENTS} == {*get_args(ev.Event), ev.Command}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_survive_the_pipe(event):
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event


def test_nan_travels_as_null():
    line = to_line(
        Tested(1, 1, math.nan, math.inf, (TestedCase("b", math.nan, 1.0, (math.nan, 0.5)),))
    )
    json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    back = from_line(line)
    assert math.isnan(back.dice)
    assert math.isnan(back.cases[0].classes[0])
    assert back.cases[0].classes[1] == 0.5


@pytest.mark.parametrize(
    "line", ["", "hello", "{}", '{"kind": "Nothing"}', '{"kind": "Paused", "x": 1}', "[1]"]
)
def test_other_lines_are_refused(line):
    with pytest.raises(AlntError, match="no event"):
        from_line(line)


def test_a_line_of_an_earlier_napari_alnt_is_read_under_the_names_of_today():
    case = {"case": "b", "dice": 0.5, "hd95": None, "classes": [0.5]}
    line = {"kind": "Validated", "step": 1, "epoch": 1, "dice": 0.5, "hd95": 2.0, "cases": [case]}
    read = from_line(json.dumps(line))
    assert isinstance(read, Tested)
    assert isinstance(read.cases[0], TestedCase)
    assert math.isnan(read.cases[0].hd95)
