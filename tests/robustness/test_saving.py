"""What is saved outlives kills, power failures, disk faults and damage: each with a small count."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest

from napari_alnt.data import Project
from robustness import (
    attacks,
    crashpoints,
    damage,
    disk,
    harnesses,
    hostile,
    kill,
    operations,
    projects,
    reopening,
)
from robustness.recording import Tree, has_strace
from robustness.result import Tally

needs_strace = pytest.mark.skipif(not has_strace(), reason="strace is not installed")
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX knows them")


@pytest.fixture
def template(tmp_path):
    return projects.make(tmp_path / "template").parent


# kill ---------------------------------------------------------------------------------------------


@needs_posix
def test_kills_lose_nothing():
    # one of each operation
    done = harnesses.attempt("kill", len(kill.NAMES), 7, 0)
    assert not done.failed, done.first
    assert done.counted["acknowledged"] > 0


@pytest.mark.parametrize("name", operations.OPERATIONS)
def test_what_is_lost_would_be_seen(name, template, tmp_path):
    """A project as it was at the start, after all steps were acknowledged."""
    project = operations.start(name, template, tmp_path / "run")
    found = operations.known(name)
    # every table of an earlier version holds the same as before
    lost = int(name not in ("upgrade",))
    tally = Tally(0, reopening.KINDS)
    reopening.judge(name, project, len(found) - 1, 0, tally)
    assert tally.result().failures["lost"] == lost


def test_what_is_left_would_be_seen(template, tmp_path):
    project = projects.copy(template, tmp_path / "run")
    assert projects.leftovers(project) == []
    (project / "labels" / "0003").mkdir(parents=True)
    left = (".0123456789ab-a.nii.gz", "labels/0003/0007.nii.gz", "alnt.sqlite-journal")
    for name in left:
        (project / name).write_bytes(b"")
    assert set(projects.leftovers(project)) == set(left)
    with Project.open(project) as opened:
        assert "0007.nii.gz" in str(projects.findings(opened))


# crashpoints --------------------------------------------------------------------------------------


@needs_strace
def test_power_failures_lose_nothing():
    done = harnesses.attempt("crashpoints", 50, 7, 0)
    assert not done.failed, done.first


NO_FLUSH = {
    "file": ("accept", "from napari_alnt.data import atomic; atomic._flush = lambda _: None"),
    "folder": ("files", "from napari_alnt.data import atomic; atomic._flush_folder = lambda _: 0"),
    "stroke": (
        "paint",
        "from napari_alnt.data import atomic; import types;"
        "atomic.os = types.SimpleNamespace(**{**vars(os), 'fsync': lambda _: None})",
    ),
    "table": (
        "decide",
        "from napari_alnt.data.table import Table; rows = Table.rows;"
        "Table.rows = lambda self, query, *values:"
        " rows(self, query.replace('EXTRA', 'FULL'), *values)",
    ),
}


@needs_strace
@pytest.mark.parametrize("what", NO_FLUSH)
def test_a_missing_flush_is_found(what):
    name, before = NO_FLUSH[what]
    recorded = crashpoints.recording(name, before)
    tally = Tally(0, reopening.KINDS)
    for point in range(len(recorded.ops), 0, -1):
        for variant in range(3):
            rng = np.random.default_rng(point)
            done, tree = crashpoints.state(recorded, point, crashpoints._fate(variant, rng))
            crashpoints.reopen(name, recorded, done, tree, point, tally)
        if tally.result().failed:
            return
    pytest.fail("nothing was lost")


@needs_strace
def test_without_loss_a_recording_leads_to_what_the_operation_left(template, tmp_path):
    name = "discard"
    project = operations.start(name, template, tmp_path / "run")
    found = crashpoints.recording(name)
    _, tree = crashpoints.state(found, len(found.ops), lambda _: "kept")
    shutil.rmtree(project.parent)
    crashpoints.build(tree, project.parent)
    assert operations.OPERATIONS[name].observe(project) == operations.known(name)[-1]
    assert Tree.of(project.parent).contents


# disk ---------------------------------------------------------------------------------------------


@needs_posix
def test_a_failing_disk_leaves_the_old_version_and_one_sentence():
    # each operation with each fault
    count = len(disk.NAMES) * len(disk.FAULTS)
    done = harnesses.attempt("disk", count, 7, 0)
    assert not done.failed, done.first
    assert done.counted["refused"] > count // 4


@needs_posix
def test_an_untyped_error_of_a_disk_would_be_seen(monkeypatch):
    monkeypatch.setattr("napari_alnt.data.atomic.write_error", lambda _, error: error)
    assert harnesses.attempt("disk", 33, 7, 0).failures["untyped"]


# damage -------------------------------------------------------------------------------------------


def test_every_damage_is_named():
    done = harnesses.attempt("damage", 70, 7, 0)
    assert not done.failed, done.first
    assert done.counted["named"] > 50


def test_a_damage_that_nobody_names_would_be_seen(monkeypatch):
    monkeypatch.setattr(projects, "verify", lambda _: ())
    assert harnesses.attempt("damage", 40, 7, 0).failures["unnamed"]


# hostile ------------------------------------------------------------------------------------------


@needs_posix
def test_hostile_projects_run_nothing_and_write_nowhere():
    # from the second on, as with the first one the engine is started
    done = harnesses.attempt("hostile", 25, 7, 1)
    assert not done.failed, done.first
    assert done.counted["refused"] > 25


@needs_posix
@pytest.mark.parametrize("attack", sorted(set(attacks.ATTACKS), key=str), ids=lambda a: a.__name__)
def test_each_attack_changes_a_project(attack, tmp_path):
    made = damage.make(tmp_path / "made")

    def state(project):
        paths = sorted(project.rglob("*"))
        return [
            (path, path.lstat().st_mode, path.is_file() and path.read_bytes()) for path in paths
        ]

    changed = 0
    for seed in range(8):
        project = projects.copy(made.folder, tmp_path / f"{seed}")
        before = state(project)
        rng = np.random.default_rng(seed)
        attack(attacks.Target(project, *hostile.outside(project.parent), rng))
        changed += state(project) != before
    assert changed > 3


def test_what_runs_or_is_written_outside_would_be_seen(tmp_path, monkeypatch):
    def harm(target, *_):
        (target.outside / "executed").touch()
        (target.outside / "text").write_text("x")

    monkeypatch.setattr(hostile, "_use", harm)
    found = hostile.run(1, 7, 1).failures
    assert (found["executed"], found["bytes outside"]) == (1, 1)
