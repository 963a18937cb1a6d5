"""Runs and their results: what is saved, what is valid, and what a newer napari-alnt wrote."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.data import Project
from napari_alnt.errors import AlntError
from napari_alnt.events import EpochDone, LedgerRow, Predicted, StructureCounts, Tested, TestedCase
from napari_alnt.settings import Settings


def test_what_runs_say_is_remembered(project: Project) -> None:
    first = project.runs.start("train", project.settings)
    second = project.runs.start("train", Settings(epochs=3), parent=first.number)
    assert (first.number, second.number, second.parent, second.state) == (1, 2, 1, "running")
    assert (second.folder / "settings.json").exists()
    name = project.by_role("pool")[0].name
    row = LedgerRow(name, "pool", "teacher", 4, trust=0.25)
    for trust in (0.5, 0.25):  # a resumed run says its last epoch again
        project.runs.add_ledger(
            2, EpochDone(0, 25, 1, 1, (LedgerRow(name, "pool", "teacher", 4, trust=trust),))
        )
    (entry,) = project.runs.ledger(name)
    assert (entry.trust, entry.run, entry.epoch, entry.step, np.isnan(entry.share)) == (
        row.trust,
        2,
        0,
        25,
        True,
    )
    validated = Tested(25, 0, 0.5, 3.25, (TestedCase("a", 0.5, 3.25, (0.25, 0.75)),))
    project.runs.add_test_result(2, validated)
    assert project.runs.test_results() == [validated]
    project.runs.finish(2, "failed", -1)
    assert (
        project.runs.get(2).state,
        project.runs.get(2).step,
        project.runs.get(2).settings.epochs,
    ) == ("failed", 25, 3)
    assert [run.state for run in project.runs.all] == ["running", "failed"]
    with pytest.raises(AlntError, match="no run 3"):
        project.runs.get(3)


def test_scores_hold_for_the_label_they_were_made_of(project, scored):
    project.runs.start("train", project.settings)
    one, two = (case.name for case in project.by_role("pool")[:2])
    project.runs.add_scores(1, [scored(one, 1), scored(two, 1)])
    project.runs.add_scores(1, [scored(one, 2)])
    mask = project.case(one).label_sha256
    prediction = Predicted(one, 2, "s.nii.gz", "t.nii.gz", 12, 0.5, mask_sha256=mask)
    project.runs.add_prediction(1, prediction)
    assert {(score.case, score.step) for score in project.runs.scores()} == {(one, 2), (two, 1)}
    assert len(project.runs.scores(latest=False)) == 3
    assert project.runs.predictions() == [prediction]
    project.labels.accept(one, np.zeros(project.case(one).shape, np.uint8))
    assert {score.case for score in project.runs.scores()} == {two}
    assert project.runs.predictions() == []
    project.labels.revert(one)
    assert project.runs.predictions() == [prediction]


def test_threads_may_read_while_another_writes(project, scored):
    project.runs.start("train", project.settings)
    name, failures = project.by_role("pool")[0].name, []

    def read() -> None:
        try:
            for _ in range(50):
                assert len(project.cases) == 8
                project.runs.scores()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test fails by it
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for step in range(10):
        project.runs.add_scores(1, [scored(name, step)])
    for reader in readers:
        reader.join()
    assert not failures


def test_a_run_says_where_its_files_are(project):
    run = project.runs.start("train", Settings(epochs=3))
    assert run == project.runs.get(1)
    assert run.folder == project.folder / "runs" / "0001"
    assert json.loads((run.folder / "settings.json").read_text())["epochs"] == 3
    places = (run.checkpoint, run.maps, run.log, run.report)
    assert [path.relative_to(run.folder).as_posix() for path in places] == [
        "checkpoint/student.safetensors", "maps", "engine.log", "report.html"
    ]  # fmt: skip


def test_a_folder_left_by_a_crash_is_not_taken_for_a_new_run(project):
    (project.folder / "runs" / "0004").mkdir(parents=True)
    assert project.runs.start("train", Settings()).number == 5


def test_a_run_ends_in_one_of_three_states(project):
    project.runs.start("train", Settings())
    with pytest.raises(AlntError, match="cannot end as 'running'"):
        project.runs.finish(1, "running", 3)
    project.runs.finish(1, "stopped", 3)
    assert (project.runs.get(1).state, project.runs.get(1).step) == ("stopped", 3)


def test_the_lineage_goes_back_over_the_parents(project):
    for parent in (None, 1, None, 2):
        project.runs.start("train", Settings(), parent=parent)
    assert project.runs.lineage(project.runs.get(4)) == (4, 2, 1)
    assert project.runs.lineage(project.runs.get(3)) == (3,)
    assert project.runs.lineage(None) == ()


def test_results_of_other_runs_are_left_out(project, scored):
    one, two = (case.name for case in project.by_role("pool")[:2])
    for number, name in ((1, one), (2, two)):
        project.runs.start("train", Settings())
        project.runs.add_scores(number, [scored(name)])
        project.runs.add_test_result(number, Tested(number, 0, 0.5, math.nan))
        mask = project.case(name).label_sha256
        project.runs.add_prediction(number, Predicted(name, 1, "s", "t", 0, 0.5, mask))
    assert [score.case for score in project.runs.scores(runs=[2])] == [two]
    assert [result.step for result in project.runs.test_results([2])] == [2]
    assert [prediction.case for prediction in project.runs.predictions([2])] == [two]
    assert [len(project.runs.scores(runs=runs)) for runs in (None, (), (1, 2))] == [2, 0, 2]


def test_scores_come_back_as_they_were(project, scored):
    project.runs.start("train", Settings())
    score = scored(project.by_role("pool")[0].name)
    counts = (StructureCounts(7, 5, 4), StructureCounts(0, 1, 0))
    full = type(score)(score.case, 3, score.mask_sha256, "r", {"dice": 0.5}, counts)
    project.runs.add_scores(1, [full])
    assert project.runs.scores() == [full]


def test_rankings_keep_the_scores_of_accepted_cases(project, scored):
    project.runs.start("train", Settings())
    one, two = (case.name for case in project.by_role("pool")[:2])
    project.runs.add_scores(1, [scored(one, 5), scored(two, 5)])
    project.runs.add_scores(1, [scored(one, 9)])
    project.labels.accept(one, np.zeros(project.case(one).shape, np.uint8))
    rankings = project.runs.rankings()
    assert list(rankings) == [(1, 5), (1, 9)]
    assert [score.case for score in rankings[1, 5]] == [one, two]
    # a student's score of the accepted mask is none of the teacher's mask
    project.runs.add_scores(1, [scored(one, 12)])
    assert list(project.runs.rankings()) == [(1, 5), (1, 9)]


# written by a newer napari-alnt -------------------------------------------------------------------


def change(folder: Path, *statements: str, version: int = 99) -> None:
    with sqlite3.connect(folder / "alnt.sqlite") as connection:
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


LATER = (
    """INSERT INTO test_results VALUES (1, 26, '{"kind": "Calibrated", "step": 26}')""",
    """INSERT INTO test_results VALUES
        (1, 27, '{"kind": "Tested", "step": 27, "epoch": 1, "dice": 1, "hd95": 1, "ece": 0.1}')""",
    """INSERT INTO scores SELECT run, 28, "case", mask_sha256, reference_hash, scores,
        '[{"mask_voxels": 1, "predicted_voxels": 1, "overlap_voxels": 1, "later": 1}]'
        FROM scores""",
)


def test_what_a_newer_version_wrote_is_skipped_where_it_is_not_known(project, scored):
    project.runs.start("train", Settings())
    known = Tested(25, 0, 0.5, 3.25, (TestedCase("a", 0.5, 3.25),))
    project.runs.add_test_result(1, known)
    score = scored(project.by_role("pool")[0].name, 25)
    project.runs.add_scores(1, [score])
    project.close()
    change(project.folder, *LATER)
    with Project.open(project.folder, write=False) as reader:
        assert reader.runs.test_results() == [known]
        assert reader.runs.scores(latest=False) == [score]
        assert list(reader.runs.rankings().values()) == [[score], []]


@pytest.mark.parametrize("statement", LATER[:2])
def test_in_a_table_of_today_the_same_is_an_error(project, statement):
    project.runs.start("train", Settings())
    with project.change() as connection:
        connection.execute(statement)
    with pytest.raises(AlntError, match="no event"):
        project.runs.test_results()
