"""The study's questions: errors found, training helped, minutes saved."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.baselines import mask_size, priorities, until
from benchmark.metrics import auroc, precision_at, rank_correlation, within_strata
from benchmark.results import Results, Row
from benchmark.trial import EventLog, Trial
from napari_alnt.events import CaseScored, Tested
from napari_alnt.ranking import RANKINGS, CaseScores, Reviews
from napari_alnt.session import Session
from napari_alnt.settings import Settings

Scores = Mapping[str, list[CaseScored]]

# does it find the wrong masks ---------------------------------------------------------------------

PAPER = "RGSM_AL dot, μ 0 (paper)"
STUDENTS: dict[str, dict[str, Any]] = {
    "default": {},
    "paper": {"method": "RGSM_AL", "trust_measure": "dot", "mu": 0.0},
}
"""Students whose scores are compared: the default one, and the paper's, without experts in the
loss.
"""


def detection(trial: Trial, student: str, results: Results) -> None:
    """Train a student that ranks the pool along the way.

    It adds a row for the training, and one for each ranking and baseline; the scores are kept
    for later questions.
    """
    start = time.monotonic()
    log = EventLog()
    folder = trial.copy(trial.base, "training")
    settings = dataclasses.replace(trial.settings, **STUDENTS[student])
    with Session.open(folder) as session:
        trial.follow(session.train(settings), log)
    seconds = time.monotonic() - start
    # the loops start from this project, with its student and its ranking
    trained = trial.folder / f"student_{student}"
    shutil.rmtree(trained, ignore_errors=True)
    folder.rename(trained)
    trial.write_scores(student, log.scores)
    results.add({
        **trial.key,
        "part": "train",
        "configuration": PAPER if student == "paper" else student,
        **evaluation_row(log.tested[-1]),
        "seconds": seconds,
    })  # fmt: skip
    score_rankings(trial, student, results)


def score_rankings(trial: Trial, student: str, results: Results) -> None:
    """Make the rows of all rankings and of the label-noise estimate from a student's kept scores.

    Rows that are there already are replaced.
    """
    scores = trial.read_scores(student)
    part = detection_part(student)
    results.drop(part=part, **trial.key)
    for row in detection_rows(trial, scores):
        results.add({**trial.key, "part": part, **row})
    if student == "default":
        results.drop(part="noise estimate", **trial.key)
        results.add({**trial.key, "part": "noise estimate", **noise_row(trial, scores)})


def detection_part(student: str) -> str:
    """The part of the results that a student's rankings belong to."""
    return "detection" if student == "default" else f"detection, {student}"


def detection_rows(trial: Trial, scores: Scores) -> Iterator[Row]:
    """A row for each ranking and baseline: how well its order finds the wrong masks.

    ``along`` has the AUROC at every ranking of the run, the other measures are those at its
    end.
    """
    names = sorted(scores)
    flags = trial.wrong()
    wrong = np.array([flags[name] for name in names])
    size = np.array([float(mask_size(scores[name][-1])) for name in names])
    costs = [trial.truth[name].cost for name in names]
    errors = {
        "rho dice": np.array([1 - cost.dice for cost in costs]),
        "rho ml": np.array([cost.ml for cost in costs]),
        "rho cm2": np.array([cost.cm2 for cost in costs]),
    }
    steps = sorted({score.step for of_case in scores.values() for score in of_case})
    # what each ranking would have said at the time, without the scores that came later
    by_step = [priorities(until(scores, step), trial.seed) for step in steps]
    for name, priority in by_step[-1].items():
        along = [auroc(at_step[name], wrong) for at_step in by_step]
        yield {
            "configuration": name,
            "auroc": along[-1],
            "along": along,
            "like size": within_strata(priority, wrong, size),
            **{f"precision@{k}": precision_at(priority, wrong, k) for k in (5, 10, 20)},
            **{rho: rank_correlation(priority, error) for rho, error in errors.items()},
        }


def evaluation_row(tested: Tested) -> Row:
    """The results of one evaluation on the held-out test set, case by case."""
    return {
        "dice": tested.dice,
        "hd95": tested.hd95,
        "cases": {case.case: case.dice for case in tested.cases},
        "distances": {case.case: case.hd95 for case in tested.cases},
    }


# how many are wrong -------------------------------------------------------------------------------

REVIEWS = 12
"""Cases that are reviewed for the label-noise estimate."""


def noise_row(trial: Trial, scores: Scores) -> Row:
    """Compare the label-noise estimate with the truth.

    The cases that it asks for are reviewed one by one.
    """
    ranked = CaseScores.of(scores, seed=trial.seed)
    flags = trial.wrong()
    wrong: dict[int, bool] = {}
    reviews = Reviews(ranked.cases, RANKINGS["alnt"](ranked), wrong, trial.threshold())
    for _ in range(min(REVIEWS, len(flags))):
        # one at a time: each review tells which next one narrows the estimate most
        (case,) = reviews.next(1)
        wrong[ranked.cases.index(case)] = flags[case]
    estimate = reviews.estimate()
    assert estimate is not None
    return {
        "configuration": "noise estimate",
        "truth": sum(flags.values()) / len(flags),
        "share": estimate.share,
        "low": estimate.low,
        "high": estimate.high,
        "reviewed": estimate.reviewed,
        "pool": estimate.pool,
    }


# does weighing help -------------------------------------------------------------------------------

