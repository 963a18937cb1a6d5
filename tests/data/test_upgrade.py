"""Tables of earlier versions: nothing in them is lost, and a reader changes no file."""

from __future__ import annotations

import json
import math
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.data import Project, read_labels, sha256
from napari_alnt.data import table as table_module
from napari_alnt.data.table import VERSION, Table
from napari_alnt.data.upgrade import upgraded
from napari_alnt.errors import AlntError
from napari_alnt.events import StructureCounts

FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE labels (value INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE cases (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, patient TEXT NOT NULL,
    role TEXT NOT NULL, mark TEXT NOT NULL DEFAULT 'new', shape TEXT NOT NULL,
    spacing TEXT NOT NULL, image TEXT NOT NULL, image_near TEXT, image_sha256 TEXT NOT NULL,
    teacher TEXT, teacher_near TEXT, teacher_sha256 TEXT NOT NULL DEFAULT '',
    expert TEXT, expert_near TEXT, expert_sha256 TEXT NOT NULL DEFAULT '');
CREATE TABLE versions (
    "case" TEXT NOT NULL REFERENCES cases(name), number INTEGER NOT NULL, file TEXT NOT NULL,
    sha256 TEXT NOT NULL, author TEXT NOT NULL, seconds REAL NOT NULL, confirmed INTEGER NOT NULL,
    parent TEXT NOT NULL, model TEXT NOT NULL, created TEXT NOT NULL,
    set_aside INTEGER NOT NULL DEFAULT 0, PRIMARY KEY ("case", number));
CREATE TABLE drafts (
    "case" TEXT PRIMARY KEY REFERENCES cases(name), seconds REAL NOT NULL, created TEXT NOT NULL);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, job TEXT NOT NULL, settings TEXT NOT NULL,
    parent INTEGER REFERENCES runs(number), state TEXT NOT NULL, step INTEGER NOT NULL,
    created TEXT NOT NULL, ended TEXT);
CREATE TABLE ledger (
    run INTEGER NOT NULL REFERENCES runs(number), epoch INTEGER NOT NULL, step INTEGER NOT NULL,
    "case" TEXT NOT NULL REFERENCES cases(name), role TEXT NOT NULL, label TEXT NOT NULL,
    seen INTEGER NOT NULL, trust REAL, informativeness REAL, loss REAL, share REAL,
    PRIMARY KEY (run, epoch, "case"));
CREATE TABLE scores (
    run INTEGER NOT NULL REFERENCES runs(number), step INTEGER NOT NULL,
    "case" TEXT NOT NULL REFERENCES cases(name), label TEXT NOT NULL, trust REAL, cosine REAL,
    head_cosine REAL, informativeness REAL, loss REAL, entropy REAL, dice REAL,
    foreground INTEGER NOT NULL, PRIMARY KEY (run, step, "case"));
CREATE TABLE predictions (
    "case" TEXT PRIMARY KEY REFERENCES cases(name), run INTEGER NOT NULL REFERENCES runs(number),
    label TEXT NOT NULL, step INTEGER NOT NULL, student TEXT NOT NULL, trust TEXT NOT NULL,
    slice INTEGER NOT NULL, dice REAL);
CREATE TABLE validations (
    run INTEGER NOT NULL REFERENCES runs(number), step INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (run, step));

INSERT INTO meta VALUES ('owner', 'process 1 on somewhere'),
    ('settings', '{"unknown": 254, "similarity": "path", "at_once": 2, "validate_every": 3}');
INSERT INTO labels VALUES (1, 'lesion'), (2, 'vessel');
INSERT INTO cases VALUES
    (1, 'a', 'p', 'seed', 'new', '[2, 3, 4]', '[3, 2, 1]', '/x/a.nii', NULL, 'ia', NULL, NULL, '',
     '/x/ea.nii', NULL, 'ea'),
    (2, 'b', 'q', 'audit', 'new', '[2, 3, 4]', '[3, 2, 1]', '/x/b.nii', NULL, 'ib', NULL, NULL, '',
     '/x/eb.nii', NULL, 'eb'),
    (3, 'c', 'r', 'pool', 'skipped', '[2, 3, 4]', '[3, 2, 1]', '/x/c.nii', '../c.nii', 'ic',
     '/x/tc.nii', '../tc.nii', 'tc', NULL, NULL, '');
