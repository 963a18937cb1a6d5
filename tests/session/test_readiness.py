"""What a project lacks before a student can be trained, in the words of the window."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_alnt.errors import AlntError
from napari_alnt.session.jobs import JobController, _begin, _Request
from napari_alnt.session.readiness import BUTTONS, what_is_lacking


def project(pool=(), teachers=0, accepted=0):
    """``pool`` tells of each case whether it has a teacher mask."""
    cases = {
        "pool": [SimpleNamespace(teacher=taught, version=0) for taught in pool],
        "teacher_training": [SimpleNamespace(teacher=None, version=0)] * teachers,
        "reference": [
            SimpleNamespace(teacher=None, version=number < accepted) for number in (0, 1)
        ],
    }
    everyone = [case for role in cases.values() for case in role]
    return SimpleNamespace(
        by_role=lambda role: tuple(cases.get(role, ())), cases=everyone, writable=True
    )


@pytest.mark.parametrize(
    "ready",
    [project([True, False]), project([True]), project([False], teachers=1)],
    ids=["some have a teacher", "one has", "a teacher is trained first"],
)
def test_nothing_is_lacking_where_a_training_can_begin(ready):
    assert what_is_lacking(ready) is None


@pytest.mark.parametrize(
    ("lacking", "cure", "words"),
    [
        (project(), "new_project", "as every image has an expert mask"),
        (project(teachers=1), "new_project", "There is nothing to correct"),
        (project([False]), "teacher_masks", "The case to correct has no teacher mask"),
        (project([False, False]), "teacher_masks", "None of the 2 cases to correct has"),
        (project(accepted=2), "", "All cases are accepted (2)"),
    ],
    ids=["no pool", "no pool, but a teacher", "one case", "two cases", "all accepted"],
)
def test_what_is_lacking_is_told_with_its_cure(lacking, cure, words):
    lack = what_is_lacking(lacking)
    assert lack.cure == cure
    assert words in lack.text
    assert lack.button == BUTTONS[cure]
    assert bool(lack.button) == bool(cure)
    assert not any(jargon in lack.text for jargon in ("teach ", "--", "pool", "napari-alnt"))


def test_a_window_that_starts_without_it_is_told_the_same():
    empty = project([False])
    jobs = JobController(SimpleNamespace(project=empty), lambda *_: None)
    said = []
    jobs.message.connect(lambda text, kind: said.append((text, kind)))
    jobs.train(None)
    assert said == [(what_is_lacking(empty).text, "error")]
    assert jobs.status.state == "idle"
    with pytest.raises(AlntError, match="no teacher mask"):
        _begin(jobs.session, _Request("train"))
