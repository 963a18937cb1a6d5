"""The radiologist's whole loop in a real window, with a real mouse, a real keyboard and a real
engine.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import SimpleITK
from qtpy.QtCore import Qt

from napari_alnt.data import Project
from napari_alnt.session import Session

CTRL = Qt.KeyboardModifier.ControlModifier
ENTER = Qt.Key.Key_Return


def set_form(window, **values):
    for name, value in values.items():
        window.loop.form.rows[name].value = value


def test_correct_a_case_while_training_goes_on(window, balls):
    source = SimpleITK.ReadImage(str(Project.open(balls.folder, write=False).case("ball_04").image))
    assert window.dock.open_project(balls.folder)
    set_form(window, epochs=200, steps_per_epoch=2, validate_every=100, rank_every=100)
    loop = window.loop
    heard = []
    loop.jobs.heard.connect(heard.append)

    window.qtbot.mouseClick(loop.training.main, Qt.MouseButton.LeftButton)
    case = window.open_row(0)
    assert case == "ball_04"
    before = window.layer.data.copy()

    window.paint((3, 5, 5))
    assert (window.layer.data != before).any()
    window.press(Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(window.layer.data, before)
    window.paint((4, 6, 7))
    painted = window.layer.data.copy()
    assert (painted[4] != before[4]).any()
    np.testing.assert_array_equal(np.delete(painted, 4, 0), np.delete(before, 4, 0))

    window.until(lambda: [e for e in heard if type(e).__name__ == "EpochDone"])
    window.press(ENTER, CTRL)
    version = loop.session.project.versions(case)[-1]
    stored = SimpleITK.ReadImage(str(version.file))
    turned = SimpleITK.GetArrayFromImage(SimpleITK.DICOMOrient(stored, "LPS"))
    np.testing.assert_array_equal(turned, painted)
    assert stored.GetOrigin() == source.GetOrigin()
    assert stored.GetDirection() == source.GetDirection()
    assert stored.GetSpacing() == source.GetSpacing()
    assert version.seconds >= 0
    assert version.parent == "teacher"

    window.until(lambda: loop.correction.case not in ("", case) and not loop.correction.loading)
    rows = lambda: [
        row for e in heard if type(e).__name__ == "EpochDone" for row in e.rows if row.case == case
    ]
    window.until(lambda: rows() and rows()[-1].role == "reference")
    assert rows()[-1].label == "0001"
    assert rows()[0].role == "pool"

    window.qtbot.mouseClick(loop.training.stop, Qt.MouseButton.LeftButton)
    window.until(lambda: loop.jobs.state == "idle")
    assert not loop.session.engine.running
    assert loop.session.project.runs[-1].state == "stopped"


def test_the_student_is_shown_when_it_is_asked_for(window, balls):
    with Session.open(balls.folder) as session:
        list(session.train(dataclasses.replace(session.project.settings, prepare=0)))
    window.dock.open_project(balls.folder)
    window.open_row(1)
    assert "student" not in [layer.name for layer in window.viewer.layers]
    window.until(lambda: "student" in [layer.name for layer in window.viewer.layers])
    names = [layer.name for layer in window.viewer.layers]
    assert names[1:] == ["voxel trust", "correction", "teacher", "student"]
    assert window.viewer.layers.selection.active is window.layer
    places = {tuple(layer.scale) + tuple(layer.translate) for layer in window.viewer.layers}
    assert len(places) == 1
    assert not window.viewer.layers["teacher"].editable
    window.until(lambda: window.loop.jobs.state == "idle")


def test_a_picture_older_than_the_newest_ranking_is_renewed_once(window, balls):
    with Session.open(balls.folder) as session:
        list(session.train(dataclasses.replace(session.project.settings, prepare=0)))
        list(session.predict(["ball_04"]))
    window.dock.open_project(balls.folder)
    loop = window.loop
    history, jobs = loop.session.history, loop.jobs
    fresh = history.predictions["ball_04"]
    old = history.predictions["ball_04"] = dataclasses.replace(fresh, step=fresh.step - 1)
    place = [row.case for row in loop.queue.in_order()].index("ball_04")
    starts = []
    start = loop.session.start
    loop.session.start = lambda *args, **kwargs: (
        starts.append((args, kwargs)),
        start(*args, **kwargs),
    )[1]

    assert window.open_row(place) == "ball_04"
    before = {layer.name: layer for layer in window.viewer.layers}
    assert {"student", "voxel trust"} <= set(before)  # the old one is shown until then
    assert jobs.state != "idle"
    window.paint((4, 6, 7))
    layer, painted = window.layer, window.layer.data.copy()
    window.until(lambda: jobs.state == "idle" and not loop.correction.line.busy)
    assert history.predictions["ball_04"].step == fresh.step
    after = {layer.name: layer for layer in window.viewer.layers}
    assert [one.name for one in window.viewer.layers] == list(before)
    assert all(after[name] is not before[name] for name in ("student", "voxel trust"))
    assert after["correction"] is layer is window.viewer.layers.selection.active
    assert layer.mode == "paint"
    np.testing.assert_array_equal(layer.data, painted)

    history.predictions["ball_04"] = (
        old  # as from a checkpoint that lags behind the ranking: no second job
    )
    window.open_row(0 if place else 1)
    window.until(lambda: jobs.state == "idle")
    window.open_row(place)
    window.until(lambda: jobs.state == "idle")
    assert [kwargs["cases"] for _, kwargs in starts].count(["ball_04"]) == 1


def test_a_running_training_is_asked_for_a_newer_picture(window, balls):
    with Session.open(balls.folder) as session:
        list(session.train(dataclasses.replace(session.project.settings, prepare=0)))
        list(session.predict(["ball_04"]))
    window.dock.open_project(balls.folder)
    history, jobs = window.loop.session.history, window.loop.jobs
    sent = []
    jobs.state, jobs.job, jobs._send = "running", "train", lambda *command: sent.append(command)
    jobs.picture("ball_04")
    assert sent == []  # of the ranking's own step
    for later in (5, 9):
        history.scores["ball_04"].append(
            dataclasses.replace(history.scores["ball_04"][-1], step=1000 + later)
        )
        jobs.picture("ball_04")
        jobs.picture("ball_04")
    assert sent == [("predict", "ball_04")] * 2
    jobs.state = "idle"


def test_a_picture_that_came_while_the_case_was_read_is_shown(window, balls):
    with Session.open(balls.folder) as session:
        list(session.train(dataclasses.replace(session.project.settings, prepare=0)))
        list(session.predict(["ball_04"]))
    window.dock.open_project(balls.folder)
    loop = window.loop
    made = loop.session.history.predictions.pop("ball_04")
    loop.open_case("ball_04")
    loop.session.history.predictions["ball_04"] = made
    window.until(lambda: "student" in [layer.name for layer in window.viewer.layers], 20)
    window.qtbot.wait(200)  # Mesa crashes where layers go before they were drawn once
