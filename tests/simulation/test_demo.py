"""The demo project, and the loop on it with a simulated radiologist."""

import json
import math

import pytest

from napari_alnt.data import Project, mask_dice, read_labels
from napari_alnt.events import Finished, RankingDone, StepDone, Tested
from napari_alnt.session import Session
from napari_alnt.settings import Settings
from napari_alnt.simulation import CLEAN, CORRUPTIONS, Corrections, Demo, make_demo

TINY = Settings(
    patch=(16, 16, 16),
    batch=2,
    expert_batch=2,
    epochs=2,
    steps_per_epoch=2,
    test_every=1,
    rank_every=1,
    prefetch_cases=0,
)


@pytest.fixture
def demo(tmp_path) -> Demo:
    return make_demo(tmp_path, cases=12, settings=TINY, shape=(40, 48, 56))


def test_a_demo_project_has_five_expert_cases_and_a_pool_that_is_partly_wrong(demo: Demo):
    with Project.open(demo.folder, write=False) as project:
        roles = {
            role: [case.name for case in project.by_role(role)]
            for role in ("pool", "reference", "test")
        }
        assert [len(cases) for cases in roles.values()] == [7, 3, 2]
        assert project.label_names == {1: "ground glass", 2: "consolidation"}
        assert project.settings == TINY
    assert set(demo.corruption) == set(roles["pool"])
    assert len(demo.corrupted) == 5
    assert {demo.corruption[case] for case in demo.corrupted} == set(list(CORRUPTIONS)[:5])
    assert set(demo.truth) == {case for cases in roles.values() for case in cases}


def test_only_the_corrupted_masks_are_far_from_the_truth(demo: Demo):
    known = json.loads((demo.folder.parent / "data" / "corruption.json").read_text())
    with Project.open(demo.folder, write=False) as project:
        for case in project.by_role("pool"):
            teacher = project.teacher(case).voxels
            truth = read_labels(demo.truth[case.name]).voxels
            dice = mask_dice(teacher, truth)
            assert dice <= 0.7 if case.name in demo.corrupted else dice >= 0.8
            assert known[case.name]["dice"] == pytest.approx(dice, abs=1e-4)
            assert known[case.name]["corruption"] == demo.corruption[case.name]


def test_the_demo_in_small(demo: Demo):
    with Session.open(demo.folder) as session:
        corrections = Corrections(session, demo, count=2)
        assert math.isnan(corrections.before)
        last = list(corrections.watch(session.train()))[-1]
        assert isinstance(last, Finished)
    assert len(corrections.picked) == 2
    assert 0 <= corrections.before <= 1
    assert 0 <= corrections.after <= 1
    assert 0 <= corrections.corrupted <= 2
    with Project.open(demo.folder, write=False) as project:
        assert {row.case for row in corrections.picked} <= {
            case.name for case in project.by_role("reference")
        }


def measured(dice: float) -> Tested:
    return Tested(step=4, epoch=1, dice=dice, hd95=1.0, cases=())


def test_corrections_come_once_after_the_first_ranking_of_the_second_half(demo: Demo):
    with Session.open(demo.folder) as session:
        corrections = Corrections(session, demo, count=1)
        events = [measured(0.2), RankingDone(1, 0), measured(0.4), RankingDone(2, 1)]
        events += [measured(0.6), RankingDone(3, 1), Finished(3, "done")]
        picked = []
        for event in corrections.watch(iter(events)):
            picked.append(len(corrections.picked))
            assert isinstance(event, (Tested, RankingDone, Finished))
    assert picked == [0, 0, 0, 0, 1, 1, 1]
    assert (corrections.before, corrections.after) == (0.4, 0.6)
    case = corrections.picked[0].case
    assert corrections.corrupted == (demo.corruption[case] != CLEAN)


def test_without_a_ranking_nothing_is_corrected(demo: Demo):
    with Session.open(demo.folder) as session:
        corrections = Corrections(session, demo)
        list(
            corrections.watch(
                iter([StepDone(1, 1, 0.5, 0.4, 1e-3, seconds_left=9), Finished(1, "done")])
            )
        )
        assert corrections.picked == ()
        assert len(session.project.by_role("reference")) == 3
