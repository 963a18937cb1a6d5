"""What is drawn, and when."""

from __future__ import annotations

import threading

import pytest
from psygnal import Signal
from qtpy.QtWidgets import QWidget

from napari_alnt.errors import AlntError
from napari_alnt.widgets.redraw import INTERVAL, Part, Redraw


class Source:
    changed = Signal(str)


@pytest.fixture
def drawn():
    """The parts in the order in which they were drawn."""
    return []


@pytest.fixture
def parent(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def redraw(parent, drawn):
    made = Redraw(parent)
    made.add(Part.QUEUE, lambda: drawn.append("queue"))
    made.add(Part.SCATTER, lambda: drawn.append("scatter"), seen=parent)
    yield made
    made.stop()


def test_at_first_all_is_drawn_that_can_be_seen(redraw, drawn, parent):
    redraw.start()
    assert drawn == ["queue"]
    parent.show()
    redraw.draw()
    assert drawn == ["queue", "scatter"]


def test_only_what_has_changed_is_drawn_and_only_once(redraw, drawn, parent):
    parent.show()
    redraw.draw()
    drawn.clear()
    redraw.mark(Part.QUEUE)
    redraw.mark(Part.QUEUE | Part.HEADER)
    redraw.draw()
    redraw.draw()
    assert drawn == ["queue"]


def test_the_order_is_that_of_adding(redraw, drawn, parent):
    parent.show()
    redraw.draw()
    drawn.clear()
    redraw.mark(Part.SCATTER)
    redraw.mark(Part.QUEUE)
    redraw.draw()
    assert drawn == ["queue", "scatter"]


def test_it_draws_by_itself(redraw, drawn, qtbot):
    redraw.start()
    assert redraw._timer.interval() == INTERVAL
    drawn.clear()
    redraw._timer.setInterval(1)
    redraw.mark(Part.QUEUE)
    qtbot.waitUntil(lambda: drawn == ["queue"])


def test_a_signal_marks_its_parts_until_the_end(redraw, drawn):
    source = Source()
    redraw.follow(source.changed, Part.QUEUE)
    redraw.draw()
    source.changed.emit("case")
    redraw.draw()
    assert drawn == ["queue", "queue"]
    redraw.stop()
    assert len(source.changed) == 0


def test_a_mark_from_another_thread_is_drawn_in_this_one(redraw, qtbot):
    threads = []
    redraw.add(Part.NOISE, lambda: threads.append(threading.current_thread()))
    redraw.draw()
    source = Source()
    redraw.follow(source.changed, Part.NOISE)
    other = threading.Thread(target=source.changed.emit, args=("case",))
    other.start()
    other.join()
    qtbot.waitUntil(lambda: redraw.draw() or len(threads) == 2)
    assert set(threads) == {threading.current_thread()}


class Reading:
    """Something that is read slowly, and counted."""

    def __init__(self):
        self.gate, self.threads = threading.Event(), []
        self.error = None
        self.gate.set()

    def __call__(self):
        self.threads.append(threading.current_thread())
        self.gate.wait(20)
        if self.error:
            raise self.error
        return len(self.threads)


@pytest.fixture
def reading(redraw):
    made = Reading()
    yield made
    made.gate.set()
    redraw.files.settle()


def test_what_is_read_elsewhere_is_drawn_here(redraw, reading, drawn, qtbot):
    redraw.add(
        Part.NOISE, lambda number: drawn.append((number, threading.current_thread())), reading
    )
    redraw.draw()
    qtbot.waitUntil(lambda: (1, threading.main_thread()) in drawn)
    assert threading.main_thread() not in reading.threads


def test_what_changes_while_it_is_read_is_read_once_more(redraw, reading, drawn, qtbot):
    redraw.add(Part.NOISE, drawn.append, reading)
    reading.gate.clear()
    redraw.draw()
    for _ in range(3):
        redraw.mark(Part.NOISE)
        redraw.draw()
    reading.gate.set()
    qtbot.waitUntil(lambda: 1 in drawn)
    redraw.draw()
    qtbot.waitUntil(lambda: 2 in drawn)
    redraw.draw()
    assert len(reading.threads) == 2


def test_what_was_read_already_is_not_read_at_the_start(redraw, reading, drawn):
    redraw.add(Part.NOISE, drawn.append, reading)
    redraw.start({Part.NOISE: "first"})
    assert "first" in drawn
    assert reading.threads == []


def test_what_cannot_be_read_is_said_and_read_again(redraw, reading, drawn, qtbot):
    redraw._retry.setInterval(20)
    redraw.add(Part.NOISE, drawn.append, reading)
    reading.error = AlntError("The table is in use.")
    with qtbot.waitSignal(redraw.failed) as told:
        redraw.draw()
    assert told.args == ["The table is in use."]
    reading.error = None
    qtbot.waitUntil(lambda: Part.NOISE in redraw._stale)
    with qtbot.waitSignal(redraw.recovered):
        redraw.draw()
    assert 2 in drawn


def test_what_comes_after_the_end_is_not_drawn(redraw, reading, drawn):
    redraw.add(Part.NOISE, drawn.append, reading)
    reading.gate.clear()
    redraw.draw()
    redraw.stop()
    reading.gate.set()
    redraw.files.settle()
    assert 1 not in drawn
