"""How far the teacher's masks are from those a human accepted; and tables of an earlier
napari-alnt.
"""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.data import Project, read_labels, write_labels
from napari_alnt.data.label_store import mask_dice
from napari_alnt.data.table import VERSION
from napari_alnt.data.volume import read_grid


def _dice_by_counting(one, other, unknown):
    pairs = [
        (a, b)
        for a, b in zip(one.ravel().tolist(), other.ravel().tolist(), strict=True)
        if unknown not in (a, b)
    ]
    values = {value for pair in pairs for value in pair} - {0}
    each = [
        2 * sum(a == b == v for a, b in pairs) / sum((a == v) + (b == v) for a, b in pairs)
        for v in sorted(values)
    ]
    return float(np.mean(each)) if each else 1.0


@pytest.mark.parametrize("seed", range(8))
def test_the_dice_is_that_of_counting(seed):
    rng = np.random.default_rng(seed)
    one, other = (rng.choice([0, 0, 1, 2, 3, 255], (4, 5, 6)).astype(np.uint8) for _ in range(2))
    if seed % 2:
        other = np.where(other == 3, 0, other).astype(np.uint16)
    assert mask_dice(one, other, 255) == pytest.approx(_dice_by_counting(one, other, 255))
    assert mask_dice(one, one, 255) == 1


def test_the_dice_of_nothing_and_of_a_label_that_one_lacks():
    empty = np.zeros((2, 3, 4), np.uint8)
    assert math.isnan(mask_dice(empty, empty, 255))
    assert mask_dice(empty, empty + 1, 255) == 0
    assert math.isnan(mask_dice(empty + 255, empty + 1, 255))  # nothing known, nothing to compare


def test_accept_keeps_the_dice_with_the_teachers_mask(balls):
    with Project.open(balls.folder) as project:
        teacher = project.teacher(project.case("ball_05")).voxels
        truth = balls.true_labels("ball_05")
        version = project.accept("ball_05", truth)
        assert version.dice == pytest.approx(_dice_by_counting(teacher, truth, 255))
        own = project.teacher(project.case("ball_04")).voxels
        assert project.accept("ball_04", own, confirmed=True).dice == 1
        assert project.looked_at() == {"ball_04": 1, "ball_05": version.dice}
        assert (
            project.accept("ball_06", truth, confirmed=True).dice < 1
        )  # the masks count, not the word
        project.revert("ball_06")
        assert project.accept("ball_07", 0 * truth, teacher=0 * truth).dice == 1
        project.revert("ball_07")
        project.revert("ball_04")
        assert project.looked_at() == {"ball_05": version.dice}
        reference = project.by_role("reference")[0].name
        assert math.isnan(project.accept(reference, truth).dice)
        assert project.taught_pool == ("ball_04", "ball_05", "ball_06", "ball_07")
        assert list(project.looked_at()) == ["ball_05"]


def test_a_broken_teachers_mask_loses_no_work(balls):
    with Project.open(balls.folder) as project:
        case = project.case("ball_05")
        case.teacher.write_bytes(b"broken")
        version = project.accept("ball_05", balls.true_labels("ball_05"))
        assert version.file.exists()
        assert math.isnan(version.dice)
        assert project.looked_at() == {}


def test_another_teachers_mask_is_compared_anew(balls):
    with Project.open(balls.folder) as project:
        case, truth = project.case("ball_05"), balls.true_labels("ball_05")
        project.accept("ball_05", truth)
        assert project.looked_at()["ball_05"] < 0.7
        write_labels(project.folder / "better.nii.gz", truth, read_grid(case.image))
        project.set_teacher("ball_05", project.folder / "better.nii.gz")
        assert project.looked_at() == {"ball_05": 1}
        assert project.versions("ball_05")[-1].dice == 1


def _make_old(folder: Path) -> None:
    """Turn the table into one of version 1, which had no Dice of a look."""
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
        kept = project.accept("ball_05", balls.true_labels("ball_05"))
    _make_old(balls.folder)
    with Project.open(balls.folder, write=False) as project:  # who only looks changes nothing
        assert math.isnan(project.versions("ball_05")[0].dice)
        assert project.looked_at() == {"ball_05": kept.dice}
    assert _columns(balls.folder)[0] == 1
    with Project.open(balls.folder) as project:
        assert project.looked_at() == {"ball_05": kept.dice}
        assert project.versions("ball_05") == (kept,)
        np.testing.assert_array_equal(read_labels(kept.file).voxels, balls.true_labels("ball_05"))
    version, names = _columns(balls.folder)
    assert version == VERSION
    assert "dice" in names
