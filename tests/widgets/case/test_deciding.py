"""Decisions, and the window beside them, which never waits for a disk or another program."""

from __future__ import annotations

import errno
import sqlite3
import threading
from contextlib import closing, contextmanager

import numpy as np
import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QCloseEvent

from napari_alnt.data import Project, atomic, table
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.redraw import Part

CTRL = Qt.KeyboardModifier.ControlModifier
ENTER = Qt.Key.Key_Return


class Ticks:
    """Counts while the window lives."""

    def __init__(self):
        self.count = 0
        self._timer = QTimer(interval=10)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self):
        self.count += 1

    def stop(self):
        self._timer.stop()


@pytest.fixture
def ticks(qtbot):
    made = Ticks()
    yield made
    made.stop()


@contextmanager
def another_program(folder, lock="EXCLUSIVE"):
    """Holds the project's table: alone, or as one that only reads."""
    with closing(sqlite3.connect(folder / "alnt.sqlite", isolation_level=None)) as other:
        other.execute(f"BEGIN {lock}")
        other.execute("SELECT * FROM cases").fetchall()
        yield other


def later(milliseconds, what):
    """Something that happens while the window waits: it would never, if the window stood still."""
    QTimer.singleShot(milliseconds, what)


def versions(balls, case):
    with Project.open(balls.folder, write=False) as project:
        return project.labels.versions(case)


@pytest.mark.parametrize("lock", ["EXCLUSIVE", "DEFERRED"], ids=["writer", "reader"])
def test_accept_waits_for_another_program_and_the_window_does_not(painted, balls, ticks, lock):
    loop = painted.loop
    with another_program(balls.folder, lock):
        for _ in range(2):  # an impatient user presses twice
            painted.press(ENTER, CTRL)
        before = ticks.count
        painted.until(loop.header.waiting.isVisible)
        painted.until(lambda: ticks.count > before + 5)
        assert loop.correction.deciding
        assert not loop.case_bar.buttons["accept"].isEnabled()
        np.testing.assert_array_equal(painted.layer.data, painted.mask)
    painted.until(lambda: loop.correction.case not in ("", painted.case))
    painted.until(lambda: not loop.header.waiting.isVisible())
    assert f"{painted.case} accepted as version 1" in painted.said
    (version,) = versions(balls, painted.case)
    assert version.number == 1
    assert painted.draft(balls, painted.case) is None


def test_whatever_is_clicked_meanwhile_is_done_afterwards(painted, balls, ticks):
    loop = painted.loop
    with another_program(balls.folder):
        loop.header.ranking.setCurrentText("loss")
        case = painted.click_row(2)
        loop.act(ACTIONS["skip"])
        painted.qtbot.mouseClick(loop.training.main, Qt.MouseButton.LeftButton)
        loop.redraw.draw()
        before = ticks.count
        painted.until(loop.header.waiting.isVisible)
        painted.until(lambda: ticks.count > before + 5)
        assert loop.jobs.status.state == "starting"
    painted.until(lambda: loop.correction.case == case)
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.mask)
    painted.until(lambda: loop.jobs.status.started)
    loop.jobs.stop()
    painted.until(lambda: loop.jobs.status.state == "idle")


@pytest.mark.parametrize("decision", ["confirm", "skip", "flag", "revert"])
def test_the_other_decisions_wait_as_well(window, balls, ticks, decision):
    window.dock.open_project(balls.folder)
    case = window.open_row(0)
    loop = window.loop
    with another_program(balls.folder):
        loop.act(ACTIONS[decision])
        before = ticks.count
        window.until(loop.header.waiting.isVisible)
        window.until(lambda: ticks.count > before + 5)
        assert loop.correction.deciding
        assert loop.correction.case == case
    window.until(lambda: not loop.correction.deciding)
    window.rest()
    status = {"confirm": "accepted", "skip": "skipped", "flag": "flagged", "revert": "new"}
    assert loop.session.project.case(case).status == status[decision]


def test_a_project_opens_when_its_table_is_free_again(window, balls, ticks):
    with another_program(balls.folder) as other:
        later(500, lambda: other.execute("ROLLBACK"))
        assert window.dock.open_project(balls.folder)
    assert ticks.count > 0
    assert len(list(window.loop.queue.in_order())) == 4


def test_closing_waits_for_the_table_and_keeps_the_work(painted, balls, ticks):
    with another_program(balls.folder) as other:
        later(800, lambda: other.execute("ROLLBACK"))
        assert painted.dock.close_project()
    assert ticks.count > 0
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.mask)


def test_napari_closes_when_the_work_is_kept(painted, balls, ticks):
    with another_program(balls.folder) as other:
        later(800, lambda: other.execute("ROLLBACK"))
        event = QCloseEvent()
        # napari's fixture wants to take the window apart itself
        assert not painted.dock.eventFilter(painted.viewer.window._qt_window, event)
        assert event.isAccepted()
    assert ticks.count > 0
    np.testing.assert_array_equal(painted.draft(balls, painted.case), painted.mask)


