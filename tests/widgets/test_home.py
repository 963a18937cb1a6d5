"""The empty page."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_alnt.errors import AlntError
from napari_alnt.simulation import DEMO_PROJECT
from napari_alnt.widgets import home as module
from napari_alnt.widgets.home import Home

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def home(qtbot, tmp_path):
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


def test_a_demo_that_cannot_be_made_is_a_sentence(home, qtbot, monkeypatch):
    def full(_):
        raise AlntError("The disk is full.")

    monkeypatch.setattr(module, "_make", full)
    qtbot.mouseClick(home.demo, LEFT)
    qtbot.waitUntil(lambda: home.sentence.text() == "The disk is full.")
    assert home.demo.isEnabled()
