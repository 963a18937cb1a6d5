"""Volumes that are read before they are asked for, and never shown as they were before a change."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from napari_alnt.data import Project, read_grid, write_image, write_labels
from napari_alnt.errors import AlntError, ChangedFile
from napari_alnt.events import Predicted
from napari_alnt.widgets.case import read_ahead as module
from napari_alnt.widgets.case.open_case import load_case
from napari_alnt.widgets.case.read_ahead import ReadAhead

CASES = ("ball_04", "ball_05", "ball_06")


class Ahead:
    """A project that is read ahead, and which of its files were read since it was asked last."""

    def __init__(self, balls, monkeypatch):
        self.project = Project.open(balls.folder)
        self.predictions = {}
        self.ahead = ReadAhead(self.project, self.predictions.get)
        self.gate = threading.Event()
        self.gate.set()
        self._begun, self._reads = threading.Semaphore(0), []
        real = module.read_volumes

        def read(project, case, predicted):
            self._reads.append((case.name, threading.current_thread().name))
            self._begun.release()
            if threading.current_thread() is not threading.main_thread():
                assert self.gate.wait(20)
            return real(project, case, predicted)

        monkeypatch.setattr(module, "read_volumes", read)

    def begun(self):
        assert self._begun.acquire(timeout=20)

    def read(self):
        """The cases that were read since this was asked, each with whether it was ahead."""
        reads, self._reads[:] = list(self._reads), []
        return [(name, thread.startswith("alnt-ahead")) for name, thread in reads]

    def settle(self):
        """Wait until nothing is read ahead any more."""
        self.ahead._pool.submit(int).result(20)

    def take(self, name):
        return self.ahead.take(self.project.case(name), self.predictions.get(name))

    def predict(self, name, value, step=1):
        """What a student says of a case, in files."""
        grid = self.project.grid(self.project.case(name))
        labels = np.full(grid.shape, value, np.uint8)
        write_labels(self.project.folder / "student.nii.gz", labels, grid)
        write_image(self.project.folder / "trust.nii.gz", labels.astype(np.float32), grid)
        self.predictions[name] = Predicted(name, step, "student.nii.gz", "trust.nii.gz", 3, 0.5)


@pytest.fixture
def kept(balls, monkeypatch):
    made = Ahead(balls, monkeypatch)
    yield made
    made.gate.set()
    made.ahead.close()
    made.ahead._pool.shutdown(wait=True)
    made.project.close()


def test_a_case_that_was_read_ahead_is_read_once_and_is_the_same(kept):
    kept.ahead.ask(CASES[:2])
    kept.settle()
    assert kept.read() == [("ball_04", True), ("ball_05", True)]
    opened = load_case(kept.project, "ball_05", None, kept.ahead)
    assert kept.read() == []
    direct = load_case(kept.project, "ball_05", None)
    for name in ("teacher", "start"):
        np.testing.assert_array_equal(getattr(opened, name), getattr(direct, name))
    np.testing.assert_array_equal(opened.image.voxels, direct.image.voxels)
    assert opened.slice == direct.slice
    kept.read()
    kept.take("ball_05")  # it is let go once it was taken
    assert kept.read() == [("ball_05", False)]


def test_two_cases_are_kept_and_what_is_not_wanted_is_let_go(kept):
    kept.ahead.ask((*CASES, ""))
    kept.ahead.ask(("ball_06", "ball_05", "ball_05"))
    kept.settle()
    assert set(kept.ahead._kept) == {"ball_05", "ball_06"}


def test_a_case_that_is_being_read_is_waited_for_and_one_that_waits_is_not(kept):
    kept.gate.clear()
    kept.ahead.ask(CASES[:2])
    kept.begun()
    kept.take("ball_05")
    threading.Timer(0.02, kept.gate.set).start()
    kept.take("ball_04")
    assert kept.read() == [("ball_04", True), ("ball_05", False)]


@pytest.mark.parametrize("kind", ["image", "teacher"])
def test_a_file_that_has_changed_since_is_not_shown(kept, kind):
    kept.ahead.ask(CASES[:1])
    kept.settle()
    case = kept.project.case("ball_04")
    file = getattr(case, kind)
    grid = read_grid(file)
    write_image(file, np.ones(grid.shape, np.int16), grid)
    with pytest.raises(ChangedFile, match=file.name):
        kept.take("ball_04")


def test_a_case_that_could_not_be_read_ahead_is_tried_again(kept):
    file = kept.project.case("ball_04").image
    content = file.read_bytes()
    file.write_bytes(b"no image")
    kept.ahead.ask(CASES[:1])
    kept.settle()
    with pytest.raises(AlntError, match=file.name):
        kept.take("ball_04")
    kept.ahead.ask(CASES[:1])
    kept.settle()
    file.write_bytes(content)
    assert kept.take("ball_04").image.voxels.shape == (24, 28, 26)


def test_drafts_and_strokes_are_those_of_the_moment(kept):
    kept.ahead.ask(CASES[:1])
    kept.settle()
    mask = np.ones((24, 28, 26), np.uint8)
    kept.project.drafts.save("ball_04", mask, 7.0)
    opened = load_case(kept.project, "ball_04", None, kept.ahead)
    assert (opened.origin, opened.seconds) == ("draft", 7.0)
    np.testing.assert_array_equal(opened.start, mask)


def test_what_the_student_says_is_its_newest_word(kept):
    kept.predict("ball_04", 1)
    kept.ahead.ask(CASES[:1])
    kept.settle()
    assert kept.take("ball_04").prediction.labels.all()
    kept.ahead.ask(CASES[:1])
    kept.settle()
    kept.predict("ball_04", 0)  # in files of the same name
    assert not kept.take("ball_04").prediction.labels.any()
    kept.ahead.ask(CASES[:1])
    kept.settle()
    kept.predictions.clear()
    assert kept.take("ball_04").prediction is None


def test_nothing_is_read_ahead_where_memory_is_short_or_after_the_end(kept, monkeypatch):
    monkeypatch.setattr(module, "free_memory", lambda: 100_000)
    kept.ahead.ask(CASES[:1])
    kept.settle()
    assert kept.read() == []
    kept.take("ball_04")
    assert kept.read() == [("ball_04", False)]
    kept.ahead.close()
    kept.ahead.ask(CASES[:1])
    assert kept.ahead._kept == {}
