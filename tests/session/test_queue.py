"""The queue: its order, and the one trust that it shows."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from napari_alnt.cli.main import main
from napari_alnt.errors import AlntError
from napari_alnt.ranking import CaseScores, informativeness, trust
from napari_alnt.ranking.rules import RANKINGS
from napari_alnt.session import QueueRow
from napari_alnt.session.queue import HEADINGS, build_queue, expert_rows
from napari_alnt.settings import Settings


@pytest.fixture
def scores(session, rank):
    """What the rules see after two rankings."""
    rank()
    rank({"ball_04": 0.8, "ball_05": 0.7, "ball_06": 0.6, "ball_07": 0.2}, step=2)
    return CaseScores.of(session.history.scores, session.project.settings.seed)


def test_the_rows_show_what_the_rule_sorts_by(session, scores):
    rows = {row.case: row for row in session.queue()}
    shown = [rows[case] for case in scores.cases]
    np.testing.assert_array_equal([row.trust for row in shown], trust(scores))
    np.testing.assert_array_equal([row.agreement for row in shown], scores.agreement)
    np.testing.assert_array_equal([row.informativeness for row in shown], informativeness(scores))
    np.testing.assert_array_equal([row.dice for row in shown], scores.column("dice"))
    np.testing.assert_array_equal([row.priority for row in shown], RANKINGS["alnt"](scores))


def test_the_rows_trust_is_the_one_in_alnts_formula(session, scores):
    rows = session.queue()
    values = np.array([row.informativeness for row in rows])
    order = np.argsort(np.argsort(values)) / (len(values) - 1)
    expected = [0.95 * (1 - row.trust) + 0.05 * r for row, r in zip(rows, order, strict=True)]
    assert [row.priority for row in rows] == pytest.approx(expected)
    assert [row.priority for row in rows] == sorted(expected, reverse=True)


def test_the_status_command_gives_programs_the_same_numbers(session, scores, balls, capsys):
    checkpoint = session.project.runs.all[-1].checkpoint
    checkpoint.parent.mkdir()
    checkpoint.touch()  # there is a student, so the scores are read from the table
    assert main(["status", str(balls.folder), "--json"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rows = {row["case"]: row for row in printed if "trust" in row}
    for row in session.queue():
        assert rows[row.case]["trust"] == row.trust
        assert rows[row.case]["agreement"] == row.agreement


def test_trust_and_agreement_do_not_depend_on_the_rule_that_sorts(session, scores):
    by_alnt = {row.case: row for row in session.queue()}
    by_random = {row.case: row for row in session.queue("random")}
    assert [row.case for row in by_alnt.values()] != [row.case for row in by_random.values()]
    for case, row in by_alnt.items():
        assert dataclasses.replace(row, priority=0) == pytest.approx(
            dataclasses.replace(by_random[case], priority=0), nan_ok=True
        )


def test_before_a_ranking_the_cases_stand_in_their_order_and_nothing_is_known(session):
    rows = session.queue()
    assert [row.case for row in rows] == ["ball_04", "ball_05", "ball_06", "ball_07"]
    for row in rows:
        known = [row.trust, row.agreement, row.informativeness, row.dice, row.priority, row.share]
        assert all(map(math.isnan, known))


def test_skipped_cases_follow_the_others_and_accepted_ones_those(session, scores):
    first, second = (row.case for row in session.queue()[:2])
    session.set_status(first, "skipped")
    assert session.queue()[-1].case == first
    session.confirm(second)
    assert [row.case for row in session.queue()[-2:]] == [first, second]
    last = session.queue()[-1]
    assert (last.status, math.isnan(last.trust), math.isnan(last.priority)) == (
        "accepted",
        True,
        True,
    )


def test_cases_without_a_score_come_after_those_that_have_one(session, rank):
    rank({"ball_06": 0.9})
    assert [row.case for row in session.queue()] == ["ball_06", "ball_04", "ball_05", "ball_07"]


def test_an_unknown_ranking_is_explained(session):
    with pytest.raises(AlntError, match=r"'foo'.*foreground_random"):
        session.queue("foo")


def test_the_seed_of_the_project_is_that_of_the_rules(session, scores):
    orders = set()
    for seed in range(4):
        rows = build_queue(session.project.cases, session.history, "random", seed)
        orders.add(tuple(row.case for row in rows if not math.isnan(row.priority)))
    assert len(orders) > 1


def test_the_rule_is_that_of_the_settings_unless_one_is_asked_for(session, scores):
    settings = Settings.from_dict({"ranking": "entropy"}, session.project.settings)
    session.project.save_settings(settings)
    assert session.queue() == session.queue("entropy")
    assert session.queue() != session.queue("disagreement")


def test_headings_are_of_columns_that_exist():
    assert set(HEADINGS) <= {item.name for item in dataclasses.fields(QueueRow)}


def test_experts_and_held_out_cases_have_lists_of_their_own(session):
    first = session.project.by_role("reference")[0].name
    session.confirm("ball_06")
    experts = {row.case: row for row in expert_rows(session.project.cases, held_out=False)}
    held_out = expert_rows(session.project.cases, held_out=True)
    assert len(experts) == 3
    assert (experts[first].version, experts[first].status) == (0, "expert")
    assert (experts["ball_06"].version, experts["ball_06"].status) == (1, "accepted")
    assert {row.role for row in held_out} == {"test"}
    assert not experts.keys() & {row.case for row in held_out}
