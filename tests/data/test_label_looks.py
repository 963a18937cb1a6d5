"""Names and colours of labels, changed later."""

from __future__ import annotations

import pytest

from napari_alnt.data import Project
from napari_alnt.data.label_looks import KEY, LONGEST, read_colours, recolour_label, rename_label
from napari_alnt.data.table import put
from napari_alnt.errors import AlntError, ReadOnly


@pytest.fixture
def project(balls):
    with Project.open(balls.folder) as opened:
        yield opened


def test_a_label_gets_another_name_and_colour(project, balls):
    (value, *_) = project.label_names
    assert read_colours(project) == {}
    rename_label(project, value, " left \n lung ")
    recolour_label(project, value, "#FF8800")
    with Project.open(balls.folder, write=False) as reader:
        assert reader.label_names[value] == "left lung"
        assert read_colours(reader) == {value: "#ff8800"}
        with pytest.raises(ReadOnly):
            rename_label(reader, value, "right lung")
    rename_label(project, value, "x" * 2 * LONGEST)
    assert project.label_names[value] == "x" * LONGEST


def test_what_is_wrong_is_refused(project):
    (value, *_) = project.label_names
    before = project.label_names
    for wrong in (
        lambda: rename_label(project, value, " \n"),
        lambda: rename_label(project, 77, "heart"),
        lambda: recolour_label(project, value, "red"),
        lambda: recolour_label(project, 77, "#ff0000"),
    ):
        with pytest.raises(AlntError):
            wrong()
    assert project.label_names == before
    assert read_colours(project) == {}


@pytest.mark.parametrize("text", ["no json", "[]", '{"1": 5, "x": "#ffffff", "2": "#00ff00"}'])
def test_colours_that_were_edited_badly_are_left_out(project, text):
    with project.change() as table:
        put(table, "meta", key=KEY, value=text)
    assert read_colours(project) in ({}, {2: "#00ff00"})
