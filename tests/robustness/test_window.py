"""What is heard of a window's process, and what of its memory is counted; without a window."""

from __future__ import annotations

import json
import tempfile

import numpy as np
import pytest

from robustness import window
from robustness.held import GROWS, Held, judge
from robustness.result import Tally

DYING = """
import json, os, sys
from robustness.window import say
for number in json.loads(sys.argv[1]):
    say({"number": number})
print("no row")
sys.stderr.write("the end")
sys.stderr.flush()
os.abort()
"""


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch, tmp_path):
    monkeypatch.setattr(window, "screen", list)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_what_a_window_said_is_there_also_when_it_dies(tmp_path):
    said = window.hear("dying", DYING, (3, 1, 2), 5)
    rows = [{"number": number} for number in (3, 1, 2)]
    assert said.rows == rows
    assert said.code != 0
    assert "the end" in said.error
    lines = (tmp_path / "alnt-dying.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows


@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize("megabytes", [0.2, 1.0])
def test_what_counts_is_what_an_attempt_keeps_once_the_caches_are_full(every, megabytes):
    attempts = np.arange(every, 401, every)
    filled = np.minimum(attempts, 100) * 4.0
    held = [Held(int(one * 2**20), 5, 20) for one in filled + megabytes * attempts]
    tally = Tally(0, GROWS)
    judge(held, 0, tally, every)
    done = tally.result()
    assert done.counted["KiB kept an attempt"] == round(megabytes * 1024)
    assert done.counted["KiB an attempt with the warm-up"] > (megabytes + 0.9) * 1024
    assert done.failures["memory grows"] == (megabytes > 0.5)


def test_a_few_attempts_tell_nothing():
    tally = Tally(0, GROWS)
    judge([Held(2**20 * number, number, number) for number in range(7)], 0, tally, every=5)
    assert tally.result().failed == 0
