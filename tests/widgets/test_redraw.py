"""What is drawn, and when."""

from __future__ import annotations

import threading

import pytest
from psygnal import Signal
from qtpy.QtWidgets import QWidget

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