INSERT INTO versions VALUES
    ('c', 1, 'labels/c/0001.nii.gz', 'v1', 'Dr A', 61.5, 1, 'teacher', 'run 1', '2026', 1);
INSERT INTO drafts VALUES ('c', 12.5, '2026');
INSERT INTO runs VALUES (1, 'train', '{"unknown": 254, "at_once": 4}', NULL, 'done', 25, '2', '3');
INSERT INTO ledger VALUES (1, 0, 25, 'c', 'pool', 'teacher', 4, 0.5, 0.25, 0.75, 0.125);
INSERT INTO scores VALUES (1, 25, 'c', 'tc', 0.5, 0.25, 0.125, 0.0625, 1.5, NULL, 0.75, 8);
INSERT INTO predictions VALUES ('c', 1, 'tc', 25, 's.nii.gz', 't.nii.gz', 12, 0.5);
INSERT INTO validations VALUES (1, 25,
    '{"kind": "Validated", "step": 25, "epoch": 0, "dice": 0.5, "hd95": null, "cases":
      [{"case": "b", "dice": 0.5, "hd95": 3.25, "classes": [0.25, 0.75]}]}');
"""
SECOND = """
ALTER TABLE versions ADD COLUMN dice REAL;
ALTER TABLE scores ADD COLUMN norm REAL;
ALTER TABLE scores ADD COLUMN head_trust REAL;
ALTER TABLE scores ADD COLUMN voxel_trust REAL;
ALTER TABLE scores ADD COLUMN self_informativeness REAL;
ALTER TABLE scores ADD COLUMN soft_dice REAL;
ALTER TABLE scores ADD COLUMN label_difference REAL;
ALTER TABLE scores ADD COLUMN self_confidence REAL;
ALTER TABLE scores ADD COLUMN labelled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scores ADD COLUMN marked TEXT;
ALTER TABLE scores ADD COLUMN drawn TEXT;
ALTER TABLE scores ADD COLUMN shared TEXT;
UPDATE versions SET dice = 0.875;
UPDATE scores SET head_trust = -2, labelled = 7, marked = '[7, 0]', drawn = '[5, 1]',
    shared = '[4, 0]';
