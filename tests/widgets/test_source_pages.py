"""What the form of a new project asks for, and the source that comes of it."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QFileDialog

from napari_alnt.data import Datalist, NnUNet, Patterns
from napari_alnt.errors import AlntError
from napari_alnt.widgets.new_project import NewProject, check_form
from napari_alnt.widgets.source_pages import PAGES, PathRow


def test_every_page_asks_for_what_its_source_needs(qtbot):
    dialog = NewProject()
    qtbot.addWidget(dialog)
    titles = [dialog.tabs.tabText(place) for place in range(dialog.tabs.count())]
    assert titles == ["Images and masks", "nnU-Net folder", "Datalist"]
    assert set(dialog.rows) == {name for page in PAGES for name in page.rows} | {
        "patient", "project"
    }  # fmt: skip


TEXTS = {
    "images": "",
    "expert": "",
    "teacher": "",
    "nnunet": "",
    "nnunet_teacher": "",
    "datalist": "",
    "patient": "",
}


@pytest.mark.parametrize(
    ("page", "texts", "sentence"),
    [
        (0, {}, "Say where the images are"),
        (1, {"nnunet": "nowhere"}, "No images were found by 'nowhere"),
        (2, {"datalist": "nowhere.json"}, "'nowhere.json' cannot be read"),
    ],
)
def test_each_source_says_what_it_did_not_find(page, texts, sentence, tmp_path):
    asked = TEXTS | texts | {"project": str(tmp_path / "new")}
    counts = {"teacher_training": 0, "reference": 0, "test": 0}
    with pytest.raises(AlntError, match=sentence):
        check_form(PAGES[page], asked, counts, lambda *_: None)
    assert not (tmp_path / "new").exists()


def test_texts_become_the_options_of_their_source():
    texts = TEXTS | {"images": "ct", "expert": "gold", "patient": "^P"}
    assert PAGES[0].source(texts) == Patterns("ct", expert="gold", patient="^P")
    assert PAGES[1].source(TEXTS | {"nnunet": "raw"}) == NnUNet("raw")
    assert PAGES[2].source(TEXTS | {"datalist": "l.json"}) == Datalist("l.json")


@pytest.mark.parametrize("pick", ["folder", "file"])
def test_a_row_takes_what_was_picked(qtbot, monkeypatch, pick):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/a/file", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/a/folder")
    row = PathRow("hint", pick)
    qtbot.addWidget(row)
    row.field.setText("  before ")
    assert row.text == "before"
    row._choose()
    assert row.text == f"/a/{pick}"
