"""The steps of the tour, in the order in which they are made."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest

from benchmark.window_tour import LEFT, RIGHT, Tour, live, until

if TYPE_CHECKING:
    from benchmark.gui_calls import GuiCalls

CONTROL = Qt.KeyboardModifier.ControlModifier


def learn(viewer: Any, dock: Any, calls: GuiCalls, project: Path) -> Tour:
    """Open the project, and have the student learn."""
    calls.stage = "open the project"
    QTimer.singleShot(0, lambda: dock.open_project(project))
    until(lambda: dock.loop is not None)
    tour = Tour(viewer, dock, calls)
    tour.rest()
    with tour.stage("start the training"):
        main = tour.loop.training.main
        QTest.mouseClick(main, LEFT, pos=main.rect().center())
        until(lambda: tour.loop.jobs.status.stage == "training")
    return tour


def take_tour(tour: Tour) -> None:
    """Do everything once."""
    with tour.stage("open a case"):
        case = next(iter(tour.large_cases(ready=False)), "")
        if case:
            tour.open(case, partial(tour.click, case))
    tour.wait_for_reading()
    with tour.stage("open a case that was read ahead"):
        for case in tour.large_cases(ready=True)[:2]:
            tour.open(case, partial(tour.click, case))
    _look(tour)
    _paint(tour)
    _planes(tour)
    _queue(tour)
    _decide(tour)
    with tour.stage("open the next case by key"):
        tour.key(Qt.Key.Key_N)
        until(lambda: not tour.loop.correction.loading)


def _look(tour: Tour) -> None:
    with tour.stage("go through the slices"):
        tour.wheel(12)
        tour.wheel(-12)
    with tour.stage("change window and level"):
        tour.drag(RIGHT, (120, 60))
    with tour.stage("presets"):
        tour.press("lung")
        live(0.1)
        tour.press("default_window")
    with tour.stage("zoom and move"):
        tour.drag(Qt.MouseButton.MiddleButton, (60, 40))
    with tour.stage("trust map on and off"):
        tour.press("trust")
        live(0.2)
        tour.press("trust")
    with tour.stage("flip the masks"):
        for name in ("flip_teacher", "flip_student", "flip_correction", "flip_correction"):
            tour.press(name)
            live(0.1)
        tour.press("flip_student")
        tour.press("flip_teacher")


def _paint(tour: Tour) -> None:
    with tour.stage("paint"):
        tour.loop.layers.activate()
        for shift in (60, -60, 90):
            tour.drag(LEFT, (shift, 40))
    with tour.stage("undo"):
        tour.key(Qt.Key.Key_Z, CONTROL)
        live(0.1)
        tour.key(Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    with tour.stage("go back in the history"):
        tour.press("earlier")
        tour.rest()
        tour.press("later")


def _planes(tour: Tour) -> None:
    with tour.stage("planes on"):
        tour.press("planes")
        live(0.5)
    with tour.stage("slices and strokes with the planes on"):
        tour.wheel(6)
        tour.drag(LEFT, (50, 50))
        live(1.0)  # the mask from outside follows a moment later
    with tour.stage("planes off"):
        tour.press("planes")
        live(0.3)


def _queue(tour: Tour) -> None:
    panel, queue = tour.loop.queue_panel, tour.loop.queue
    with tour.stage("filter the queue"):
        QTest.keyClicks(panel.filter.words, "large")
        live(0.1)
        panel.filter.words.clear()
    with tour.stage("sort the queue"):
        header = queue.horizontalHeader()
        for column in (1, 0, 0, 1):
            at = header.sectionViewportPosition(column) + 5
            place = header.viewport().rect().center()
            place.setX(at)
            QTest.mouseClick(header.viewport(), LEFT, pos=place)
            live(0.1)
    with tour.stage("tabs"):
        tabs = tour.loop.tabs
        for place in (*range(tabs.count()), 0):
            bar = tabs.tabBar()
            QTest.mouseClick(bar, LEFT, pos=bar.tabRect(place).center())
            live(0.7)  # until what is on it has been drawn


def _decide(tour: Tour) -> None:
    with tour.stage("flag, and take the flag away"):
        tour.press("flag")
        tour.rest()
        tour.press("flag")
    with tour.stage("skip"):
        tour.decide("skip")
        tour.wait_for_reading()
    with tour.stage("take back: skip"):
        tour.decide("undo_decision")
    accepted = tour.loop.correction.case
    with tour.stage("accept"):
        tour.decide("accept")
    with tour.stage("open the accepted case"):
        tour.open(accepted, partial(tour.click, accepted))
    _compare(tour)
    with tour.stage("take back: accept"):
        tour.decide("undo_decision")
    with tour.stage("revert"):
        tour.decide("revert")


def _compare(tour: Tour) -> None:
    menu = tour.loop.case_bar.versions
    with tour.stage("list the versions"):
        tour.press("versions")
        until(menu.isVisible)
        live(0.2)
    with tour.stage("compare with a version"):
        menu.actions()[0].menu().actions()[1].trigger()
        menu.close()
        live(0.2)
        tour.wheel(4)


def close(tour: Tour, viewer: Any) -> None:
    """Stop the training, and close the project and the window."""
    with tour.stage("stop the training"):
        tour.loop.jobs.stop()
        until(lambda: tour.loop.jobs.status.state == "idle")
    tour.calls.stage = "close the project"
    QTimer.singleShot(0, tour.dock.close_project)
    until(lambda: tour.dock.loop is None)
    viewer.close()
    live(0.1)
