"""The marks follow the mask: at opening, after strokes, and when the student's mask comes."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from psygnal import Signal
from qtpy.QtCore import QObject

from napari_alnt.data.strokes.journal_mask import slice_sums
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.widgets.picture import slice_watch
from napari_alnt.widgets.picture.slice_watch import SliceWatch
from napari_alnt.widgets.qt import Signal as QtSignal

SHAPE = (7, 8, 8)


class Layers:
    """Those of a case, without a viewer."""

    shown = Signal(object)
    predicted = Signal(object)
    cleared = Signal()
    ignore_label = 255

    def __init__(self):
        self.mask = self.opened = None

    def show(self, prediction=None):
        self.mask = np.zeros(SHAPE, np.uint8)
        self.mask[1, 2, 2] = 255
        self.opened = SimpleNamespace(
            start=self.mask,
            teacher=np.zeros(SHAPE, np.uint8),
            prediction=prediction,
            resumed=SimpleNamespace(sums=slice_sums(self.mask)),
        )
        self.shown.emit(self.opened)


class Strokes(QObject):
    changed = QtSignal(object)


@pytest.fixture
def watched(qtbot):
    parent = QObject()
    layers, strokes = Layers(), Strokes(parent)
    watch = SliceWatch(layers, strokes, parent)

    def settled():
        return not watch.files.busy and not watch._pause.isActive()

    found = SimpleNamespace(layers=layers, strokes=strokes, watch=watch, parent=parent)
    found.settle = lambda: qtbot.waitUntil(settled)
    yield found
    watch.stop()


def student(z):
    labels = np.zeros(SHAPE, np.uint8)
    labels[z, 1, 1] = 1
    return SimpleNamespace(labels=labels)


def stroke(watched, z):
    watched.layers.mask[z, 4, 4] = 1
    part = (slice(z, z + 1), slice(4, 5), slice(4, 5))
    watched.strokes.changed.emit([Change(part, None, 1)])


def test_an_opened_case_is_looked_at_and_a_closed_one_forgotten(watched):
    assert watched.watch.marks is None
    watched.layers.show()
    watched.settle()
    assert np.flatnonzero(watched.watch.marks.unknown).tolist() == [1]
    watched.layers.cleared.emit()
    assert watched.watch.marks is None
    stroke(watched, 2)  # nobody's any more
    watched.settle()
    assert watched.watch.marks is None


def test_after_strokes_only_their_slices_are_looked_at(watched, monkeypatch):
    watched.layers.show()
    watched.settle()
    looked = []
    true = slice_watch.slice_marks

    def spy(masks, slices, known):
        looked.append((slices, threading.current_thread() is threading.main_thread()))
        return true(masks, slices, known)

    monkeypatch.setattr(slice_watch, "slice_marks", spy)
    stroke(watched, 3)
    stroke(watched, 5)
    watched.settle()
    assert looked == [({3, 5}, False)]
    assert np.flatnonzero(watched.watch.marks.structure).tolist() == [3, 5]
    watched.watch.look_at_all()
    watched.settle()
    assert looked[1:] == [(None, False)]


def test_a_stroke_while_it_is_looked_is_looked_at_afterwards(watched, monkeypatch):
    gate = threading.Event()
    true = slice_watch.slice_marks

    def slow(*given):
        gate.wait(20)
        return true(*given)

    monkeypatch.setattr(slice_watch, "slice_marks", slow)
    watched.layers.show()
    stroke(watched, 3)
    watched.watch._look()
    gate.set()
    watched.settle()
    assert watched.watch.marks.structure[3]


def test_the_student_counts_from_when_it_is_there(watched):
    watched.layers.show()
    watched.layers.predicted.emit(student(4))
    watched.settle()
    assert np.flatnonzero(watched.watch.marks.differing).tolist() == [4]
    watched.layers.show(student(2))
    watched.settle()
    assert np.flatnonzero(watched.watch.marks.differing).tolist() == [2]


def test_masks_that_do_not_fit_give_no_marks(watched):
    watched.layers.show(SimpleNamespace(labels=np.zeros((2, 3, 3), np.uint8)))
    watched.settle()
    assert watched.watch.marks is None
