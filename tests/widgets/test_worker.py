"""Threads: what is done in them, and what comes back of it."""

from __future__ import annotations

import threading
import time

import pytest
from qtpy.QtCore import QObject, QTimer

from napari_alnt.errors import AlntError
from napari_alnt.events import Finished, Progress
from napari_alnt.widgets import worker as module
from napari_alnt.widgets.worker import FileWorker, listen, wait_for_threads


@pytest.fixture
def files(qtbot):
    parent = QObject()
    made = FileWorker(parent)
    yield made
    made.wait()
    qtbot.waitUntil(lambda: not made.busy)


class Results(list):
    """What came back, each with the thread in which it did."""

    def done(self, result):
        self.append((result, threading.current_thread()))

    def failed(self, error):
        self.append((str(error), threading.current_thread()))


HERE = threading.main_thread()


def test_a_call_is_made_elsewhere_and_its_result_comes_here(files, qtbot):
    results = Results()
    files.run(threading.current_thread, done=results.done, failed=results.failed)
    assert files.busy
    qtbot.waitUntil(lambda: not files.busy)
    ((thread, here),) = results
    assert here is HERE
    assert thread is not HERE


def test_calls_are_made_one_after_another(files, qtbot):
    order, gate = [], threading.Event()
    results = Results()
    files.run(lambda: (gate.wait(20), order.append("first")), done=results.done, failed=print)
    files.run(order.append, "second", done=results.done, failed=print)
    gate.set()
    assert files.wait()
    assert order == ["first", "second"]
    qtbot.waitUntil(lambda: len(results) == 2)


def failing(error):
    raise error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AlntError("The disk is full."), "The disk is full."),
        (RuntimeError("odd"), "Something unforeseen happened (RuntimeError: odd)"),
    ],
    ids=["ours", "another"],
)
def test_an_error_comes_as_a_sentence(files, qtbot, error, sentence):
    results = Results()
    files.run(failing, error, done=results.done, failed=results.failed)
    qtbot.waitUntil(lambda: not files.busy)
    ((text, here),) = results
    assert text.startswith(sentence)
    assert here is HERE


def test_results_are_handed_over_after_the_wait_not_in_it(files, qtbot):
    results = Results()
    files.run(lambda: 1, done=results.done, failed=results.failed)
    assert files.wait()
    assert results == []
    qtbot.waitUntil(lambda: results == [(1, HERE)])


class Speaking:
    """An engine that says a few things from whatever thread reads it."""

    def __init__(self):
        self.threads = []

    def events(self):
        for number in range(3):
            self.threads.append(threading.current_thread())
            yield Progress("preparing", number, 3)
        yield Finished(3)


def test_an_engine_is_heard_to_its_end_in_this_thread(qtbot):
    parent, engine, heard = QObject(), Speaking(), []

    def hear(event):
        heard.append((event, threading.current_thread()))

    listen(engine, hear, lambda: hear("end"), parent=parent)
    qtbot.waitUntil(lambda: len(heard) == 5)
    assert [event for event, _ in heard] == [
        *(Progress("preparing", number, 3) for number in range(3)), Finished(3), "end"
    ]  # fmt: skip
    assert {thread for _, thread in heard} == {HERE}
    assert HERE not in engine.threads
    assert wait_for_threads()


def test_waiting_ends_with_the_last_thread(qtbot):
    parent, gate, ended = QObject(), threading.Event(), []

    class Waiting:
        def events(self):
            gate.wait(20)
            yield Finished(0)

    listen(Waiting(), lambda _: None, lambda: ended.append(True), parent=parent)
    assert not wait_for_threads(50)
    gate.set()
    assert wait_for_threads()
    qtbot.waitUntil(lambda: ended == [True])


def test_a_call_that_is_waited_for_comes_after_those_before_it(files, qtbot):
    results, gate = Results(), threading.Event()
    files.run(lambda: gate.wait(20), done=results.done, failed=results.failed)
    QTimer.singleShot(50, gate.set)  # it would never open if the window stood still
    assert files.call(lambda: len(results)) == 0
    assert results == [(True, HERE)]
    assert not files.busy
    with pytest.raises(AlntError, match="full"):
        files.call(failing, AlntError("The disk is full."))


def test_a_disk_that_does_not_answer_is_not_waited_for_for_ever(files, qtbot, monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 0.1)
    results, gate = Results(), threading.Event()
    files.run(lambda: gate.wait(60), done=results.done, failed=results.failed)
    with pytest.raises(AlntError, match="does not answer"):
        files.settle()
    monkeypatch.setattr(module, "LIMIT", 1e6)  # once is enough
    with pytest.raises(AlntError, match="does not answer"):
        files.call(lambda: 2)
    gate.set()
    assert files.call(lambda: 3) == 3
    assert results == [(True, HERE)]


def test_without_life_nothing_but_the_results_is_handled(files, qtbot):
    ticks, results = [], Results()
    QTimer.singleShot(0, lambda: ticks.append(1))
    files.run(time.sleep, 0.1, done=results.done, failed=results.failed)
    files.settle(alive=False)
    assert len(results) == 1
    assert ticks == []
    qtbot.waitUntil(lambda: ticks == [1])


def test_what_a_result_asks_for_is_waited_for_too(files, qtbot):
    results = Results()
    files.run(
        lambda: 1,
        done=lambda _: files.run(lambda: 2, done=results.done, failed=results.failed),
        failed=results.failed,
    )
    files.settle()
    assert results == [(2, HERE)]
