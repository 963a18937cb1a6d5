"""What is run, in which order: a trial at a time on each core, every row written as it ends."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark import experiments
from benchmark.datasets import load
from benchmark.results import Results
from benchmark.trial import Trial
from benchmark.truth import Noise

NOISES: tuple[Noise, ...] = ("planted", "natural")
PARTS = ("detection", "detection, paper", "train", "loop")
"""The questions, in the order in which a trial answers them."""
QUICK = ("covid", "head_and_neck")
"""The datasets of a quick run, if they are there: the paper's task, and one of many structures. One
dataset is not enough, as each has another baseline that does best on it.
"""


@dataclass(frozen=True)
class Plan:
    """What to run: every dataset with every noise and seed, and the parts of the study on each.

    ``methods`` and ``strategies`` say which ways to train and which rankings take part. ``out`` has
    a folder for each trial, of which only the scores are kept unless ``keep``; the rows go to
    ``rows``, or to ``results.jsonl`` in ``out``.
    """

    data: Path
    out: Path
    datasets: tuple[str, ...]
    rows: Path | None = None
    noises: tuple[Noise, ...] = NOISES
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    parts: tuple[str, ...] = PARTS
    methods: tuple[str, ...] = tuple(experiments.METHODS)
    strategies: tuple[str, ...] = experiments.STRATEGIES
    rounds: int = experiments.ROUNDS
    jobs: int = 1
    keep: bool = False

    def results(self) -> Results:
        """The rows that are there already."""
        return Results(self.rows or self.out / "results.jsonl")

    def trials(self) -> Iterator[Trial]:
        """Every trial, seed by seed, so that a table that is cut short is still balanced."""
        datasets = [load(name, self.data, self.out) for name in self.datasets]
        for seed in self.seeds:
            for dataset in datasets:
                for noise in self.noises:
                    folder = self.out / dataset.name / f"{noise}_{seed}"
                    yield Trial(dataset, noise, seed, folder)


def quick(plan: Plan) -> Plan:
    """The same plan, small: detection and training on two datasets, one seed.

    It takes less than ten minutes on two cores.
    """
    return dataclasses.replace(
        plan,
        out=plan.out / "quick",
        datasets=tuple(name for name in plan.datasets if name in QUICK) or plan.datasets[:1],
        seeds=plan.seeds[:1],
        parts=("detection", "train"),
        methods=("UNIFORM", "experts only"),
    )


def run(plan: Plan, say: Callable[[str], None] = print) -> Results:
    """Run what has no row yet, and return all rows.

    Raises
    ------
    AlntError
        If a dataset is not there, or a job of a trial fails.
    """
    results = plan.results()
    stop = threading.Event()
    # threads are enough: the work is done by the engines, each a process of its own
    with ThreadPoolExecutor(plan.jobs) as pool:
        trials = [dataclasses.replace(trial, stopped=stop.is_set) for trial in plan.trials()]
        jobs = [pool.submit(run_trial, plan, trial, results, say) for trial in trials]
        try:
            for job in as_completed(jobs):
                job.result()
        except BaseException:  # Ctrl-C as well
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return results


def rescore(plan: Plan) -> Results:
    """Make the rows of all rankings anew from the scores that are kept in ``out``.

    For a ranking that was changed or added; nothing is trained.
    """
    results = plan.results()
    for trial in plan.trials():
        for student in experiments.STUDENTS:
            if trial.has_scores(student):
                experiments.score_rankings(trial, student, results)
    return results


def run_trial(plan: Plan, trial: Trial, results: Results, say: Callable[[str], None]) -> None:
    """Every part of one trial that the results lack."""
    if next(_jobs(plan, trial, results), None) is None:
        return
    trial.prepare()
    # asked again: preparing may have removed a student that a loop was to start from
    for name, job in _jobs(plan, trial, results):
        job()
        say(f"{trial.dataset.name}, {trial.noise} noise, seed {trial.seed}: {name}")
    if not plan.keep:
        trial.clean_up()


def _jobs(plan: Plan, trial: Trial, results: Results) -> Iterator[tuple[str, Callable[[], None]]]:
    """The jobs to do, with their names.

    A loop starts from the default student, so that one comes first.
    """

    def missing(part: str, names: Iterable[str]) -> list[str]:
        return trial.missing(results, part, names) if part in plan.parts else []

    strategies = missing("loop", plan.strategies)
    # the label-noise estimate's is the last row that a student's scores make
    scored = not trial.missing(results, "noise estimate", ["noise estimate"])
    wanted = "detection" in plan.parts and not scored
    if wanted or (strategies and not trial.student.exists()):
        yield "detection", partial(experiments.detection, trial, "default", results)
    paper = bool(missing("detection, paper", ["random"]))
    if paper:
        yield "detection, paper", partial(experiments.detection, trial, "paper", results)
    # the paper's student, trained for the detection, needs no training of its own
    methods = [name for name in plan.methods if not (paper and name == experiments.PAPER)]
    for name in missing("train", methods):
        yield f"train, {name}", partial(experiments.train, trial, name, results)
    for name in strategies:
        yield f"loop, {name}", partial(experiments.loop, trial, name, results, plan.rounds)
