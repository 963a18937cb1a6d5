"""Expected gain and minutes of the cases of a queue."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_alnt.events import StructureCounts
from napari_alnt.session.gain import offers, open_offers, pool_minutes, rough_work
from napari_alnt.session.minutes import MinutesModel, Work


def minutes_of(session) -> dict[str, float]:
    found = pool_minutes(session.project, session.history, MinutesModel())
    return {case: one.minutes for case, one in found.items()}


def test_rough_work_is_a_ball_for_what_is_missed_and_one_for_what_is_too_much():
    # 1000 voxels of 1 mm³ are 1 ml, a ball 12.4 mm wide with 4.8 cm² of surface
    counts = StructureCounts(1500, 1000, 500)
    work = rough_work([counts, StructureCounts(80, 80, 60)], (1, 1, 1), thickness=5)
    assert work.regions == 2
    assert work.slices == 3
    # the surface is three volumes over the radius
    radii = [(3 * ml / (4 * np.pi)) ** (1 / 3) for ml in (0.5, 1.0)]
    assert work.cm2 == pytest.approx(3 * 0.5 / radii[0] + 3 * 1.0 / radii[1], rel=0.01)
    assert rough_work([StructureCounts(500, 500, 500)], (1, 1, 1), 5) == Work()


def test_the_minutes_of_the_scored_pool(session, rank):
    assert minutes_of(session) == {}
    rank()
    found = minutes_of(session)
    assert list(found) == ["ball_04", "ball_05", "ball_06", "ball_07"]
    assert found["ball_07"] > found["ball_04"] > 0
    known = pool_minutes(
        session.project, session.history, MinutesModel(), {"ball_07": Work(10, 0, 0)}
    )
    assert known["ball_07"].minutes == pytest.approx(2.25)
    assert known["ball_04"].minutes == found["ball_04"]


def test_rough_minutes_are_put_right_by_cases_that_were_compared(session, rank):
    rank()
    rough = minutes_of(session)
    # each takes a third of what the rough guess says
    known = {
        case: Work((rough[case] / 3 - 0.75) / 0.15) for case in ("ball_05", "ball_06", "ball_07")
    }
    found = pool_minutes(session.project, session.history, MinutesModel(), known)
    assert found["ball_04"].minutes == pytest.approx(rough["ball_04"] / 3)
    assert found["ball_04"].high == pytest.approx(2 * rough["ball_04"] / 3)


def test_scores_without_counts_give_no_minutes(session, rank, score_of):
    rank()
    plain = dataclasses.replace(score_of("ball_04", 0.5, step=2), structures=())
    session.history.scores["ball_04"].append(plain)
    assert "ball_04" not in minutes_of(session)


def test_offers_are_sorted_by_the_gain_in_a_minute(session, rank):
    rank()
    minutes = {"ball_04": 1.0, "ball_05": 1.0, "ball_06": 2.0, "ball_07": 9.0}
    found = offers(session.history.scores, minutes)
    assert [one.case for one in found] == ["ball_05", "ball_07", "ball_06", "ball_04"]
    assert [one.gain for one in found] == pytest.approx([(2 / 3) ** 2, 1, (1 / 3) ** 2, 0])
    assert [one.per_minute for one in found] == pytest.approx([4 / 9, 1 / 9, 1 / 18, 0])
    assert [one.case for one in offers(session.history.scores, {"ball_06": 2.0})] == ["ball_06"]


def test_the_queue_sorts_by_the_minutes_of_the_history(session, rank):
    rank()
    assert session.queue("gain_per_minute")[0].case == "ball_07"
    session.history.minutes.update(ball_04=1.0, ball_05=1.0, ball_06=2.0, ball_07=9.0)
    rows = session.queue("gain_per_minute")
    found = open_offers(session.project.cases, session.history)
    assert [row.case for row in rows] == [one.case for one in found]
    assert [row.priority for row in rows] == [one.per_minute for one in found]
    session.set_status("ball_05", "skipped")
    skipped = open_offers(session.project.cases, session.history)
    assert skipped == tuple(one for one in found if one.case != "ball_05")


def test_the_minutes_of_a_mask_that_was_replaced_are_forgotten(session, rank):
    rank()
    session.history.minutes.update(minutes_of(session))
    session.confirm("ball_04")
    assert "ball_04" not in session.history.minutes
    session.history.restart()
    assert session.history.minutes == {}
