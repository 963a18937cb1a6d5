"""The fields of a new project."""

from __future__ import annotations

import pytest

from napari_alnt.widgets.start.project_form import ProjectForm
from napari_alnt.widgets.start.source_pages import COMMON, PAGES, ROLES, UNKNOWN


@pytest.fixture
def form(qtbot):
    made = ProjectForm()
    qtbot.addWidget(made)
    return made


def test_it_asks_for_what_each_source_needs(form, qtbot):
    assert [form.tabs.tabText(place) for place in range(form.tabs.count())] == [
        "Images and masks", "nnU-Net folder", "Datalist"
    ]  # fmt: skip
    assert set(form.rows) == {name for page in PAGES for name in page.rows} | set(COMMON)
    assert set(form.numbers) == set(ROLES)
    with qtbot.waitSignal(form.changed):
        form.tabs.setCurrentIndex(2)
    assert form.page is PAGES[2]
    with qtbot.waitSignal(form.changed):
        form.rows["datalist"].field.setText(" l.json ")
    assert form.texts["datalist"] == "l.json"


def test_no_number_is_told_in_a_word(form):
    assert {role: box.text() for role, box in form.counts.items()} == {
        role: words.unset for role, words in ROLES.items()
    }
    form.counts["test"].setValue(2)
    assert form.numbers == {"reference": 0, "test": 2, "teacher_training": 0}


def test_the_value_of_unknown_is_a_text_like_the_others(form, qtbot):
    assert form.unknown.text() == "auto"
    assert form.texts[UNKNOWN] == ""
    with qtbot.waitSignal(form.changed):
        form.unknown.setValue(0)
    assert form.texts[UNKNOWN] == "0"


def test_only_what_is_wrong_is_framed(form):
    form.show_wrong({"images": "a", "test": "b", "labels": "c", "": "of no field"})
    assert {name for name, frame in form._frames.items() if frame.wrong} == {
        "images", "test", "labels"
    }  # fmt: skip
    form.show_wrong({})
    assert not any(frame.wrong for frame in form._frames.values())
