"""What is run, in which order, and how: a trial at a time on each core, every row written as it ends."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark import runs
from benchmark.datasets import load
from benchmark.results import Results
from benchmark.trial import Noise, Trial

NOISES: tuple[Noise, ...] = ("planted", "natural")
PARTS = ("find", "find, paper", "train", "loop")
"""The questions, in the order in which a trial answers them."""


@dataclass(frozen=True)
class Plan:
    """What to run: every set with every noise and seed, and the parts of the benchmark on each.

    ``methods`` and ``arms`` say which ways to train and which rankings take part; ``out`` holds ``results.jsonl`` and
    a folder for each trial, of which only the scores are kept unless ``keep``.
    """

    data: Path
    out: Path
    sets: tuple[str, ...]
    noises: tuple[Noise, ...] = NOISES
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    parts: tuple[str, ...] = PARTS
    methods: tuple[str, ...] = tuple(runs.METHODS)
    arms: tuple[str, ...] = runs.ARMS
    rounds: int = runs.ROUNDS
    jobs: int = 1
    keep: bool = False

    def trials(self) -> Iterator[Trial]:
        """Every trial, seed by seed, so that a table that is cut short is still balanced."""
        sets = [load(name, self.data, self.out) for name in self.sets]
        for seed in self.seeds:
            for found in sets:
                for noise in self.noises:
                    yield Trial(found, noise, seed, self.out / found.name / f"{noise}_{seed}")


QUICK = ("covid", "head_and_neck")
"""The sets of a quick run, if they are there: the paper's task, and one of many structures. One set is not enough, as
each has another rival that does best on it."""


def quick(plan: Plan) -> Plan:
    """The same plan, small: wrong masks and training on two sets, one seed; under ten minutes on two cores."""
    return dataclasses.replace(
        plan,
        out=plan.out / "quick",
        sets=tuple(name for name in plan.sets if name in QUICK) or plan.sets[:1],
        seeds=plan.seeds[:1],
        parts=("find", "train"),
        methods=("UNIFORM", "experts only"),
    )


def run(plan: Plan, say: Callable[[str], None] = print) -> Results:
    """Run what is not in the results file yet, and return all its rows.

    Raises
    ------
    AlntError
        If a set is not there, or a job of a trial fails.
    """
    results = Results(plan.out / "results.jsonl")
    stop = threading.Event()
    with ThreadPoolExecutor(plan.jobs) as pool:
        trials = [dataclasses.replace(trial, stopped=stop.is_set) for trial in plan.trials()]
        try:
            for job in as_completed([pool.submit(run_trial, plan, trial, results, say) for trial in trials]):
                job.result()
        except BaseException:  # Ctrl-C as well
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return results


def judge_anew(plan: Plan) -> Results:
    """Judge the rankings by the scores that are kept in ``out``, as after a change of a ranking; nothing is trained."""
    results = Results(plan.out / "results.jsonl")
    for trial in plan.trials():
        for student in runs.STUDENTS:
            if (trial.folder / f"scores_{student}.jsonl").exists():
                runs.judge(trial, student, results)
    return results


def run_trial(plan: Plan, trial: Trial, results: Results, say: Callable[[str], None]) -> None:
    """Every part of one trial that the results lack."""
    if not list(_missing(plan, trial, results)):
        return
    trial.prepare()
    for name, job in _missing(plan, trial, results):
        job()
        say(f"{trial.bench_set.name}, {trial.noise} noise, seed {trial.seed}: {name}")
    if not plan.keep:
        trial.tidy()


def _missing(plan: Plan, trial: Trial, results: Results) -> Iterator[tuple[str, Callable[[], None]]]:
    """The jobs to do, with their names; a loop starts from the default student, so that one comes first."""

    def lacks(part: str, names: Iterable[str]) -> list[str]:
        return trial.lacks(results, part, names) if part in plan.parts else []

    arms = lacks("loop", plan.arms)
    # the noise audit's is the last row that a student's scores make
    found = not trial.lacks(results, "audit", ["noise audit"])
    if ("find" in plan.parts and not found) or (arms and not trial.student.exists()):
        yield "find", partial(runs.find, trial, "default", results)
    paper = bool(lacks("find, paper", ["random"]))
    if paper:
        yield "find, paper", partial(runs.find, trial, "paper", results)
    for name in lacks("train", [name for name in plan.methods if not (paper and name == runs.PAPER)]):
        yield f"train, {name}", partial(runs.train, trial, name, results)
    for arm in arms:
        yield f"loop, {arm}", partial(runs.loop, trial, arm, results, plan.rounds)
