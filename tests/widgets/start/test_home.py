"""The empty page."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QPushButton

from napari_alnt.data.recent import MOST
from napari_alnt.errors import AlntError
from napari_alnt.simulation import DEMO_PROJECT
from napari_alnt.widgets.start import home as module
from napari_alnt.widgets.start.home import Home

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def home(qtbot, tmp_path, monkeypatch):
    # without the projects that other tests have opened
    monkeypatch.setenv("NAPARI_ALNT_CONFIG", str(tmp_path / "config"))
    made = Home()
    made.demo_folder = tmp_path / "demo"
    qtbot.addWidget(made)
    made.show()
    yield made
    made.files.wait()


@pytest.mark.parametrize(("button", "signal"), [("open", "open_asked"), ("new", "new_asked")])
def test_a_press_asks(home, qtbot, button, signal):
    with qtbot.waitSignal(getattr(home, signal)):
        qtbot.mouseClick(getattr(home, button), LEFT)


def test_a_demo_that_is_there_is_opened(home, qtbot):
    project = home.demo_folder / DEMO_PROJECT
    project.mkdir(parents=True)
    with qtbot.waitSignal(home.made) as told:
        qtbot.mouseClick(home.demo, LEFT)
    assert told.args == [project]


def test_a_demo_that_is_not_there_is_made_first(home, qtbot, monkeypatch):
    monkeypatch.setattr(module, "_make", lambda folder: folder / DEMO_PROJECT)
    with qtbot.waitSignal(home.made) as told:
        qtbot.mouseClick(home.demo, LEFT)
        assert home.bar.isVisible()
        assert not home.demo.isEnabled()
        assert str(home.demo_folder) in home.sentence.text()
    assert told.args == [home.demo_folder / DEMO_PROJECT]
    assert home.demo.isEnabled()
    assert not home.bar.isVisible()


def test_nothing_moves_when_something_is_said(home, qtbot, tmp_path):
    home.resize(400, 700)

    def places():
        qtbot.waitUntil(lambda: not home.recent.files.busy)
        qtbot.wait(1)
        buttons = [one for one in home.findChildren(QPushButton) if one.isVisible()]
        return {one: (one.mapTo(home, QPoint(0, 0)), one.size()) for one in buttons}

    seen = places()
    assert len(seen) == 3
    for number in range(MOST):
        home.recent.remember(tmp_path / str(number))
        seen |= {one: place for one, place in places().items() if one not in seen}
    assert len(seen) == 3 + 2 * MOST
    home.say("A sentence of many words that takes more than one line. " * 4, "error")
    assert places() == seen
    home._set_busy(True)
    home.say("")
    assert places() == seen


def test_a_recent_project_is_opened_and_looked_at_again(home, qtbot, tmp_path):
    qtbot.waitUntil(lambda: not home.recent.files.busy)
    with qtbot.waitSignal(home.chosen) as told:
        home.recent.chosen.emit(tmp_path)
    assert told.args == [tmp_path]
    assert home.recent.files.busy  # it may not be there any more


def test_a_demo_that_cannot_be_made_is_a_sentence(home, qtbot, monkeypatch):
    def full(_):
        raise AlntError("The disk is full.")

    monkeypatch.setattr(module, "_make", full)
    qtbot.mouseClick(home.demo, LEFT)
    qtbot.waitUntil(lambda: home.sentence.text() == "The disk is full.")
    assert home.demo.isEnabled()
