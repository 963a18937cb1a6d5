"""The list of recent projects on the start page."""

from __future__ import annotations

import threading

import pytest
from qtpy.QtCore import QPoint, Qt

from napari_alnt.data import TABLE
from napari_alnt.data import recent as data
from napari_alnt.data.recent import Recent, recent_projects, remember
from napari_alnt.errors import AlntError
from napari_alnt.widgets.start import recent as module
from napari_alnt.widgets.start.recent import RecentList, RecentRow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def projects(tmp_path, monkeypatch):
    """One project that is there and one that is gone; the newest is the one that is there."""
    monkeypatch.setenv("NAPARI_ALNT_CONFIG", str(tmp_path / "config"))
    there, gone = tmp_path / "a&b", tmp_path / "gone"
    there.mkdir()
    (there / TABLE).touch()
    remember(gone)
    remember(there)
    return there, gone


@pytest.fixture
def recent(qtbot, projects):
    made = RecentList()
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.show()
    made.look()
    qtbot.waitUntil(lambda: not made.files.busy and not made._timer.isActive())
    yield made
    made._timer.stop()
    made.files.wait()


def shown(recent):
    return [row.recent.folder for row in recent.rows if row.isVisible()]


def test_one_click_opens(recent, projects, qtbot):
    with qtbot.waitSignal(recent.chosen) as told:
        qtbot.mouseClick(recent.rows[0].open, LEFT)
    assert told.args == [projects[0]]
    assert recent.rows[0].open.text() == "a&&b"  # Qt shows it as one


def test_a_missing_one_is_grey_and_says_why(recent, projects):
    row = recent.rows[1]
    assert not row.open.isEnabled()
    assert "There is no folder" in row.open.toolTip()
    assert row.remove.isEnabled()


def test_names_are_there_at_once_and_a_disk_that_hangs_is_grey_later(recent, qtbot, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(data, "why_missing", lambda _: (gate.wait(20) and "") or "")
    recent.look()
    qtbot.waitUntil(lambda: not recent.files.busy)
    assert len(shown(recent)) == 2
    assert all(row.open.isEnabled() for row in recent.rows[:2])
    looks = dict(recent._presence)
    recent.look()
    qtbot.waitUntil(lambda: not recent.files.busy)
    assert recent._presence == looks  # nobody looks twice at a disk that hangs
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    qtbot.waitUntil(lambda: not recent.rows[0].open.isEnabled())
    assert "does not answer" in recent.rows[0].open.toolTip()
    gate.set()


def test_one_that_is_removed_leaves_the_others_in_place(recent, projects, qtbot):
    places = [row.mapTo(recent, QPoint(0, 0)) for row in recent.rows]
    qtbot.mouseClick(recent.rows[0].remove, LEFT)
    qtbot.waitUntil(lambda: not recent.files.busy)
    assert [row.mapTo(recent, QPoint(0, 0)) for row in recent.rows] == places
    assert not recent.rows[0].open.isEnabled()
    assert not recent.rows[0].remove.isEnabled()
    recent.look()
    qtbot.waitUntil(lambda: shown(recent) == [projects[1]])
    assert recent.rows[0].remove.isEnabled()


def test_one_that_is_opened_comes_first(recent, projects, qtbot):
    there, gone = projects
    recent.remember(gone)
    qtbot.waitUntil(lambda: shown(recent) == [gone, there])
    assert [one.folder for one in recent_projects()] == [gone, there]


def test_a_list_that_cannot_be_saved_is_said(recent, qtbot, monkeypatch, tmp_path):
    def full(_):
        raise AlntError("The disk is full.")

    monkeypatch.setattr(module, "remember", full)
    with qtbot.waitSignal(recent.failed) as told:
        recent.remember(tmp_path)
    assert told.args == ["The disk is full."]


def test_a_long_name_is_shortened_in_its_middle(qtbot, tmp_path):
    row = RecentRow()
    qtbot.addWidget(row)
    title = "lungs of the first hospital, second reading  (data)"
    row.resize(180, 30)
    row.show()
    row.show_recent(Recent(tmp_path, title))
    text = row.open.text()
    assert "…" in text
    assert text.startswith("lungs")
    assert text.endswith(")")
    row.resize(900, 30)
    assert row.open.text() == title
