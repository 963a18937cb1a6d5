"""What propagating a few corrected slices gains, on head-and-neck CTs whose truth is known.

A student learns from a few experts alone. Of other cases some slices are corrected, evenly spaced
in the extent of the structures; the Dice is that of all other slices.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from benchmark.datasets import LabelledCase, head_and_neck
from benchmark.metrics import mean_known, paired
from benchmark.results import Row, append, rounded
from napari_alnt import core
from napari_alnt.data import CaseFiles, Project, Run, read_labels
from napari_alnt.engine.adaptation import Recipe
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.evaluation import Evaluator
from napari_alnt.engine.propagation import Propagator
from napari_alnt.engine.sampler import Sampler, Stream
from napari_alnt.engine.student import Student, learning_rate
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Propagated
from napari_alnt.settings import Settings

EXPERTS = 8
STEPS = 400
COUNTS = (1, 3, 5)
"""Slices that are corrected."""
PROTOTYPE = Recipe(steps=40, expert_patches=1, vary_case=True, average=0.0, near=0.0)
"""Two patches of the case and one of an expert, Adam, the weights of the last step."""
WAYS: dict[str, Recipe | None] = {
    "student": None,
    "interpolation": None,
    "prototype": PROTOTYPE,
    "propagation": Recipe(),
}

Masks = np.ndarray[Any, np.dtype[np.int16]]


@dataclass
class Bench:
    """A project with a student that has learned from its experts."""

    project: Project
    run: Run
    dataset: Dataset
    student: Student
    truth: dict[str, Path]

    @classmethod
    def of(cls, data: Path, out: Path, cases: int) -> Bench:
        """The one in the folder ``out``, made there at first."""
        chosen = head_and_neck(data, out).cases[: EXPERTS + 1 + cases]
        if len(chosen) <= EXPERTS + 1:
            raise AlntError(
                f"The head-and-neck CTs (openkbp_hn_ct) are not in '{data}'; say with --data where"
                " they are."
            )
        project = _project(out / f"project_{cases}", chosen)
        trained = [run for run in project.runs.all if run.checkpoint.exists()]
        run = trained[-1] if trained else project.runs.start("train", project.settings)
        dataset = Dataset(project, run.settings)
        student = Student.new(dataset)
        if trained:
            student.load(run)
        else:
            _train(student, dataset)
            student.save(run)
        return cls(project, run, dataset, student, {one.name: one.truth for one in chosen})

    def names(self) -> list[str]:
        """The cases to correct."""
        return [case.name for case in self.project.by_role("pool")]

    def true_classes(self, name: str) -> Masks:
        """The truth of a case as class indices (Z, Y, X)."""
        return self.dataset.classes_of(read_labels(self.truth[name]).voxels)

    def students(self, name: str) -> Masks:
        """The student's mask of a case (Z, Y, X)."""
        case = self.project.case(name)
        predictor = Evaluator(self.project, self.run, self.dataset, self.student).predictor
        return predictor.classes(self.dataset.image(case), case.shape)

    def propagated(
        self, name: str, draft: Masks, slices: Sequence[int], recipe: Recipe
    ) -> tuple[Masks, float]:
        """The proposal for a draft, and the seconds that it took."""
        self.project.drafts.save(name, self.dataset.labels_of(draft))
        propagator = Propagator(self.project, self.run, self.dataset, self.student, recipe)
        asked = Command("propagate", (name,), 0, tuple(slices))
        *_, last = propagator.events(asked, lambda _: True)
        if not isinstance(last, Propagated):
            raise AlntError(f"Nothing was proposed for case '{name}'.")
        mask = read_labels(self.project.folder / last.file).voxels
        return self.dataset.classes_of(mask), last.seconds


def _project(folder: Path, cases: Sequence[LabelledCase]) -> Project:
    if folder.exists():
        return Project.open(folder)
    # a project has a test case, which nobody asks for here
    marked, others = cases[: EXPERTS + 1], cases[EXPERTS + 1 :]
    experts = [CaseFiles(one.name, one.image, expert=one.truth) for one in marked]
    pool = [CaseFiles(one.name, one.image) for one in others]
    settings = Settings(
        window="soft_tissue", spacing=(4.0, 4.0, 4.0), patch=(32, 32, 32), device="cpu",
        loader_threads=0,
    )  # fmt: skip
    roles: dict[str, Any] = {one.name: "reference" for one in experts[1:]}
    roles[experts[0].name] = "test"
    labels = dict(enumerate(("stem", "cord", "right", "left", "mandible"), start=1))
    return Project.create(folder, [*experts, *pool], roles=roles, labels=labels, settings=settings)


def _train(student: Student, dataset: Dataset) -> None:
    """Let a student learn from the experts alone."""
    sampler = Sampler(dataset, Stream.EXPERTS, dataset.settings.expert_batch)
    experts = [dataset.expert(case) for case in dataset.project.by_role("reference")]
    for step in range(STEPS):
        student.set_learning_rate(learning_rate(dataset.settings, step / STEPS))
        batch = sampler.draw(experts, step).batch
        for _ in core.supervised(student.net, student.optimizer, [batch]):
            pass