"""
THIRD = """
ALTER TABLE scores ADD COLUMN reference TEXT NOT NULL DEFAULT '';
UPDATE scores SET reference = 'r';
"""
SCRIPTS = {1: FIRST, 2: FIRST + SECOND, 3: FIRST + SECOND + THIRD}


@pytest.fixture(params=SCRIPTS)
def old(request, tmp_path):
    """A project folder with a table of an earlier version, and that version."""
    with sqlite3.connect(tmp_path / "alnt.sqlite") as connection:
        connection.executescript(f"{SCRIPTS[request.param]} PRAGMA user_version = {request.param};")
    connection.close()
    return tmp_path, request.param


def version_of(folder):
    connection = sqlite3.connect(folder / "alnt.sqlite")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return version


@pytest.mark.parametrize("write", [True, False])
def test_all_that_an_old_table_holds_is_there(old, write):
    folder, version = old
    before = sha256(folder / "alnt.sqlite")
    with Project.open(folder, write=write) as project:
        cases = {case.name: case for case in project.cases}
        assert [case.role for case in cases.values()] == ["teacher_training", "test", "pool"]
        assert (cases["c"].status, cases["c"].shape, cases["c"].spacing) == (
            "skipped",
            (2, 3, 4),
            (3, 2, 1),
        )
        assert project.label_names == {1: "lesion", 2: "vessel"}
        settings = project.settings
        assert (settings.ignore_label, settings.trust_measure) == (254, "loss_rank")
        assert (settings.micro_batch, settings.test_every) == (2, 3)
        assert project.notices == ()
        (accepted,) = project.labels.versions("c")
        assert (accepted.reverted, accepted.confirmed, accepted.author) == (True, True, "Dr A")
        assert math.isnan(accepted.dice) if version == 1 else accepted.dice == 0.875
        assert project.drafts.seconds("c") == 12.5
    assert version_of(folder) == (VERSION if write else version)
    if not write:
        assert sha256(folder / "alnt.sqlite") == before


def test_the_runs_of_an_old_table_are_there(old):
    folder, version = old
    with Project.open(folder) as project:
        (run,) = project.runs.all
        assert (run.state, run.step, run.settings.micro_batch) == ("done", 25, 4)
        (entry,) = project.runs.ledger("c")
        assert (entry.label_version, entry.seen, entry.share) == ("teacher", 4, 0.125)
        # it was the dot product, whatever weighed the samples
        assert math.isnan(entry.trust)
        (prediction,) = project.runs.predictions()
        assert (prediction.trust_map, prediction.mask_sha256) == ("t.nii.gz", "tc")
        (tested,) = project.runs.test_results()
        assert (tested.dice, math.isnan(tested.hd95)) == (0.5, True)
        assert tested.cases[0].classes == (0.25, 0.75)
        (score,) = project.runs.scores()
        assert (score.score("dot"), score.score("dice"), score.score("loss")) == (0.5, 0.75, 1.5)
        assert math.isnan(score.score("entropy"))
        assert score.reference_hash == ("r" if version == 3 else "")
        if version == 1:
            assert score.structures == ()
        else:
            assert score.structures == (StructureCounts(7, 5, 4), StructureCounts(0, 1, 0))
            assert (score.score("head_dot"), score.score("mask_size")) == (-2, 7)


def test_an_upgrade_that_fails_leaves_the_old_table(old, monkeypatch):
    folder, version = old

    def fail(table, row):
        if table == "predictions":
            raise AlntError("stop")
        return upgraded(table, row)

    monkeypatch.setattr(table_module, "upgraded", fail)
    with pytest.raises(AlntError, match="stop"):
        Table(folder / "alnt.sqlite", write=True)
    assert version_of(folder) == version
    monkeypatch.undo()
    with Project.open(folder) as project:
        assert len(project.runs.ledger()) == 1


def test_a_row_of_today_stays_as_it_is():
    ledger = {"run": 1, "label_version": "0003", "trust": 0.5}
    assert upgraded("ledger", ledger) == ledger
    scores = {"run": 1, "mask_sha256": "m", "scores": json.dumps({"dice": 1}), "structures": "[]"}
    assert upgraded("scores", scores) == scores


# a Dice that is computed when it is missing ------------------------------------------------------


def _make_old(folder: Path) -> None:
    """Turn the table into one that says it is of version 1, and has no Dice."""
    with sqlite3.connect(folder / "alnt.sqlite") as table:
        table.execute("ALTER TABLE versions DROP COLUMN dice")
        table.execute("PRAGMA user_version = 1")
    table.close()


def _columns(folder: Path) -> tuple[int, set[str]]:
    table = sqlite3.connect(folder / "alnt.sqlite")
    version = table.execute("PRAGMA user_version").fetchone()[0]
    names = {row[1] for row in table.execute("PRAGMA table_info(versions)")}
    table.close()
    return version, names


def test_a_project_of_an_earlier_version_opens_and_is_brought_up_once(balls):
    with Project.open(balls.folder) as project:
        kept = project.labels.accept("ball_05", balls.true_labels("ball_05"))
    _make_old(balls.folder)
    with Project.open(balls.folder, write=False) as project:  # who only looks changes nothing
        assert math.isnan(project.labels.versions("ball_05")[0].dice)
        assert project.labels.reviewed_dice() == {"ball_05": kept.dice}
    assert _columns(balls.folder)[0] == 1
    with Project.open(balls.folder) as project:
        assert project.labels.reviewed_dice() == {"ball_05": kept.dice}
        assert project.labels.versions("ball_05") == (kept,)
        np.testing.assert_array_equal(read_labels(kept.file).voxels, balls.true_labels("ball_05"))
    version, names = _columns(balls.folder)
    assert version == VERSION
    assert "dice" in names
