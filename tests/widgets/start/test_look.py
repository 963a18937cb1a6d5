"""What the form would find, looked at as it is filled in."""

from __future__ import annotations

import pytest

from napari_alnt.widgets.start import look as module
from napari_alnt.widgets.start.form_check import Reading
from napari_alnt.widgets.start.look import look
from napari_alnt.widgets.start.source_pages import COMMON, PAGES

EMPTY = {name: "" for page in PAGES for name in page.rows} | dict.fromkeys(COMMON, "")


@pytest.fixture
def texts(balls):
    files = balls.folder.parent / "files"
    return EMPTY | {
        "images": f"{files}/{{case}}_image.nii.gz",
        "expert": f"{files}/{{case}}_truth.nii.gz",
        "teacher": f"{files}/{{case}}_teacher.nii.gz",
    }


class Watched(Reading):
    """Keeps all that was known, and stops after some of it."""

    def __init__(self, stop_after=None):
        self.all = []
        self.stop_after = stop_after
        super().__init__()

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "newest" and value is not None:
            self.all.append(value)
            if len(self.all) == self.stop_after:
                self.stop()


def test_counts_come_first_then_the_picture_then_the_labels(texts):
    watched = Watched()
    look(PAGES[0], texts, watched)
    _, counted, pictured, *rest = watched.all
    assert (counted.preview.read, counted.picture) == (0, None)
    assert (pictured.preview.read, pictured.picture.case) == (0, "ball_00")
    assert [one.preview.read for one in rest] == [*range(1, 17), 16]
    assert [one.done for one in rest] == [False] * 16 + [True]
    assert str(rest[-1].preview).endswith("labels 1")
    assert not rest[-1].wrong


def test_it_ends_at_the_next_file_and_is_not_done(texts):
    watched = Watched(stop_after=5)
    look(PAGES[0], texts, watched)
    assert len(watched.all) == 5
    assert not watched.newest.done


def test_an_empty_form_is_no_mistake():
    watched = Watched()
    look(PAGES[0], EMPTY, watched)
    assert watched.newest.done
    assert (watched.newest.preview, watched.newest.wrong) == (None, {})


def test_each_wrong_field_has_its_sentence(texts, balls):
    watched = Watched()
    look(PAGES[0], texts | {"teacher": "no", "project": str(balls.folder)}, watched)
    assert set(watched.newest.wrong) == {"project", "teacher"}
    assert "already is a project" in watched.newest.wrong["project"]


def test_a_first_case_that_cannot_be_read_is_told_and_the_rest_goes_on(texts, balls):
    (balls.folder.parent / "files" / "ball_00_image.nii.gz").write_bytes(b"no image")
    watched = Watched()
    look(PAGES[0], texts, watched)
    assert list(watched.newest.wrong) == ["images"]
    assert watched.newest.preview.read == 16
    assert watched.newest.picture is None


def test_what_is_of_no_field_is_told_too(texts, monkeypatch):
    def fail(*_):
        raise module.AlntError("Memory does not suffice.")

    monkeypatch.setattr(module, "thumbnail", fail)
    watched = Watched()
    look(PAGES[0], texts, watched)
    assert watched.newest.wrong == {"": "Memory does not suffice."}
