"""Commands of one process and of several, under one protocol."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from napari_alnt.codec import to_line
from napari_alnt.engine.commands import BroadcastCommands, StreamCommands
from napari_alnt.events import Command, Warned


def until(condition) -> None:
    """Wait for a thread to have read what was written."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("nothing was heard for 10 s")


class Pipe:
    """The parent's end of a child's standard input, and what the child makes of it."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._out = os.fdopen(writing, "w")
        self._in = os.fdopen(reading)
        self.commands = StreamCommands(self._in)

    def write(self, *lines: str) -> None:
        self._out.write("".join(f"{line}\n" for line in lines))
        self._out.flush()

    def send(self, *commands: Command) -> None:
        self.write(*map(to_line, commands))

    def close(self) -> None:
        self._out.close()
        until(lambda: self.commands.stopped)
        self._in.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_the_end_of_the_stream_means_stop(pipe):
    assert not pipe.commands.stopped
    pipe.close()
    assert pipe.commands.stopped


def test_a_pause_lasts_until_it_is_resumed(pipe):
    pipe.send(Command("pause"))
    until(lambda: pipe.commands.paused)
    pipe.send(Command("resume"))
    until(lambda: not pipe.commands.paused)


def test_a_stop_ends_a_pause(pipe):
    pipe.send(Command("pause"))
    until(lambda: pipe.commands.paused)
    pipe.send(Command("stop"))
    pipe.commands.wait(600)  # woken at once, or the test runs out of time
    assert pipe.commands.stopped
    assert not pipe.commands.paused


def test_requests_are_handed_out_once_in_their_order(pipe):
    found = []
    pipe.send(Command("predict", ("a", "b")), Command("predict", ("c",)))
    until(lambda: found.extend(pipe.commands.requested()) or len(found) == 3)
    assert found == ["a", "b", "c"]
    assert list(pipe.commands.requested()) == []


def test_the_newest_propagation_is_handed_out_once_and_can_be_cancelled(pipe):
    asked = [Command("propagate", ("a",), 0, (3,)), Command("propagate", ("a",), 0, (3, 9))]
    pipe.send(*asked, Command("pause"))
    until(lambda: pipe.commands.paused)
    newest = pipe.commands.propagation()
    assert newest == asked[1]
    assert pipe.commands.propagation() is None
    assert pipe.commands.wants(newest)
    pipe.send(asked[1], Command("resume"))
    until(lambda: not pipe.commands.paused)
    assert not pipe.commands.wants(newest)  # replaced, if by the same
    newest = pipe.commands.propagation()
    pipe.send(Command("cancel"), Command("pause"))
    until(lambda: pipe.commands.paused)
    assert not pipe.commands.wants(newest)
    assert pipe.commands.propagation() is None


def test_a_stop_ends_a_propagation(pipe):
    pipe.send(Command("propagate", ("a",), 0, (3,)), Command("stop"))
    until(lambda: pipe.commands.stopped)
    assert not pipe.commands.wants(pipe.commands.propagation())


def test_a_propagation_may_be_asked_for_before_anything_is_read(one_of_two):
    asked = Command("propagate", ("a",), 0, (3,))
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream, os.fdopen(writing, "w") as end:
        local = StreamCommands(stream, asked)
        commands = BroadcastCommands(one_of_two(rank=0), local)
        assert commands.propagation() is asked
        assert commands.wants(asked)
        other = BroadcastCommands(one_of_two(rank=1), None)
        assert other.propagation() is None
        assert not other.wants(asked)
        end.close()
        until(lambda: local.stopped)


def test_a_line_that_is_no_command_is_passed_over(pipe):
    pipe.write("not JSON", '{"kind": "Nonsense"}', to_line(Warned("an event")), "[" * 100_000)
    pipe.send(Command("pause"))
    until(lambda: pipe.commands.paused)
    assert not pipe.commands.stopped


def numbered(count: int) -> Iterator[Warned]:
    for index in range(count):
        yield Warned(str(index))


def test_events_end_with_the_first_after_a_stop(pipe):
    seen = []
    for event in pipe.commands.until_stopped(numbered(5)):
        seen.append(event.message)
        if event.message == "1":
            pipe.close()
    assert seen == ["0", "1"]


def test_all_processes_obey_what_rank_0_has_read_when_they_sync(pipe, one_of_two):
    group = one_of_two(rank=0)
    first = BroadcastCommands(group, pipe.commands)
    pipe.send(Command("pause"))
    until(lambda: pipe.commands.paused)
    assert not first.paused  # not before all have been told
    first.sync()
    second = BroadcastCommands(one_of_two(rank=1, other=[False, True]), None)
    second.sync()
    assert (first.stopped, first.paused) == (second.stopped, second.paused) == (False, True)


def test_rank_0_alone_is_asked_for_predictions(pipe, one_of_two):
    pipe.send(Command("predict", ("a",)))
    first = BroadcastCommands(one_of_two(rank=0), pipe.commands)
    found = []
    until(lambda: found.extend(first.requested()) or found)
    assert found == ["a"]
    assert list(BroadcastCommands(one_of_two(rank=1), None).requested()) == []


def test_an_evaluation_of_several_processes_is_not_cut_short(one_of_two):
    commands = BroadcastCommands(one_of_two(rank=1, other=[True, False]), None)
    commands.sync()
    assert commands.stopped
    assert len(list(commands.until_stopped(numbered(3)))) == 3
