"""The head of a project's window."""

from __future__ import annotations

from collections import Counter

import pytest
from qtpy.QtCore import Qt

from napari_alnt.data import Project
from napari_alnt.session.progress import Overview, WorkProgress
from napari_alnt.settings import HINTS, Settings, choices
from napari_alnt.widgets.header import ProjectHeader


@pytest.fixture
def project(balls):
    with Project.open(balls.folder) as made:
        yield made


@pytest.fixture
def header(project, qtbot):
    made = ProjectHeader(project, project.settings.ranking, ["A setting is not known."])
    qtbot.addWidget(made)
    made.show()
    return made


def test_it_names_the_project_and_its_rule(header, project):
    assert header.title.text() == project.name
    assert header.title.toolTip() == str(project.folder)
    assert header.ranking.currentText() == project.settings.ranking
    rules = [header.ranking.itemText(place) for place in range(header.ranking.count())]
    assert tuple(rules) == choices(HINTS["ranking"])


def overview(**roles):
    seconds = {"a": 180, "b": 240}
    work = WorkProgress(2, 4, each=210, spent=sum(seconds.values()))
    return Overview(Counter(roles), work, (), (), Settings())


def test_the_counts_are_by_role_and_say_where_the_student_learns(header):
    header.show_overview(overview(pool=4, reference=1, teacher_training=1, test=2))
    assert header.counts.text() == "4 pool  ·  2 expert  ·  2 held-out test"
    header.show_device("cuda")
    assert header.counts.text().endswith("  ·  cuda")


def test_it_says_how_far_the_work_is_and_moves_nothing(header):
    place = header.put_away.geometry()
    header.show_overview(overview(pool=2, reference=3, test=2))
    header.layout().activate()
    assert header.work.text() == "2 of 4 done · 4 min each · about 7 min left"
    assert "7 min" in header.work.toolTip()
    assert header.put_away.geometry() == place


def test_an_error_takes_the_notices_place_until_it_is_over(header):
    assert (header.note.text(), header.note.objectName()) == ("A setting is not known.", "warn")
    header.show_error("The disk is full.")
    assert (header.note.text(), header.note.objectName()) == ("The disk is full.", "error")
    header.show_notice()
    assert header.note.text() == "A setting is not known."


def test_notices_are_put_away_and_stay_away(header, qtbot):
    assert header.put_away.isVisible()
    header.show_error("The disk is full.")
    assert not header.put_away.isVisible()
    header.show_notice()
    qtbot.mouseClick(header.put_away, Qt.MouseButton.LeftButton)
    assert not header.note.isVisible()
    assert not header.put_away.isVisible()
    header.show_error("The disk is full.")
    header.show_notice()
    assert not header.note.isVisible()


def test_of_many_notices_a_few_are_shown_and_all_can_be_read(project, qtbot):
    notices = [f"Setting {number} is not known." for number in range(9)]
    header = ProjectHeader(project, "alnt", notices)
    qtbot.addWidget(header)
    assert header.note.text().splitlines()[:3] == notices[:3]
    assert "6 more" in header.note.text()
    assert header.note.toolTip().splitlines() == notices


def test_it_says_while_another_program_uses_the_table(header):
    assert not header.waiting.isVisible()
    header.show_waiting(True)
    assert "in use by another program" in header.waiting.text()
    assert header.waiting.isVisible()
    header.show_waiting(False)
    assert not header.waiting.isVisible()


def test_without_a_notice_there_is_no_line_for_it(project, qtbot):
    header = ProjectHeader(project, "alnt")
    qtbot.addWidget(header)
    header.show()
    assert not header.note.isVisible()


def test_the_badge_is_for_those_who_only_look(header, balls, qtbot):
    assert not header.badge.isVisible()
    with Project.open(balls.folder, write=False) as locked:
        other = ProjectHeader(locked, "alnt")
        qtbot.addWidget(other)
        other.show()
        assert other.badge.isVisible()


def test_its_signals(header, qtbot):
    with qtbot.waitSignal(header.ranking_changed) as told:
        header.ranking.setCurrentText("random")
    assert told.args == ["random"]
    with qtbot.waitSignal(header.close_asked):
        qtbot.mouseClick(header.close_button, Qt.MouseButton.LeftButton)
