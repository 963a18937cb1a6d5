"""Every tool is measured, on a case in which it has something to do."""

from __future__ import annotations

import numpy as np
import pytest
from benchmark import tool_speed

from napari_alnt import correction
from napari_alnt.correction import Edit

SHAPE = (30, 64, 64)
ACTS = {**tool_speed.LOCAL, **tool_speed.WHOLE}


@pytest.fixture(scope="module")
def case():
    return tool_speed.Case.of(SHAPE)


def test_every_tool_has_a_row():
    rows = list(tool_speed.tools(2, SHAPE))
    assert [row["tool"] for row in rows] == list(ACTS)
    assert all(0 <= row["median ms"] <= row["p99 ms"] <= row["max ms"] for row in rows)
    assert all((row["limit ms"] is None) == (row["scope"] == "structure") for row in rows)


def test_every_tool_of_the_room_is_measured():
    tools = [name for name in correction.__all__ if name.islower()]
    source = tool_speed.__loader__.get_source(tool_speed.__name__)
    assert [name for name in tools if f" {name}(" not in source] == ["take_all"]


def test_most_acts_change_something_and_none_changes_the_mask(case):
    before = case.mask.copy()
    changing = []
    for name, act in ACTS.items():
        done = [act(case, np.random.default_rng(seed)) for seed in range(5)]
        np.testing.assert_array_equal(case.mask, before)
        if any(isinstance(edit, Edit) and not edit.is_empty for edit in done):
            changing.append(name)
    # the organ has no loose part, and no hole but the lesions
    assert set(tool_speed.LOCAL) - set(changing) == {"make and take back"}
    assert {"grow organ", "shrink lesions", "smooth organ", "keep the largest lesions"} <= {
        *changing
    }
