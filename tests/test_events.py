"""The vocabulary itself: small, frozen, and without anything that could not travel."""

import dataclasses
import math
from typing import get_args, get_type_hints

import pytest

from napari_alnt import events as ev

KINDS = (*get_args(ev.Event), ev.Command)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_events_are_frozen_and_documented(kind):
    assert kind.__dataclass_params__.frozen
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")  # dataclass's own


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_attribute_that_is_described_exists(kind):
    described = [line.split(" : ")[0] for line in kind.__doc__.splitlines() if " : " in line]
    names = {item.name for item in dataclasses.fields(kind)}
    assert {name.strip() for one in described for name in one.split(",")} <= names
    assert set(get_type_hints(kind)) == names


def test_a_score_that_is_unknown_is_nan():
    score = ev.CaseScored("a", 1, scores={"loss": 0.5})
    assert score.score("loss") == 0.5
    assert math.isnan(score.score("dice"))
