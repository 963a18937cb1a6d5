"""The buttons and the bar of the training."""

from __future__ import annotations

import os
import signal

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_alnt.events import Failed, Paused, Progress, Stalled, Started, StepDone, Warned
from napari_alnt.session import Session
from napari_alnt.session import engine as engine_module
from napari_alnt.session.jobs import JobController
from napari_alnt.widgets.training import training as module
from napari_alnt.widgets.training.form import SettingsForm
from napari_alnt.widgets.training.training import TrainingPanel


class Fallen:
    """An engine that fails at once."""

    running = False

    def events(self):
        yield Progress("preparing", 0, 2)
        yield Failed("Memory ran out; make the patch smaller and train again.")

    def send(self, command):
        pass

    def close(self):
        pass


def test_a_failure_is_a_sentence_and_training_can_start_again(window, balls, monkeypatch):
    window.dock.open_project(balls.folder)
    loop = window.loop
    monkeypatch.setattr(loop.session, "start", lambda *_, **__: Fallen())
    window.qtbot.mouseClick(loop.training.main, Qt.MouseButton.LeftButton)
    window.until(lambda: loop.jobs.status.state == "idle")
    assert loop.training.message.text() == "Memory ran out; make the patch smaller and train again."
    assert loop.training.message.isVisible()
    assert loop.training.main.isEnabled()


class Resting(Fallen):
    """An engine that is paused for long."""

    def events(self):
        yield Progress("training", 0, 2)
        yield Stalled(300.0)
        yield Warned("Something else.")
        yield Paused(1)
        yield Stalled(300.0)


def test_silence_is_no_news_while_paused(window, balls, monkeypatch):
    window.dock.open_project(balls.folder)
    loop, event_received = window.loop, []
    loop.jobs.message.connect(lambda text, _: event_received.append(text))
    monkeypatch.setattr(loop.session, "start", lambda *_, **__: Resting())
    loop.training.start()
    window.until(lambda: loop.jobs.status.state == "idle")
    assert [text[:16] for text in event_received if text] == ["The training has", "Something else."]


def test_a_wrong_setting_is_said_before_anything_starts(window, balls):
    window.dock.open_project(balls.folder)
    window.loop.form.rows["patch"].value = "48, 48"
    window.qtbot.mouseClick(window.loop.training.main, Qt.MouseButton.LeftButton)
    assert "3 numbers" in window.loop.training.message.text()
    assert window.loop.jobs.status.state == "idle"


@pytest.fixture
def panel(qtbot, balls):
    """The panel of a project in which an engine is only pretended."""
    with Session.open(balls.folder) as session:
        session.start = lambda *_, **__: None
        form = SettingsForm(session.project.settings)
        made = TrainingPanel(JobController(session, lambda *_: None), form)
        qtbot.addWidget(form)
        qtbot.addWidget(made)
        made.show()
        yield made


def texts(panel):
    return panel.main.text(), panel.stage.text(), panel.facts["left"].text()


def test_an_idle_panel_offers_to_start(panel):
    assert texts(panel) == ("Start training", "Not training", "")
    assert panel.main.isEnabled()
    assert not panel.stop.isEnabled()


def test_the_panel_follows_the_job(panel, qtbot):
    jobs = panel.jobs
    qtbot.mouseClick(panel.main, Qt.MouseButton.LeftButton)
    assert texts(panel) == ("Starting …", "Starting the engine …", "")
    assert panel.bar.maximum() == 0  # busy, without an end in sight
    assert not panel.main.isEnabled()
    jobs._take(Started(1, "cpu", "unet_small", 9, step=0, total=50, pool=4, experts=2, test=2))
    jobs._take(StepDone(5, 1, 0.5, 0.4, 1e-3, seconds_left=90.0))
    panel.refresh()
    assert texts(panel) == ("Pause", "Epoch 1 · step 5 / 50", "2 min left")
    assert (panel.bar.value(), panel.bar.maximum()) == (5, 50)
    qtbot.mouseClick(panel.main, Qt.MouseButton.LeftButton)
    assert texts(panel)[0] == "Pausing …"
    jobs._take(Paused(5))
    assert texts(panel)[:2] == ("Resume", "Paused · Epoch 1 · step 5 / 50")
    qtbot.mouseClick(panel.main, Qt.MouseButton.LeftButton)
    assert texts(panel)[0] == "Pause"
    qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
    assert texts(panel)[0] == "Stopping …"
    assert not panel.stop.isEnabled()


