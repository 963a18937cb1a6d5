"""A project's reviews: which teacher masks a human has judged, and their places in the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from napari_alnt.data import Project
from napari_alnt.events import NAN, CaseScored
from napari_alnt.ranking import CaseScores, Reviews, rule
from napari_alnt.ranking.noise_estimate import merge_ranking

Key = tuple[int, int]
"""A ranking: the number of its run, and the student's step."""


def reviews_of(project: Project) -> Reviews:
    """The reviews of a project's teacher masks, with their places by the project's ranking."""
    cases = project.pool_with_teacher
    dices = project.labels.reviewed_dice()
    places = _places(project)
    priority = np.array([places.get(case, NAN) for case in cases], dtype=float)
    limit = project.settings.wrong_below
    wrong = {index: dices[case] < limit for index, case in enumerate(cases) if case in dices}
    return Reviews(cases, priority, wrong, limit)


def _places(project: Project) -> dict[str, float]:
    """Each scored case's place among all that had a teacher mask when the project was made."""
    rankings = project.runs.rankings()
    ranking = rule(project.settings.ranking)
    places: dict[str, float] = {}
    # oldest first: an accepted case keeps the place of the last ranking that scored it
    for key in _last_of_each(rankings):
        scores = CaseScores.of(_past(project, rankings, key), project.settings.seed)
        priority = ranking(scores)
        places = merge_ranking(places, dict(zip(scores.cases, priority.tolist(), strict=True)))
    return places


def _past(
    project: Project, rankings: Mapping[Key, Sequence[CaseScored]], key: Key
) -> dict[str, list[CaseScored]]:
    """The scores, oldest first, that one ranking's queue was sorted by.

    Of the cases scored in it, these are all by this student, or one it went on from, up to it.
    """
    student = project.runs.lineage(project.runs.get(key[0]))
    past: dict[str, list[CaseScored]] = {score.case: [] for score in rankings[key]}
    # keys compare by run, then by step: the order in which the rankings were made
    for run, step in rankings:
        if (run, step) <= key and run in student:
            for score in rankings[run, step]:
                if score.case in past:
                    past[score.case].append(score)
    return past


def _last_of_each(rankings: Mapping[Key, Sequence[CaseScored]]) -> list[Key]:
    """The rankings that are followed by one of other cases, or by none.

    While the same cases are ranked, a later ranking replaces the places that an earlier one gave.
    """
    keys = list(rankings)
    scored = [{score.case for score in rankings[key]} for key in keys]
    return [
        key
        for key, cases, next_cases in zip(keys, scored, [*scored, None][1:], strict=True)
        if cases != next_cases
    ]
