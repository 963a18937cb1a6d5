"""What a minute spent on each case is expected to bring, as a column and a ranking."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_alnt.correction.differences import LEAST_ML
from napari_alnt.data import Case, Project
from napari_alnt.data.images.volume import Triple
from napari_alnt.events import CaseScored, StructureCounts
from napari_alnt.ranking import CaseScores, gain
from napari_alnt.ranking.rules import gain_per_minute
from napari_alnt.session.history import History
from napari_alnt.session.minutes import ENOUGH, Estimate, MinutesModel, Work

BALL_CM2 = 4.836
"""Surface in cm² of a ball of 1 ml; a ball's surface grows with its volume to the power of 2/3."""
BALL_MM = 12.41
"""Its diameter in mm."""


@dataclass(frozen=True)
class Offer:
    """What a case offers for the time it takes.

    Attributes
    ----------
    case : its name
    gain : expected, 0…1, see :func:`napari_alnt.ranking.gain`
    minutes : that the correction is expected to take
    per_minute : gain over minutes
    """

    case: str
    gain: float
    minutes: float
    per_minute: float


def rough_work(structures: Sequence[StructureCounts], training: Triple, thickness: float) -> Work:
    """What a correction changes, as far as voxel counts say: one ball for all that a structure
    lacks, and one for all that it has too much.

    Parameters
    ----------
    structures : counts on the training grid
    training : voxel size (z, y, x) of that grid in mm
    thickness : mm from one slice of the case to the next
    """
    voxel = float(np.prod(training))
    balls = [
        voxels * voxel / 1000
        for counts in structures
        for voxels in (
            counts.predicted_voxels - counts.overlap_voxels,
            counts.mask_voxels - counts.overlap_voxels,
        )
        if voxels * voxel / 1000 >= LEAST_ML
    ]
    slices = [math.ceil(BALL_MM * ml ** (1 / 3) / thickness) for ml in balls]
    cm2 = [BALL_CM2 * ml ** (2 / 3) for ml in balls]
    return Work(len(balls), max(slices, default=0), math.fsum(cm2))


def pool_minutes(
    project: Project, history: History, model: MinutesModel, known: Mapping[str, Work] | None = None
) -> dict[str, Estimate]:
    """The minutes of every scored case of the pool.

    Parameters
    ----------
    project, history : of the session
    model : the user's minutes
    known : the work on cases whose masks were compared; that on the others is a rough guess by the
        counts of their newest scores, put right by how far the guess is off where both are known
    """
    cases = project.cases
    training = project.settings.spacing or _median([case.spacing for case in cases])
    rough = {}
    for case in cases:
        scores = history.scores.get(case.name, ())
        if case.role == "pool" and scores and scores[-1].structures:
            work = rough_work(scores[-1].structures, training, case.spacing[0])
            rough[case.name] = model.estimate(work)
    exact = {case: model.estimate(work) for case, work in (known or {}).items() if case in rough}
    off = [one.minutes / rough[case].minutes for case, one in exact.items()]
    part = statistics.median(off) if len(off) >= ENOUGH else 1.0
    return {case: exact.get(case) or _times(one, part) for case, one in rough.items()}


def _times(one: Estimate, part: float) -> Estimate:
    return Estimate(one.minutes * part, one.low * part, one.high * part, one.timings)


def offers(
    past: Mapping[str, Sequence[CaseScored]], minutes: Mapping[str, float], seed: int = 0
) -> tuple[Offer, ...]:
    """What each scored case offers, most in a minute first; those of unknown minutes are left out.

    Parameters
    ----------
    past : the scores of every case of the pool
    minutes : that they are expected to take
    seed : of the project
    """
    scores = CaseScores.of(past, seed, minutes)
    rows = zip(scores.cases, gain(scores), gain_per_minute(scores), strict=True)
    found = [
        Offer(case, float(brings), minutes[case], float(rate))
        for case, brings, rate in rows
        if math.isfinite(minutes.get(case, math.nan))
    ]
    return tuple(sorted(found, key=lambda one: (-one.per_minute, one.case)))


def open_offers(cases: Sequence[Case], history: History, seed: int = 0) -> tuple[Offer, ...]:
    """What the cases of the queue offer that are neither skipped nor accepted.

    The trust of each is that of the queue, a place among all cases of the pool.
    """
    pool = {case.name: case for case in cases if case.role == "pool"}
    found = offers({name: history.scores.get(name, ()) for name in pool}, history.minutes, seed)
    return tuple(one for one in found if pool[one.case].status != "skipped")


def _median(spacings: Sequence[Triple]) -> Triple:
    """The training spacing where none is set: the median over the cases."""
    z, y, x = np.median(np.array(spacings), axis=0).tolist()
    return z, y, x
