"""An opened project, with all that its window shows at first; and what a hostile one is told."""

from __future__ import annotations

import json

import pytest

from napari_alnt.data import Project
from napari_alnt.data.local import load_launcher
from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.widgets.opening import open_session, readers
from napari_alnt.widgets.redraw import Part


def test_it_has_what_the_window_shows(balls):
    opened = open_session(balls.folder)
    try:
        assert opened.labels == {1: "ball"}
        assert opened.settings == opened.session.project.settings
        assert opened.notices == ()
        assert [row.case for row in opened.first[Part.QUEUE]] == [
            f"ball_0{n}" for n in (4, 5, 6, 7)
        ]
        assert opened.first[Part.HEADER].roles == {"pool": 4, "reference": 2, "test": 2}
        assert not opened.first[Part.STUDENT]
    finally:
        opened.session.close()


def test_the_queue_is_read_by_the_rule_of_the_moment(balls):
    rule = "no such rule"
    with Session.open(balls.folder) as session:
        read = readers(session, lambda: rule)[Part.QUEUE]
        with pytest.raises(AlntError):
            read()
        rule = "loss"
        assert len(read()) == 4


def test_a_project_in_use_is_opened_to_be_looked_at(balls):
    with Session.open(balls.folder):
        opened = open_session(balls.folder)
        assert not opened.session.project.writable
        assert len(opened.notices) == 1
        assert "being written to" in opened.notices[0]
        assert opened.notices[0].endswith("so it is open read-only here.")
        opened.session.close()


def test_a_project_that_cannot_be_read_lets_go_of_its_lock(balls):
    with Project.open(balls.folder) as project, project.change() as table:
        table.execute("UPDATE meta SET value = '[' WHERE key = 'settings'")
    with pytest.raises(AlntError, match="damaged"):
        open_session(balls.folder)
    with pytest.raises(AlntError, match="damaged"):  # and not: is being written to
        open_session(balls.folder)


@pytest.fixture
def hostile(balls, tmp_path):
    """A project that wants a program run when a case is opened; the file that it would make."""
    canary = tmp_path / "canary"
    with Project.open(balls.folder) as project:
        run = project.runs.start("train", project.settings)
        run.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        run.checkpoint.write_bytes(b"nothing")
        values = project.settings.to_dict() | {"launcher": f"sh -c 'touch {canary}' x"}
        with project.change() as table:
            for sql in (
                "UPDATE meta SET value = ? WHERE key = 'settings'",
                "UPDATE runs SET settings = ?",
            ):
                table.execute(sql, (json.dumps(values),))
    return canary


def test_a_launcher_of_the_project_is_told_of_once(balls, hostile):
    for times in (1, 0, 0):
        opened = open_session(balls.folder)
        opened.session.close()
        assert len(opened.notices) == times, opened.notices


def test_a_launcher_of_the_project_is_told_of_and_not_run(window, balls, hostile):
    assert window.dock.open_project(balls.folder)
    loop = window.loop
    assert "asks to be trained with 'sh -c" in loop.header.note.text()
    assert "Settings" in loop.header.note.text()
    assert loop.form.rows["launcher"].value == ""
    window.open_row(0)
    window.rest()
    window.until(lambda: loop.jobs.status.state == "idle")
    assert loop.session.engine is not None  # a picture was asked for
    assert not hostile.exists()


def test_a_launcher_is_entered_in_the_form_and_kept_for_this_user(window, balls, hostile):
    window.dock.open_project(balls.folder)
    loop = window.loop
    loop.form.rows["launcher"].value = "env"
    loop.form.fresh.setChecked(True)
    loop.training.start()
    window.until(lambda: loop.jobs.status.started)
    loop.jobs.stop()
    window.until(lambda: loop.jobs.status.state == "idle")
    assert window.dock.close_project()
    assert load_launcher(balls.folder) == "env"
    with Project.open(balls.folder, write=False) as project:
        assert project.notices == ()  # the project says nothing of a launcher any more
    assert window.dock.open_project(balls.folder)
    assert window.loop.form.rows["launcher"].value == "env"
    assert window.loop.header.note.text() == ""
    assert not hostile.exists()
