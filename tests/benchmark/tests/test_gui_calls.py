"""Calls on a window's thread are measured from their beginning to their end, and named."""

from __future__ import annotations

import sys
from collections import Counter

from benchmark.gui_calls import Call, GuiCalls, functions, functions_of

from napari_alnt.data.atomic import write_atomic


class Clock:
    """A time that goes on only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_events_within_an_event_are_part_of_it():
    clock = Clock()
    calls = GuiCalls(clock)
    calls.stage = "paint"
    calls.enter("Canvas MouseMove")
    clock.now = 1.0
    calls.enter("Canvas Paint")
    clock.now = 3.0
    calls.paint(2.0)
    calls.leave()
    assert calls.running == 3.0
    calls.mark("first display")
    calls.leave()
    assert calls.running == 0.0
    (call,) = calls.calls
    assert (call.what, call.stage) == ("Canvas MouseMove", "paint")
    assert (call.seconds, call.painting) == (3.0, 2.0)
    assert call.marks == {"first display"}


def test_a_call_that_serves_others_meanwhile_is_several():
    clock = Clock()
    calls = GuiCalls(clock)
    ended = []
    calls.ended = ended.append
    calls.turn()  # nothing goes on that could be divided
    calls.enter("QTimer Timer")
    for clock.now in (1.0, 3.0):
        calls.turn()
    clock.now = 3.5
    calls.leave()
    assert [call.seconds for call in calls.calls] == [1.0, 2.0, 0.5]
    assert ended == calls.calls


def test_a_function_of_the_package_is_named_with_the_innermost_one(tmp_path):
    found = []

    def write(path):
        path.write_bytes(b"")
        (tmp_path / "sorted").write_text(str(sorted([1], key=look)))

    def look(_):
        found.append(functions(sys._getframe()))

    write_atomic(tmp_path / "file", write)
    assert found[0][0].startswith("atomic.")
    assert functions(sys._getframe())[0] == ""


def test_slow_calls_of_one_function_are_put_together_and_the_worst_is_shown():
    seen = Counter({("drafts.keep", "numpy.copy"): 3, ("drafts.keep", "zlib"): 4, ("", "Qt"): 5})
    calls = [
        Call("QTimer Timer", "paint", 0.2, seen=seen),
        Call("QTimer Timer", "look", 0.3, seen=seen),
        Call("QTimer Timer", "look", 0.01, seen=seen),
        Call("Canvas Paint", "look", 0.25, painting=0.2),
    ]
    first, second = functions_of(calls)
    assert (first["function"], first["in"]) == ("drafts.keep", "Qt")
    assert (first["calls"], first["worst ms"], first["while"]) == (2, 300.0, "look")
    assert (second["event"], second["painting ms"]) == ("Canvas Paint", 200.0)
