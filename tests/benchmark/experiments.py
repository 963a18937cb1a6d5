"""The three questions: does it find wrong masks, does weighing help training, does it save minutes."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.baselines import priorities, until
from benchmark.metrics import auroc, precision_at, rank_correlation, within_strata
from benchmark.results import Results, Row
from benchmark.trial import Heard, Trial, correct
from napari_alnt.events import CaseScored, Validated
from napari_alnt.ranking import RANKINGS, CaseScores, Looks
from napari_alnt.session import Session
from napari_alnt.settings import Settings

# does it find the wrong masks -----------------------------------------------------------------------------------------

PAPER = "RGSM_AL dot, μ 0 (paper)"
STUDENTS: dict[str, dict[str, Any]] = {"default": {}, "paper": {"method": "RGSM_AL", "similarity": "dot", "mu": 0.0}}
"""Students whose scores are compared: the default one, and the paper's, whose loss has no expert in it."""


def find(trial: Trial, student: str, results: Results) -> None:
    """Train a student, ranking along the way; one row for each rival, and the scores for a later look."""
    start = time.monotonic()
    heard = Heard()
    folder = trial.copy(trial.base, "training")
    settings = dataclasses.replace(trial.settings, **STUDENTS[student])
    with Session.open(folder) as session:
        trial.follow(session.train(settings), heard)
    seconds = time.monotonic() - start
    shutil.rmtree(trial.folder / f"student_{student}", ignore_errors=True)
    folder.rename(trial.folder / f"student_{student}")
    trial.keep_scores(student, heard.scores)
    end = audited(heard.audits[-1])
    name = PAPER if student == "paper" else student
    results.add({**trial.key, "part": "train", "configuration": name, **end, "seconds": seconds})
    judge(trial, student, results)


def judge(trial: Trial, student: str, results: Results) -> None:
    """Judge every rival, and the noise audit, by the kept scores of a student; rows that are there are made anew."""
    scores = trial.scores(student)
    results.drop(part=part_of(student), **trial.key)
    for row in found(trial, scores):
        results.add({**trial.key, "part": part_of(student), **row})
    if student == "default":
        results.drop(part="audit", **trial.key)
        results.add({**trial.key, "part": "audit", **audit(trial, scores)})


def part_of(student: str) -> str:
    """The part under which a student's rows stand."""
    return "find" if student == "default" else f"find, {student}"


def found(trial: Trial, scores: Mapping[str, list[CaseScored]]) -> Iterator[Row]:
    """One row a rival: how well its order of the queue finds the wrong masks, at the end and along the way."""
    steps = sorted({score.step for of_case in scores.values() for score in of_case})
    by_step = [priorities(until(scores, step), trial.seed) for step in steps]
    names = sorted(scores)
    flags = trial.wrong()
    wrong = np.array([flags[name] for name in names])
    known = [trial.known[name] for name in names]
    size = np.array([float(scores[name][-1].labelled) for name in names])
    for rival, priority in by_step[-1].items():
        along = [auroc(at[rival], wrong) for at in by_step]
        yield {
            "configuration": rival,
            "auroc": along[-1],
            "along": along,
            "like size": within_strata(priority, wrong, size),
            **{f"precision@{k}": precision_at(priority, wrong, k) for k in (5, 10, 20)},
            "rho dice": rank_correlation(priority, np.array([1 - k.work.dice for k in known])),
            "rho ml": rank_correlation(priority, np.array([k.work.ml for k in known])),
            "rho cm2": rank_correlation(priority, np.array([k.work.cm2 for k in known])),
        }


def audited(audit: Validated) -> Row:
    """The honest figures of one look at the audit cases, case by case."""
    return {
        "dice": audit.dice,
        "hd95": audit.hd95,
        "cases": {seen.case: seen.dice for seen in audit.cases},
        "distances": {seen.case: seen.hd95 for seen in audit.cases},
    }


# how many are wrong ---------------------------------------------------------------------------------------------------

LOOKS = 12
"""Cases that are looked at for the noise audit."""


def audit(trial: Trial, scores: Mapping[str, list[CaseScored]]) -> Row:
    """Look at the cases that the noise audit asks for, one by one, and compare its estimate with the truth."""
    newest = CaseScores.of([of_case[-1] for of_case in scores.values()], scores, seed=trial.seed)
    flags, wrong, priority = trial.wrong(), dict[int, bool](), RANKINGS["alnt"](newest)
    looks = Looks(newest.cases, priority, wrong, trial.threshold())
    for _ in range(min(LOOKS, len(flags))):
        (case,) = looks.next(1)
        wrong[newest.cases.index(case)] = flags[case]
    said = looks.audit()
    assert said is not None
    figures = {name: getattr(said, name) for name in ("share", "low", "high", "looked", "pool")}
    return {"configuration": "noise audit", "truth": sum(flags.values()) / len(flags), **figures}


# does weighing help ---------------------------------------------------------------------------------------------------