METHODS: dict[str, dict[str, Any]] = {
    "UNIFORM": {"method": "UNIFORM", "mu": 0.0},
    "experts only": {"method": "EXPERTS"},
    "experts + pseudo": {"method": "UNIFORM"},
    PAPER: STUDENTS["paper"],
    "RGSM dot, μ 1": {"trust_measure": "dot"},
    "RGSM_AL dot, μ 1": {"method": "RGSM_AL", "trust_measure": "dot"},
    "RGSM loss rank, μ 0": {"mu": 0.0},
    "RGSM loss rank, μ 0.3": {"mu": 0.3},
    "RGSM loss rank, μ 3": {"mu": 3.0},
    "RGS loss rank, μ 1": {"method": "RGS"},
    "RGSM_AL loss rank, μ 1": {"method": "RGSM_AL"},
    "RGS dot, μ 0": {"method": "RGS", "trust_measure": "dot", "mu": 0.0},
    "RGM, μ 0": {"method": "RGM", "mu": 0.0},
    "RGSM dot, μ 0": {"trust_measure": "dot", "mu": 0.0},
    "RANDOM, μ 0": {"method": "RANDOM", "mu": 0.0},
    "SMALL_LOSS, μ 0": {"method": "SMALL_LOSS", "mu": 0.0},
    "SMALL_LOSS, μ 1": {"method": "SMALL_LOSS"},
    "RGSM_AL cosine, μ 0": {"method": "RGSM_AL", "trust_measure": "cosine", "mu": 0.0},
    "RGSM_AL dot head, μ 0": {
        "method": "RGSM_AL",
        "trust_measure": "dot",
        "scope": "head",
        "mu": 0.0,
    },
    "RGSM_AL cosine head, μ 0": {
        "method": "RGSM_AL",
        "trust_measure": "cosine",
        "scope": "head",
        "mu": 0.0,
    },
    "UNIFORM, then experts": {"method": "UNIFORM", "mu": 0.0},
}
"""Ways to train that are compared with the default one, by their settings; all take the same number
of steps.
"""
FINE_TUNED = "UNIFORM, then experts"
"""The way whose second half is on the experts alone."""


def train(trial: Trial, name: str, results: Results) -> None:
    """Train one student in one way; a row with its results on the test set."""
    start = time.monotonic()
    log = EventLog()
    folder = trial.copy(trial.base, "train")
    with Session.open(folder) as session:
        for settings in _phases(trial.settings, name):
            trial.follow(session.train(settings), log)
    shutil.rmtree(folder)
    results.add({
        **trial.key,
        "part": "train",
        "configuration": name,
        **evaluation_row(log.tested[-1]),
        "seconds": time.monotonic() - start,
    })  # fmt: skip


def _phases(settings: Settings, name: str) -> tuple[Settings, ...]:
    """The settings of each run of a way to train; together they have the steps of one."""
    whole = dataclasses.replace(settings, **METHODS[name], rank_every=0)
    if name != FINE_TUNED:
        return (whole,)
    # the second run goes on from the first one's network, with a learning rate that starts anew
    epochs = settings.epochs // 2
    half = dataclasses.replace(whole, epochs=epochs, test_every=epochs)
    return half, dataclasses.replace(half, method="EXPERTS", mu=1.0)


# does it save minutes -----------------------------------------------------------------------------

ROUNDS, SHARE = 4, 0.1
"""Rounds of corrections, and the part of the pool that is corrected in each."""
NONE, ALL = "none", "all"
"""Two bounds: no correction, and every true mask but one (training needs a teacher's) from the
first round on.
"""
STRATEGIES = (NONE, ALL, "alnt", "foreground_random", "disagreement", "loss", "random", "entropy")
"""The bounds, and the rankings that the loop follows."""


@dataclass(frozen=True)
class Point:
    """Where a loop stands: cases corrected, minutes spent, Dice on the test set."""

    corrected: int
    minutes: float
    dice: float


def loop(trial: Trial, strategy: str, results: Results, rounds: int = ROUNDS) -> None:
    """Correct by one ranking, train on, test; a row with the curve of test Dice over minutes."""
    start = time.monotonic()
    folder = trial.copy(trial.student, "loop")
    with Session.open(folder) as session:
        points = list(_rounds(session, trial, strategy, rounds))
    shutil.rmtree(folder)
    results.add({
        **trial.key,
        "part": "loop",
        "configuration": strategy,
        "curve": [[p.corrected, round(p.minutes, 2), round(p.dice, 4)] for p in points],
        "seconds": time.monotonic() - start,
    })  # fmt: skip


def _rounds(session: Session, trial: Trial, strategy: str, rounds: int) -> Iterator[Point]:
    settings = _round_settings(trial.settings, strategy)
    batch = max(1, round(SHARE * len(trial.truth)))
    corrected = 0
    spent = 0.0
    yield Point(corrected, spent, session.test_results()[-1].dice)
    for _ in range(rounds):
        # the order is that of the last student's scores
        for case in _picked(session, strategy, batch):
            spent += trial.correct(session, case)
            corrected += 1
        log = EventLog()
        trial.follow(session.train(settings), log)
        yield Point(corrected, spent, log.tested[-1].dice)


def _picked(session: Session, strategy: str, batch: int) -> list[str]:
    """The cases that are corrected in this round."""
    if strategy == NONE:
        return []
    # for all cases any order will do
    ranking = None if strategy == ALL else strategy
    open_cases = [row.case for row in session.queue(ranking) if row.status != "accepted"]
    # a training needs one teacher's mask at least
    return open_cases[:-1] if strategy == ALL else open_cases[:batch]


def _round_settings(settings: Settings, strategy: str) -> Settings:
    """A round is a quarter of the first training.

    At its end the pool is ranked, for strategies that follow scores.
    """
    epochs = max(1, settings.epochs // 4)
    rank = 0 if strategy in (NONE, ALL, "random") else epochs
    return dataclasses.replace(settings, epochs=epochs, test_every=epochs, rank_every=rank)
