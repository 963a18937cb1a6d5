"""Settings refuse what they cannot mean; events survive the pipe."""

import dataclasses
import json
import math

import pytest

from napari_alnt.errors import AlntError
from napari_alnt.events import (
    AuditedCase,
    Command,
    EpochDone,
    LedgerRow,
    SampleWeighed,
    StepDone,
    Validated,
    from_line,
    to_line,
)
from napari_alnt.settings import HINTS, Settings, choices

EVENTS = [
    StepDone(3, 1, 0.5, 0.25, 1e-3, 12.0, samples=(SampleWeighed("a", 0.1, 0.2, 0.3, 0.4),)),
    EpochDone(1, 25, 0.5, 0.4, (LedgerRow("a", "pool", "teacher", 2, 0.1, 0.2, 0.3, 1.0),)),
    Validated(25, 1, 0.8, 3.5, (AuditedCase("b", 0.8, 3.5, (0.7, 0.9)),)),
    Command("predict", ("a", "b")),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_survive_the_pipe(event):
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event


def test_nan_travels_as_null():
    line = to_line(
        Validated(1, 1, math.nan, math.inf, (AuditedCase("b", math.nan, 1.0, (math.nan, 0.5)),))
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


def test_settings_survive_json():
    settings = Settings(spacing=(3.0, 1.5, 1.5), patch=(32, 48, 48), mu=0)
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize("item", dataclasses.fields(Settings), ids=lambda item: item.name)
def test_every_setting_has_help_and_refuses_what_is_out_of_range(item):
    assert item.metadata["help"].endswith(".")
    if choices(HINTS[item.name]):
        with pytest.raises(AlntError, match=item.name):
            Settings(**{item.name: "something else"})
    elif (low := item.metadata["low"]) is not None:
        wrong = low - 1
        number = (
            type(item.default)(wrong) if isinstance(item.default, (int, float)) else (wrong,) * 3
        )
        with pytest.raises(AlntError, match=item.name):
            Settings(**{item.name: number})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"bach": 3}, "did you mean 'batch'"),
        ({"batch": 1.5}, "whole number"),
        ({"batch": True}, "whole number"),
        ({"patch": [32, 32]}, "3 numbers"),
        ({"mu": math.nan}, "number"),
        ({"augment": "yes"}, "true or false"),
    ],
)
def test_wrong_settings_are_explained_in_one_sentence(values, words):
    with pytest.raises(AlntError, match=words) as caught:
        Settings.from_dict(values)
    assert "\n" not in str(caught.value)