METHODS: dict[str, dict[str, Any]] = {
    "UNIFORM": {"method": "UNIFORM", "mu": 0.0},
    "experts only": {"method": "EXPERTS"},
    "experts + pseudo": {"method": "UNIFORM"},
    PAPER: STUDENTS["paper"],
    "RGSM dot, μ 1": {"similarity": "dot"},
    "RGSM_AL dot, μ 1": {"method": "RGSM_AL", "similarity": "dot"},
    "RGSM path, μ 0": {"mu": 0.0},
    "RGSM path, μ 0.3": {"mu": 0.3},
    "RGSM path, μ 3": {"mu": 3.0},
    "RGS path, μ 1": {"method": "RGS"},
    "RGSM_AL path, μ 1": {"method": "RGSM_AL"},
    "RGS dot, μ 0": {"method": "RGS", "similarity": "dot", "mu": 0.0},
    "RGM, μ 0": {"method": "RGM", "mu": 0.0},
    "RGSM dot, μ 0": {"similarity": "dot", "mu": 0.0},
    "RANDOM, μ 0": {"method": "RANDOM", "mu": 0.0},
    "SMALL_LOSS, μ 0": {"method": "SMALL_LOSS", "mu": 0.0},
    "SMALL_LOSS, μ 1": {"method": "SMALL_LOSS"},
    "RGSM_AL cosine, μ 0": {"method": "RGSM_AL", "similarity": "cosine", "mu": 0.0},
    "RGSM_AL dot head, μ 0": {"method": "RGSM_AL", "similarity": "dot", "scope": "head", "mu": 0.0},
    "RGSM_AL cosine head, μ 0": {"method": "RGSM_AL", "similarity": "cosine", "scope": "head", "mu": 0.0},
    "UNIFORM, then experts": {"method": "UNIFORM", "mu": 0.0},
}
"""Ways to train that are compared with the default one; each gets the same steps."""
FINE_TUNED = "UNIFORM, then experts"
"""The way whose second half is on the experts alone."""


def train(trial: Trial, name: str, results: Results) -> None:
    """Train one student in one way; a row with its audit Dice, case by case."""
    start = time.monotonic()
    heard = Heard()
    folder = trial.copy(trial.base, "train")
    with Session.open(folder) as session:
        for settings in _phases(trial.settings, name):
            trial.follow(session.train(settings), heard)
    shutil.rmtree(folder)
    row = {"configuration": name, **audited(heard.audits[-1]), "seconds": time.monotonic() - start}
    results.add({**trial.key, "part": "train", **row})


def _phases(settings: Settings, name: str) -> tuple[Settings, ...]:
    """The settings of each run of a way to train; together they have the steps of one."""
    whole = dataclasses.replace(settings, **METHODS[name], rank_every=0)
    if name != FINE_TUNED:
        return (whole,)
    half = dataclasses.replace(whole, epochs=settings.epochs // 2, validate_every=settings.epochs // 2)
    return half, dataclasses.replace(half, method="EXPERTS", mu=1.0)


# does it save minutes -------------------------------------------------------------------------------------------------

ROUNDS, SHARE = 4, 0.1
"""Rounds of corrections, and the part of the pool that is corrected in each."""
ARMS = ("none", "all", "alnt", "foreground_random", "disagreement", "loss", "random", "entropy")
"""Rankings that are followed; "none" corrects nothing, and "all" has every true mask but one (training needs a
teacher's) from the first round on."""


@dataclass(frozen=True)
class Point:
    """Where a loop stands: cases corrected, minutes spent, audit Dice."""

    corrected: int
    minutes: float
    dice: float


def loop(trial: Trial, arm: str, results: Results, rounds: int = ROUNDS) -> None:
    """Correct by one ranking, train on, look; a row with the curve of audit Dice over minutes."""
    start = time.monotonic()
    folder = trial.copy(trial.student, "loop")
    with Session.open(folder) as session:
        points = list(_rounds(session, trial, arm, rounds))
    shutil.rmtree(folder)
    curve = [[p.corrected, round(p.minutes, 2), round(p.dice, 4)] for p in points]
    results.add({
        **trial.key, "part": "loop", "configuration": arm, "curve": curve, "seconds": time.monotonic() - start
    })  # fmt: skip


def _rounds(session: Session, trial: Trial, arm: str, rounds: int) -> Iterator[Point]:
    settings = _round_settings(trial.settings, arm)
    spent, done, batch = 0.0, 0, max(1, round(SHARE * len(trial.known)))
    yield Point(0, 0.0, session.validations()[-1].dice)
    for _ in range(rounds):
        for case in _picks(session, trial, arm, batch):
            spent, done = spent + correct(session, trial, case), done + 1
        heard = Heard()
        trial.follow(session.train(settings), heard)
        yield Point(done, spent, heard.audits[-1].dice)


def _picks(session: Session, trial: Trial, arm: str, batch: int) -> list[str]:
    if arm == "none":
        return []
    ranking = None if arm == "all" else arm
    open_cases = [row.case for row in session.queue(ranking) if row.status != "accepted"]
    # training needs one teacher's mask at least
    return open_cases[:-1] if arm == "all" else open_cases[:batch]


def _round_settings(settings: Settings, arm: str) -> Settings:
    """A round: a quarter of the first training, a ranking at its end where the arm asks for one."""
    epochs = max(1, settings.epochs // 4)
    rank = 0 if arm in ("none", "all", "random") else epochs
    return dataclasses.replace(settings, epochs=epochs, validate_every=epochs, rank_every=rank)


def minutes_to(curve: list[list[float]], target: float) -> float:
    """Minutes at which a curve of (corrected, minutes, Dice) first reaches a Dice, linear between points; else inf."""
    before = curve[0]
    if before[2] >= target:
        return float(before[1])
    for point in curve[1:]:
        if point[2] >= target:
            part = (target - before[2]) / (point[2] - before[2])
            return float(before[1] + part * (point[1] - before[1]))
        before = point
    return float("inf")


def area(curve: list[list[float]], limit: float) -> float:
    """Mean audit Dice over the first ``limit`` minutes of a curve; its last value is kept to the end."""
    at = np.linspace(0, limit, 200)
    x, y = np.array([p[1] for p in curve]), np.array([p[2] for p in curve])
    return float(np.interp(at, x, y).mean())
