"""Which actions cannot be done, and why."""

from __future__ import annotations

import dataclasses

import pytest

from napari_alnt.widgets.case.refusals import DECISIONS, Situation, refusals

WRITING = frozenset((*DECISIONS, "undo_decision", "earlier"))
OPEN = Situation("chest_02", decided=1)


def test_a_case_of_the_pool_can_be_decided():
    assert refusals(OPEN, WRITING) == {}


def test_without_a_case_nothing_is_changed():
    assert set(refusals(Situation(), WRITING)) == WRITING


@pytest.mark.parametrize(
    ("change", "words"),
    [({"writable": False}, "read-only"), ({"busy": "accepting …"}, "accepting")],
)
def test_who_cannot_write_now_reads_why(change, words):
    found = refusals(dataclasses.replace(OPEN, **change), WRITING)
    assert set(found) == WRITING
    assert all(words in why for why in found.values())


def test_what_an_expert_has_decided_is_not_queued():
    found = refusals(dataclasses.replace(OPEN, role="reference", has_expert=True), WRITING)
    assert set(found) == {"confirm", "skip", "flag"}
    assert all("chest_02 has an expert mask already" in why for why in found.values())


@pytest.mark.parametrize("role", ["test", "teacher_training"])
def test_a_case_that_is_held_out_stays_as_it_is(role):
    found = refusals(dataclasses.replace(OPEN, role=role, has_expert=True), WRITING)
    assert set(found) == set(DECISIONS)
    assert all("stays as it is" in why for why in found.values())


def test_there_is_nothing_to_confirm_without_a_teacher():
    assert set(refusals(dataclasses.replace(OPEN, has_teacher=False), WRITING)) == {"confirm"}


def test_before_the_first_decision_none_is_taken_back():
    assert set(refusals(dataclasses.replace(OPEN, decided=0), WRITING)) == {"undo_decision"}


def test_it_is_made_from_a_case_as_it_is_now(balls):
    from napari_alnt.data import Project

    with Project.open(balls.folder, write=False) as project:
        cases = {case.name: case for case in project.cases}
    now = {"writable": True, "busy": "", "decided": 0}
    assert Situation.of(cases["ball_04"], status="new", **now) == Situation("ball_04")
    accepted = Situation.of(cases["ball_04"], status="accepted", **now)
    assert accepted.has_expert
    held_out = next(case for case in cases.values() if case.role == "test")
    found = Situation.of(held_out, status="expert", **now)
    assert (found.role, found.has_teacher) == ("test", False)