def positions(panel):
    """Where each part of the panel is, and how large, but for what takes turns in the lines."""
    lines = panel.message
    parts = (panel, *panel.findChildren(QWidget))
    outside = [part for part in parts if part is lines or not lines.isAncestorOf(part)]
    return {part: part.geometry() for part in outside}


@pytest.mark.parametrize("width", [450, 600])
def test_nothing_moves_whatever_is_said(panel, qtbot, width):
    panel.resize(width, panel.sizeHint().height())
    qtbot.wait(10)
    before = positions(panel)
    assert len(before) > 4
    started = Started(1, "cuda:0", "unet_small", 9, step=0, total=50, pool=4, experts=2, test=2)
    long = "A sentence that is much longer than two lines of the panel can hold. " * 4
    jobs = panel.jobs
    changes = [
        lambda: panel.say("Short."),
        lambda: panel.say(long, "error"),
        lambda: panel.say(""),
        lambda: panel.show_student(True),
        panel.start,
        lambda: jobs._take(started),
        lambda: jobs._take(StepDone(5, 1, 0.5, 0.4, 1e-3, seconds_left=9e5, seconds=123.4)),
        panel.refresh,
        panel._look_at_memory,
        jobs.pause,
        lambda: jobs._take(Paused(5)),
        jobs.resume,
        lambda: jobs._take(Progress("predicting", 1, 3)),
        panel.refresh,
        jobs.stop,
        lambda: jobs._take(Stalled(10.0)),
        jobs._end,
    ]
    said = set()
    for change in changes:
        change()
        qtbot.wait(1)
        assert positions(panel) == before
        said.add((panel.main.text(), panel.stop.text()))
    assert ("Stopping …", "End it now") in said
    assert len(said) >= 7


def test_the_facts_of_a_training_have_room(panel, qtbot, monkeypatch):
    monkeypatch.setattr(module, "used_memory", lambda *_: 2.34e9)
    qtbot.mouseClick(panel.main, Qt.MouseButton.LeftButton)
    panel.jobs._take(Started(1, "cpu", "unet", 9, step=0, total=50, pool=4, experts=2, test=2))
    panel.jobs._take(StepDone(5, 1, 0.5, 0.4, 1e-3, seconds_left=90.0, seconds=0.84))
    panel._look_at_memory()
    panel.resize(400, panel.height())
    longest = ("23 h 59 min left", "cuda:0", "139.8 GB", "0.84 s a step")
    for fact, text in zip(panel.facts.values(), longest, strict=True):
        assert fact.fontMetrics().horizontalAdvance(text) <= fact.width()
    texts = [fact.text() for fact in panel.facts.values()]
    assert texts == ["2 min left", "cpu", "2.3 GB", "0.84 s a step"]
    panel.jobs._end()
    assert [fact.text() for fact in panel.facts.values()] == [""] * 4
    assert not panel._clock.isActive()


def test_begin_anew_holds_for_one_start(panel, qtbot):
    asked = []
    panel.jobs.train = lambda settings, fresh: asked.append((settings, fresh))
    panel.form.fresh.setChecked(True)
    for _ in range(2):
        qtbot.mouseClick(panel.main, Qt.MouseButton.LeftButton)
    assert [fresh for _, fresh in asked] == [True, False]
    assert asked[0][0] == panel.form.value()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be held on this system")
def test_a_training_that_hangs_is_ended_and_goes_on_later(window, balls, monkeypatch):
    monkeypatch.setattr(engine_module, "SILENCE_AFTER_STOP", 0.5)
    window.dock.open_project(balls.folder)
    loop, panel = window.loop, window.loop.training
    loop.form.rows["epochs"].value = 500
    window.qtbot.mouseClick(panel.main, Qt.MouseButton.LeftButton)
    window.until(lambda: loop.jobs.status.step)
    child = loop.session.engine.pid
    os.kill(child, signal.SIGSTOP)
    window.qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
    window.until(lambda: panel.stop.text() == "End it now")
    assert "does not answer" in panel.message.text()
    assert panel.stop.isEnabled()
    window.qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
    window.until(lambda: loop.jobs.status.state == "idle")
    assert panel.stop.text() == "Stop"
    window.until(lambda: not loop.session.engine.running)
    window.rest()
    assert loop.session.project.runs.all[-1].state == "stopped"
    window.until(lambda: panel.main.isEnabled())
    loop.form.rows["epochs"].value = 2
    window.qtbot.mouseClick(panel.main, Qt.MouseButton.LeftButton)
    window.until(lambda: loop.jobs.status.state == "idle" and "done" in panel.message.text())
