"""The head of a project's window."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_alnt.data import Project
from napari_alnt.settings import HINTS, choices
from napari_alnt.widgets.header import ProjectHeader


@pytest.fixture
def project(balls):
    with Project.open(balls.folder) as made:
        yield made


@pytest.fixture
def header(project, qtbot):
    made = ProjectHeader(project, "A setting is not known.")
    qtbot.addWidget(made)
    made.show()
    return made


def test_it_names_the_project_and_its_rule(header, project):
    assert header.title.text() == project.name
    assert header.title.toolTip() == str(project.folder)
    assert header.ranking.currentText() == project.settings.ranking
    rules = [header.ranking.itemText(place) for place in range(header.ranking.count())]
    assert tuple(rules) == choices(HINTS["ranking"])


def test_the_counts_are_by_role_and_say_where_the_student_learns(header):
    header.refresh()
    assert header.counts.text() == "4 pool  ·  2 expert  ·  2 held-out test"
    header.device = "cuda"
    header.refresh()
    assert header.counts.text().endswith("  ·  cuda")


def test_an_error_takes_the_notices_place_until_it_is_over(header):
    assert (header.note.text(), header.note.objectName()) == ("A setting is not known.", "warn")
    header.show_error("The disk is full.")
    assert (header.note.text(), header.note.objectName()) == ("The disk is full.", "error")
    header.show_notice()
    assert header.note.text() == "A setting is not known."


def test_without_a_notice_there_is_no_line_for_it(project, qtbot):
    header = ProjectHeader(project)
    qtbot.addWidget(header)
    header.show()
    assert not header.note.isVisible()


def test_the_badge_is_for_those_who_only_look(header, balls, qtbot):
    assert not header.badge.isVisible()
    with Project.open(balls.folder, write=False) as locked:
        other = ProjectHeader(locked)
        qtbot.addWidget(other)
        other.show()
        assert other.badge.isVisible()


def test_its_signals(header, qtbot):
    with qtbot.waitSignal(header.ranking_changed) as told:
        header.ranking.setCurrentText("random")
    assert told.args == ["random"]
    with qtbot.waitSignal(header.close_asked):
        qtbot.mouseClick(header.close_button, Qt.MouseButton.LeftButton)
