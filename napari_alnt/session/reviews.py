"""A project's looks: which masks of the pool a human has judged, and where each stood in the
queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from napari_alnt.data import Project
from napari_alnt.events import NAN, CaseScored
from napari_alnt.ranking import RANKINGS, CaseScores, Looks
from napari_alnt.ranking.noise_estimate import sort_again


def looks_of(project: Project) -> Looks:
    """The looks at a project's pool, sorted by its ranking."""
    cases = project.taught_pool
    dices = project.looked_at()
    places = _places(project)
    priority = np.array([places.get(case, NAN) for case in cases], dtype=float)
    limit = project.settings.wrong_below
    wrong = {index: dices[case] < limit for index, case in enumerate(cases) if case in dices}
    return Looks(cases, priority, wrong, limit)


def _places(project: Project) -> dict[str, float]:
    """Each scored case's place in the pool as it was, by the project's ranking."""
    rankings, places = project.rankings(), dict[str, float]()
    for key in _last_of_each(rankings):
        student = project.lineage(project.run(key[0]))
        past: dict[str, list[CaseScored]] = {}
        for score in (
            score
            for at, scored in rankings.items()
            if at <= key and at[0] in student
            for score in scored
        ):
            past.setdefault(score.case, []).append(score)
        scores = CaseScores.of(rankings[key], past, seed=project.settings.seed)
        priority = RANKINGS[project.settings.ranking](scores)
        places = sort_again(places, dict(zip(scores.cases, priority.tolist(), strict=True)))
    return places


def _last_of_each(
    rankings: Mapping[tuple[int, int], Sequence[CaseScored]],
) -> list[tuple[int, int]]:
    """The rankings after which the cases scored are others; what an earlier one said of the same is
    overruled.
    """
    keys = list(rankings)
    scored = [{score.case for score in rankings[key]} for key in keys]
    return [
        key
        for key, here, after in zip(keys, scored, [*scored, None][1:], strict=True)
        if here != after
    ]
