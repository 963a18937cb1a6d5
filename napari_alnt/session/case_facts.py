"""What a project knows of one case, gathered for its card; for a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_alnt.correction import Difference, differences
from napari_alnt.data import Array, Case, Project
from napari_alnt.data.images.volume import read_labels
from napari_alnt.data.paths import inside
from napari_alnt.errors import AlntError
from napari_alnt.session.case_card import CardFacts, Series
from napari_alnt.session.history import History
from napari_alnt.session.mask_traits import MaskTraits, TraitsReader
from napari_alnt.session.mask_work import work_of
from napari_alnt.session.minutes import MinutesModel
from napari_alnt.session.run_record import last_student
from napari_alnt.session.standing import PoolStandings


def pool_standings(project: Project, history: History) -> PoolStandings:
    """The standings of the pool as it is now."""
    past = {case.name: history.scores.get(case.name, ()) for case in project.by_role("pool")}
    return PoolStandings(past, project.settings.seed)


def case_facts(
    project: Project,
    history: History,
    name: str,
    reader: TraitsReader,
    standings: PoolStandings,
    model: MinutesModel | None = None,
    regions: Sequence[Difference] | None = None,
) -> CardFacts:
    """Gather what is known of a case; files that cannot be read are as if they were not there.

    Parameters
    ----------
    project, history : of the session
    name : the case
    reader : keeps what it has read, so use one for all cases
    standings : of the pool as it is now
    model : the user's minutes; None takes the prior
    regions : in which mask and student differ where that is known already
    """
    case = project.case(name)
    mask, student = _mask(project, case), student_mask(project, history, case)
    seen = None
    minutes = None
    if mask is not None and student is not None:
        if regions is None:
            ignored = project.settings.ignore_label
            regions = differences(mask, student, case.spacing, ignore=ignored)
        minutes = (model or MinutesModel()).estimate(work_of(regions, case.spacing))
        seen = _measured(reader, case, student)
    trust, informativeness = _series(project, name)
    return CardFacts(
        name,
        project.label_names,
        standings.of(name),
        regions,
        case.spacing[0],
        "accepted mask" if case.expert else "teacher",
        reader.of(case),
        seen,
        reader.experts(without=name),
        trust,
        informativeness,
        minutes,
    )


def student_mask(project: Project, history: History, case: Case) -> Array | None:
    """The student's newest mask ``(Z, Y, X)`` of a case; None if there is none to read."""
    predicted = history.predictions.get(case.name)
    # one that was made for another mask is none of this one's business
    if predicted is None or predicted.mask_sha256 != case.label_sha256:
        return None
    try:
        file = inside(project.folder, predicted.student)
        ignored = project.settings.ignore_label
        return read_labels(file, like=project.grid(case), ignore_label=ignored).voxels
    except AlntError:
        return None


def _mask(project: Project, case: Case) -> Array | None:
    try:
        volume = project.expert(case) or project.teacher(case)
    except AlntError:
        return None
    return None if volume is None else volume.voxels


def _measured(reader: TraitsReader, case: Case, mask: Array) -> MaskTraits | None:
    try:
        return reader.measure(case, mask)
    except AlntError:
        return None


def _series(project: Project, name: str) -> tuple[Series, Series]:
    """Trust and informativeness of a case in each epoch of the newest student."""
    runs = project.runs
    lineage = runs.lineage(last_student(project))
    rows = [row for row in runs.ledger(name) if row.run in lineage and row.role == "pool"]
    found = []
    for column in ("trust", "informativeness"):
        known = [(row.step, float(getattr(row, column))) for row in rows]
        known = [one for one in known if np.isfinite(one[1])]
        found.append(Series(tuple(one[0] for one in known), tuple(one[1] for one in known)))
    return found[0], found[1]