def test_a_table_that_stays_in_use_is_said_and_nothing_is_lost(painted, balls, monkeypatch):
    monkeypatch.setattr(table, "PATIENCE", 0.3)
    loop = painted.loop
    loop.redraw._retry.setInterval(100)
    with another_program(balls.folder):
        painted.press(ENTER, CTRL)
        painted.until(lambda: not loop.correction.deciding)
        assert "in use by another program" in painted.said
        loop.redraw.mark(Part.QUEUE)
        loop.redraw.draw()
        painted.until(lambda: loop.header.note.objectName() == "error")
    painted.until(lambda: not loop.header.note.isVisible())
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    assert loop.correction.drafts.dirty
    painted.press(ENTER, CTRL)
    painted.until(lambda: loop.correction.case not in ("", painted.case))
    assert len(versions(balls, painted.case)) == 1


@pytest.fixture
def slow_disk(monkeypatch):
    """A disk on which nothing is durable before ``gate`` is open; ``begun`` when it is waited."""

    class Disk:
        begun = threading.Event()
        gate = threading.Event()

    flush = atomic._flush

    def slowly(path):
        Disk.begun.set()
        assert Disk.gate.wait(60)
        flush(path)

    monkeypatch.setattr(atomic, "_flush", slowly)
    yield Disk
    Disk.gate.set()


def accepting(painted, disk, ticks):
    """Accept, as far as the disk lets it go."""
    painted.press(ENTER, CTRL)
    painted.until(disk.begun.is_set)
    before = ticks.count
    painted.until(lambda: ticks.count > before + 5)
    assert painted.loop.correction.deciding


def test_a_case_clicked_while_another_is_accepted_is_opened_afterwards(
    painted, balls, slow_disk, ticks
):
    accepting(painted, slow_disk, ticks)
    case = painted.click_row(3)
    painted.click_row(2)
    assert painted.click_row(3) == case
    painted.qtbot.wait(100)
    assert painted.loop.correction.case == painted.case
    slow_disk.gate.set()
    painted.until(lambda: painted.loop.correction.case == case)
    assert len(versions(balls, painted.case)) == 1
    assert painted.draft(balls, painted.case) is None


def test_strokes_made_while_a_case_is_accepted_are_a_draft(painted, balls, slow_disk, ticks):
    accepting(painted, slow_disk, ticks)
    painted.layer.data[3] = 1
    after = painted.layer.data.copy()
    slow_disk.gate.set()
    painted.until(lambda: painted.loop.correction.case not in ("", painted.case))
    with Project.open(balls.folder, write=False) as project:
        accepted = project.expert(project.case(painted.case))
        np.testing.assert_array_equal(accepted.voxels, painted.mask)
    np.testing.assert_array_equal(painted.draft(balls, painted.case), after)


def test_a_project_closed_while_a_case_is_accepted_has_it(painted, balls, slow_disk, ticks):
    accepting(painted, slow_disk, ticks)
    later(300, slow_disk.gate.set)
    assert painted.dock.close_project()
    assert len(versions(balls, painted.case)) == 1
    assert painted.draft(balls, painted.case) is None


def test_a_window_closed_while_a_case_is_accepted_has_it(painted, balls, slow_disk, ticks):
    accepting(painted, slow_disk, ticks)
    opener = threading.Timer(0.5, slow_disk.gate.set)
    opener.start()
    painted.viewer.close()
    opener.join()
    assert len(versions(balls, painted.case)) == 1
    assert painted.draft(balls, painted.case) is None


def test_one_decision_is_made_at_a_time(painted, balls, slow_disk, ticks):
    accepting(painted, slow_disk, ticks)
    correction = painted.loop.correction
    assert not correction.skip()
    assert not correction.flag()
    assert not correction.accept()
    slow_disk.gate.set()
    painted.until(lambda: not correction.deciding)
    painted.rest()
    assert painted.loop.session.project.case(painted.case).status == "accepted"


def test_an_accept_that_fails_leaves_the_work_as_it_is(painted, balls, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_flush", full)
        painted.act("accept")
        assert "disk is full" in painted.said
    assert painted.loop.correction.case == painted.case
    assert painted.loop.correction.drafts.dirty
    assert painted.layer.mode == "paint"
    assert painted.loop.case_bar.buttons["accept"].isEnabled()
    np.testing.assert_array_equal(painted.layer.data, painted.mask)
    painted.layer.undo()  # what was painted can still be taken back
    np.testing.assert_array_equal(painted.layer.data, painted.before)
    painted.layer.redo()
    painted.act("accept")
    assert len(versions(balls, painted.case)) == 1