# the slices ---------------------------------------------------------------------------------------


def evenly(truth: Masks, count: int) -> tuple[int, ...]:
    """``count`` axial slices, evenly spaced in the extent of the structures."""
    marked = np.flatnonzero((truth > 0).any((1, 2)))
    ends = np.linspace(marked[0], marked[-1], count + 2)[1:-1]
    return tuple(int(place) for place in np.unique(ends.round()))


def with_truth(mask: Masks, truth: Masks, slices: Sequence[int]) -> Masks:
    """The mask with the truth in some slices."""
    found = mask.copy()
    found[list(slices)] = truth[list(slices)]
    return found


def interpolated(draft: Masks, slices: Sequence[int], classes: int, mm: Sequence[float]) -> Masks:
    """The draft with shapes interpolated by linear signed distances between corrected slices.

    A structure that only one of two neighbouring corrected slices has, or that lies beyond the
    outermost, stays as it is in the draft.
    """
    found = draft.copy()
    for first, last in itertools.pairwise(slices):
        for k in range(first + 1, last):
            scores = [_between(draft == c, first, k, last, mm) for c in range(1, classes)]
            best = np.max(scores, 0)
            found[k] = np.where(best > 0, np.argmax(scores, 0) + 1, 0)
    return found


def _between(marked: Any, first: int, k: int, last: int, mm: Sequence[float]) -> Any:
    """Signed distances (mm) of one structure in slice ``k``, positive inside."""
    if not (marked[first].any() and marked[last].any()):
        return _signed(marked[k], mm)
    part = (k - first) / (last - first)
    return (1 - part) * _signed(marked[first], mm) + part * _signed(marked[last], mm)


def _signed(inside: Any, mm: Sequence[float]) -> Any:
    if not inside.any():
        return np.full(inside.shape, -np.inf)
    return distance_transform_edt(inside, mm) - distance_transform_edt(~inside, mm)


def score(mask: Masks, truth: Masks, slices: Sequence[int], classes: int) -> float:
    """Mean Dice of the structures over the slices that are not corrected."""
    left = np.setdiff1d(np.arange(len(truth)), slices)
    return core.mean_known(core.dice(mask[left], truth[left], classes))


# the rows -----------------------------------------------------------------------------------------


def measure(
    data: Path,
    out: Path,
    cases: int,
    counts: Sequence[int] = COUNTS,
    ways: dict[str, Recipe | None] = WAYS,
    say: Callable[[str], None] = print,
) -> list[Row]:
    """All rows, of which those that the folder has not are made; each is kept as it is made."""
    path = out / "propagation.jsonl"
    rows: list[Row] = []
    if path.exists():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    done = {(row["case"], row["corrected"], row["way"]) for row in rows}
    bench = Bench.of(data, out, cases)
    with bench.project:
        for name in bench.names():
            for row in _of_case(bench, name, counts, ways, done):
                rows.append(rounded(row))
                append(path, rows[-1:])
                say(json.dumps(rows[-1]))
    return rows


def _of_case(
    bench: Bench,
    name: str,
    counts: Sequence[int],
    ways: dict[str, Recipe | None],
    done: set[tuple[str, int, str]],
) -> Iterator[Row]:
    missing = [(n, way) for n in counts for way in ways if (name, n, way) not in done]
    if not missing:
        return
    truth, before = bench.true_classes(name), bench.students(name)
    classes, mm = bench.dataset.classes, bench.project.case(name).spacing[1:]
    for count, way in missing:
        slices = evenly(truth, count)
        draft = with_truth(before, truth, slices)
        seconds = 0.0
        if (recipe := ways[way]) is not None:
            found, seconds = bench.propagated(name, draft, slices, recipe)
        elif way == "interpolation":
            found = interpolated(draft, slices, classes, mm)
        else:
            found = draft
        yield {
            "case": name, "corrected": count, "way": way, "seconds": seconds,
            "dice": score(found, truth, slices, classes),
        }  # fmt: skip


def table(rows: Sequence[Row]) -> list[Row]:
    """Mean Dice of each way, and its gain over the student's mask with a 95 % interval, over the
    cases that have a row of every way.
    """
    found = []
    by_key = {(row["case"], row["corrected"], row["way"]): row["dice"] for row in rows}
    cases, ways = (list(dict.fromkeys(row[name] for row in rows)) for name in ("case", "way"))
    for count in sorted({row["corrected"] for row in rows}):
        whole = [c for c in cases if all((c, count, way) in by_key for way in ways)]
        for way in ways:
            dice = {c: by_key[c, count, way] for c in whole}
            gains = [(0, c, d - by_key[c, count, "student"]) for c, d in dice.items()]
            gain = paired(gains)
            found.append(
                {
                    "corrected": count,
                    "way": way,
                    "cases": len(dice),
                    "dice": mean_known(dice.values()),
                    "gain": gain.mean,
                    "low": gain.low,
                    "high": gain.high,
                    "worse": sum(one[2] < -0.005 for one in gains),
                }
            )
    return found
