"""A project outlives its words: what an earlier napari-alnt wrote is opened, trained on and
accepted into.
"""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.cli import main
from napari_alnt.data import Project, read_labels
from napari_alnt.events import Finished, StepDone
from napari_alnt.session import Session
from napari_alnt.settings import Settings

OLD = Path(__file__).parent / "data" / "projects" / "version_3.zip"
"""Nine balls, made before any name was retired: a teacher's run, a whole run and one stopped in the
middle of an epoch (its weights made coarse, to be small); one case accepted, one reverted, one
skipped; a draft, a ranking, predictions.
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of that project."""
    with zipfile.ZipFile(OLD) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "project"


@pytest.mark.parametrize("write", [True, False])
def test_all_of_an_old_project_is_there(old, write):
    with Project.open(old, write=write) as project:
        assert project.notices == ()
        assert [len(project.cases), len(project.runs.all)] == [9, 3]
        assert [run.state for run in project.runs.all] == ["done", "done", "stopped"]
        assert {case.name: case.status for case in project.cases if case.number > 5} == {
            "ball_05": "new", "ball_06": "accepted", "ball_07": "draft", "ball_08": "skipped"
        }  # fmt: skip
        assert sorted(case.role for case in project.cases) == sorted(
            ["pool"] * 3 + ["reference"] * 3 + ["test"] * 2 + ["teacher_training"]
        )
        assert project.settings == project.runs.all[-1].settings
        (version,) = project.labels.versions("ball_06")
        assert (version.author, version.seconds, version.parent) == ("someone", 61.5, "teacher")
        assert [version.reverted for version in project.labels.versions("ball_05")] == [True]
        assert len(project.runs.scores()) == 3
        assert {one.case for one in project.runs.predictions()} == {"ball_05", "ball_07"}
        assert [round(one.dice, 3) for one in project.runs.test_results([2])] == [0.241]
        assert len(project.runs.test_results([2])[0].cases) == 2
        assert project.drafts.load("ball_07").any()


def test_its_settings_are_those_it_was_made_with(old):
    with Project.open(old, write=False) as project:
        settings = project.settings
    assert (settings.patch, settings.epochs, settings.steps_per_epoch) == ((16, 16, 16), 3, 3)
    assert settings.wrong_below == 0.65


def test_an_old_project_trains_on_where_it_was_stopped_and_is_accepted_into(old):
    with Session.open(old) as session:
        assert len(session.queue()) == 4
        assert session.noise_estimate().reviewed == 1
        truth = read_labels(old.parent / "files" / "ball_07_truth.nii.gz").voxels
        session.accept("ball_07", truth)
        events = list(session.train())
        steps = [event.step for event in events if isinstance(event, StepDone)]
        assert events[-1] == Finished(15, "done")
        assert steps == list(range(10, 16))
        assert session.last_student().number == 3
        assert np.isfinite(session.test_results()[-1].dice)
        assert {row.case for row in session.queue() if row.status == "accepted"} == {
            "ball_06",
            "ball_07",
        }
    with Session.open(old) as session:  # all of it is there, written by this napari-alnt
        assert [one.step for one in session.test_results()] == [6, 12, 15]
        assert session.project.labels.versions("ball_07")[0].parent == "teacher"


def test_the_command_line_opens_it(old, capsys):
    assert main(["status", str(old)]) == 0
    assert "ball_06" in capsys.readouterr().out


def test_settings_that_nobody_knows_are_a_notice_and_lock_nothing(old, capsys):
    with sqlite3.connect(old / "alnt.sqlite") as table:
        values = json.loads(
            table.execute("SELECT value FROM meta WHERE key = 'settings'").fetchone()[0]
        )
        values |= {"flux": 3, "batch": -1, "ranking": "by_smell"}
        table.execute("UPDATE meta SET value = ? WHERE key = 'settings'", (json.dumps(values),))
        table.execute("UPDATE runs SET settings = ?", (json.dumps(values),))
    table.close()
    assert main(["status", str(old)]) == 0
    said = capsys.readouterr().err
    with Project.open(old) as project:
        assert len(project.runs.all) == 3
        assert (project.settings.batch, project.settings.ranking) == (
            Settings().batch,
            Settings().ranking,
        )
        assert len(project.notices) == 3
        assert all(
            any(f"'{word}'" in notice for notice in project.notices)
            for word in ("flux", "batch", "ranking")
        )
        assert all(notice.split()[0] in said for notice in project.notices)
        project.save_settings(project.settings)
        assert project.notices == ()
