"""Parts that share a height, and remember how."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QWidget

from napari_alnt.data import local
from napari_alnt.widgets.parts.panes import KEY, Panes, checked, scrolled, shared_out


@pytest.fixture(autouse=True)
def _config(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_ALNT_CONFIG", str(tmp_path))


def make(qtbot):
    made = Panes([QWidget(), QWidget(), QWidget()], (2, 0, 3))
    qtbot.addWidget(made)
    made.resize(300, 600)
    made.show()
    return made


def test_heights_are_remembered(qtbot):
    panes = make(qtbot)
    panes.setSizes([100, 200, 282])
    panes.splitterMoved.emit(100, 1)  # as by the mouse
    panes.hide()  # the window goes before the pause is over
    qtbot.waitUntil(lambda: local.load(KEY) is not None)
    assert make(qtbot).sizes() == panes.sizes() == [100, 200, 282]


@pytest.mark.parametrize("found", [None, "wide", [1, 2], [1, 2, "3"], [1, 2, -3], [True, 1, 2]])
def test_heights_that_are_none_are_not_taken(found):
    assert checked(found, 3) == []


def test_no_part_can_be_closed_by_mistake(qtbot):
    assert not make(qtbot).childrenCollapsible()


def test_what_is_too_high_is_scrolled(qtbot):
    inner = QWidget()
    inner.setMinimumHeight(500)
    area = scrolled(inner)
    qtbot.addWidget(area)
    area.resize(200, 100)
    area.show()
    assert area.verticalScrollBar().maximum() >= 400


def test_the_first_part_has_what_it_wants_before_the_rest_is_shared():
    assert shared_out(500, (100, 200, 50), 140, (3, 0, 2)) == [206, 200, 94]
    assert shared_out(370, (100, 200, 50), 140, (3, 0, 2)) == [120, 200, 50]
    assert shared_out(100, (100, 200, 50), 140, (3, 0, 2)) == [100, 200, 50]
