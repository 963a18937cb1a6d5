"""What is found, beside the fields: one look at a time, when the text rests."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtWidgets import QWidget

from napari_alnt.data import CaseFiles
from napari_alnt.data.images.thumbnail import Thumbnail
from napari_alnt.data.intake.preview import Preview
from napari_alnt.widgets.parts.style import UNKNOWN_COLOUR, class_colour
from napari_alnt.widgets.start import preview as module
from napari_alnt.widgets.start.look import Look
from napari_alnt.widgets.start.preview import NOTHING, Looker, PreviewPanel, pixmap
from napari_alnt.widgets.worker import FileWorker


@pytest.fixture
def looker(qtbot, monkeypatch):
    """A looker whose looks wait until they are let go, and are counted."""
    owner = QWidget()
    qtbot.addWidget(owner)
    files = FileWorker(owner)
    made = Looker(files, owner)
    made.gate, made.at_work, made.most, made.texts, made.told = threading.Event(), 0, 0, [], []

    def wait(page, texts, reading):
        made.at_work += 1
        made.most = max(made.most, made.at_work)
        made.texts.append(texts["images"])
        reading.newest = Look(wrong={"images": texts["images"]})
        made.gate.wait(20)
        if not reading.stopped:
            reading.newest = Look(wrong={"images": texts["images"]}, done=True)
        made.at_work -= 1

    monkeypatch.setattr(module, "look", wait)
    monkeypatch.setattr(module, "DELAY", 1)
    made._delay.setInterval(20)
    made.seen.connect(lambda seen: made.told.append((seen.wrong["images"], seen.done)))
    yield made
    made.gate.set()
    files.wait()


def test_a_text_is_looked_at_when_it_rests(looker, qtbot):
    for text in ("a", "ab", "abc"):
        looker.ask(None, {"images": text})
    looker.gate.set()
    qtbot.waitUntil(lambda: looker.complete)
    assert looker.texts == ["abc"]
    assert looker.told[-1] == ("abc", True)
    assert looker.resting


def test_part_of_it_is_shown_while_the_rest_is_read(looker, qtbot):
    looker.ask(None, {"images": "a"})
    qtbot.waitUntil(lambda: looker.told == [("a", False)])
    assert not looker.complete
    looker.gate.set()
    qtbot.waitUntil(lambda: looker.told == [("a", False), ("a", True)])


def test_another_text_ends_the_look_before_and_there_is_one_reader(looker, qtbot):
    looker.ask(None, {"images": "a"})
    qtbot.waitUntil(lambda: looker.texts == ["a"])
    for text in ("b", "c"):
        looker.ask(None, {"images": text})
        qtbot.wait(60)  # its time has come, but the one before is at its last file
    assert looker.texts == ["a"]
    looker.told.clear()
    looker.gate.set()
    qtbot.waitUntil(lambda: looker.complete)
    assert (looker.texts, looker.most) == (["a", "c"], 1)
    assert {text for text, _ in looker.told} == {"c"}  # nothing more is heard of a


def test_nothing_is_said_after_a_stop(looker, qtbot):
    looker.ask(None, {"images": "a"})
    qtbot.waitUntil(lambda: looker.texts == ["a"])
    looker.stop()
    looker.told.clear()
    looker.gate.set()
    qtbot.waitUntil(lambda: looker.resting)
    assert looker.told == []
    assert not looker.complete


# the panel ----------------------------------------------------------------------------------------


@pytest.fixture
def seen(tmp_path):
    case = CaseFiles("a", tmp_path / "a.nii", expert=tmp_path / "m.nii")
    outline = np.zeros((4, 6), int)
    outline[1, 1], outline[2, 2], outline[3, 3] = 2, 7, 255
    picture = Thumbnail("a", np.full((4, 6), 9, np.uint8), outline, 3, 5, "expert")
    known = Preview((case,), {7: "vessel"}, 255, {2: 1, 7: 1, 255: 2}, 1, 1)
    return Look(known, picture, {}, True)


def test_counts_picture_and_labels_are_shown(qtbot, seen):
    panel = PreviewPanel()
    qtbot.addWidget(panel)
    assert panel.counts.text() == NOTHING
    panel.show_look(seen)
    assert panel.counts.text().startswith("1 image · 1 with an expert mask")
    assert panel.caption.text() == "a · slice 3 of 5 · expert mask outlined"
    assert [panel.labels.item(row, 0).text() for row in range(3)] == ["2", "7", "255"]
    panel.show_look(Look(wrong={"images": "Images: none.", "": "Images: none."}, done=True))
    assert panel.counts.text() == "Images: none."
    assert panel.counts.label.objectName() == "warn"
    assert panel.picture.pixmap().isNull()
    assert panel.labels.rowCount() == 0


def test_outlines_have_the_colours_of_their_labels(qtbot, seen):
    image = pixmap(seen.picture, seen.preview).toImage()
    assert (image.width(), image.height()) == (6, 4)
    colours = [image.pixelColor(at, at).name() for at in range(4)]
    assert colours == ["#090909", class_colour(0), class_colour(1), UNKNOWN_COLOUR]
