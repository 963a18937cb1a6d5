"""The whole loop on real CT, by the public API or by the command line.

    python tests/real_loop.py head_and_neck OUT [--data ../shared/data] [--cli] [--quick]
    python tests/real_loop.py covid OUT

Stages: new, teach (or import), train, rank, four accepted corrections with the true masks, train
on. After each stage the test Dice is printed and written to ``OUT/stages.json``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from napari_alnt.data import Patterns, Project
from napari_alnt.events import Event, Failed, Finished
from napari_alnt.session import Session
from napari_alnt.settings import Settings
from napari_alnt.simulation import Radiologist

DATA = Path(__file__).parents[2] / "shared" / "data"
QUICK = {
    "patch": (32, 32, 32),
    "spacing": (6.0, 6.0, 6.0),
    "epochs": 1,
    "steps_per_epoch": 2,
    "teacher_steps": 3,
    "batch": 2,
    "expert_batch": 2,
    "score_patches": 2,
    "prefetch_cases": 1,
    "threads": 2,
}
"""Settings of a student that hardly learns."""


@dataclass(frozen=True)
class Task:
    """Real CTs: which cases have an expert mask, which are the pool, and how a student learns them.

    Attributes
    ----------
    source : folder of the images and masks
    experts, pool : names of the cases with an expert mask, and of those without one
    roles : how many of the experts get each role
    settings, labels : those of the project
    taught : whether there are teacher masks; else a teacher is trained
    patient : regular expression of the patient in a case's name
    """

    source: Path
    experts: tuple[str, ...]
    pool: tuple[str, ...]
    roles: dict[str, int]
    settings: Settings
    labels: dict[int, str]
    taught: bool = False
    patient: str | None = None


def head_and_neck(data: Path) -> Task:
    """12 expert cases, 4 of each role, and 40 in the pool; the teacher is trained on its own 4."""
    source = data / "openkbp_hn_ct"
    names = case_names(source)
    settings = Settings(
        window="soft_tissue",
        epochs=12,
        test_every=6,
        rank_every=6,
        teacher_steps=300,
        learning_rate=3e-3,
        prefetch_cases=1,
    )
    structures = ("brainstem", "cord", "right parotid", "left parotid", "mandible")
    labels = dict(enumerate(structures, start=1))
    roles = {"teacher_training": 4, "reference": 4, "test": 4}
    return Task(source, tuple(names[:12]), tuple(names[12:52]), roles, settings, labels)


def covid(data: Path) -> Task:
    """COVID-19 CT with a published teacher's masks: 3 reference, 2 test, 6 in the pool."""
    source = data / "covid_ct_seg20" / "full128"
    experts = (
        "coronacases_001",
        "coronacases_003",
        "coronacases_005",
        "radiopaedia_27_86410_0",
        "radiopaedia_7_85703_0",
    )
    settings = Settings(
        window="lung",
        spacing=(3.0, 3.0, 3.0),
        epochs=16,
        test_every=4,
        rank_every=8,
        learning_rate=3e-3,
        prefetch_cases=1,
    )
    pool = tuple(name for name in case_names(source) if name not in experts)
    roles = {"reference": 3, "test": 2}
    patient = r"coronacases_\d+|radiopaedia_\d+_\d+"
    return Task(source, experts, pool, roles, settings, {1: "infection"}, True, patient)


def case_names(source: Path) -> list[str]:
    """The cases of a folder of real data."""
    images = (source / "images").glob("*.nii.gz")
    return sorted(path.name.removesuffix(".nii.gz") for path in images)


TASKS: dict[str, Callable[[Path], Task]] = {"head_and_neck": head_and_neck, "covid": covid}


def lay_out(task: Task, folder: Path) -> dict[str, Path]:
    """Link the images and masks as a user would have them; returns the true masks of the pool."""
    labels = task.source / ("expert" if task.taught else "labels")
    for kind in ("images", "gold", "auto"):
        (folder / kind).mkdir(parents=True)
    for name in (*task.experts, *task.pool):
        link(task.source / "images", folder / "images", name)
        if name in task.experts:
            link(labels, folder / "gold", name)
        elif task.taught:
            link(task.source / "teacher", folder / "auto", name)
    truth = {name: labels / f"{name}.nii.gz" for name in task.pool}
    return {name: path for name, path in truth.items() if path.exists()}


def link(source: Path, folder: Path, name: str) -> None:
    (folder / f"{name}.nii.gz").symlink_to((source / f"{name}.nii.gz").resolve())


class ByApi:
    """The loop from a script, with nothing but the public API."""

    def __init__(self, task: Task, folder: Path, truth: dict[str, Path]) -> None:
        self.task = task
        self.folder = folder
        self.truth = truth
        self.project = folder / "project"

    def new(self) -> None:
        expert = str(self.folder / "gold" / "{case}.nii.gz")
        teacher = str(self.folder / "auto" / "{case}.nii.gz") if self.task.taught else None
        images = str(self.folder / "images")
        cases = Patterns(images, expert, teacher, self.task.patient).cases()
        Project.create(
            self.project,
            cases,
            labels=self.task.labels,
            settings=self.task.settings,
            **self.task.roles,
        ).close()

    def teach(self) -> None:
        self._follow(Session.teach)

    def train(self) -> None:
        self._follow(Session.train)

    def rank(self) -> list[str]:
        self._follow(Session.rank)
        return self.queue()

    def queue(self) -> list[str]:
        with Session.open(self.project, write=False) as session:
            return [
                row.case
                for row in session.queue()
                if row.case in self.truth and row.status != "accepted"
            ]

    def accept(self, case: str) -> None:
        with Session.open(self.project) as session:
            Radiologist(self.truth).correct(session, case)

    def _follow(self, job: Callable[[Session], Iterable[Event]]) -> None:
        with Session.open(self.project) as session:
            last = list(job(session))[-1]
        if isinstance(last, Failed):
            raise SystemExit(last.message)
        assert isinstance(last, Finished)


class ByCommands(ByApi):
    """The same by the command line alone."""

    def new(self) -> None:
        words = ["--images", str(self.folder / "images")]
        words += ["--expert", str(self.folder / "gold" / "{case}.nii.gz")]
        if self.task.taught:
            words += ["--teacher", str(self.folder / "auto" / "{case}.nii.gz")]
        if self.task.patient:
            words += ["--patient", self.task.patient]
        for name, value in self.task.roles.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        words += ["--labels", *(f"{value}={name}" for value, name in self.task.labels.items())]
        self._command("new", *words, *options(self.task.settings))

    def accept(self, case: str) -> None:
        self._command("accept", case, str(self.truth[case]))

    def _follow(self, job: Callable[[Session], Iterable[Event]]) -> None:
        self._command(job.__name__)

    def _command(self, name: str, *words: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "napari_alnt", name, str(self.project), *words], check=True
        )


def options(settings: Settings) -> list[str]:
    """The settings that are not the default, as options."""
    words = []
    for name, value in settings.to_dict().items():
        if value != getattr(Settings(), name):
            parts: Iterable[object] = value if isinstance(value, tuple) else (value,)
            words += [f"--{name.replace('_', '-')}", *map(str, parts)]
    return words


def run(
    task: Task, folder: Path, by: type[ByApi] = ByApi, corrections: int = 4
) -> list[dict[str, object]]:
    """The stages with their test Dice and seconds."""
    loop = by(task, folder, lay_out(task, folder))
    stages: list[dict[str, object]] = []

    def note(stage: str, start: float) -> None:
        with Session.open(loop.project, write=False) as session:
            results = session.test_results()
            dice = results[-1].dice if results else session.teacher_dice()
            hd95 = results[-1].hd95 if results else float("nan")
        seconds = round(time.monotonic() - start)
        stages.append({"stage": stage, "dice": dice, "hd95_mm": hd95, "seconds": seconds})
        (folder / "stages.json").write_text(json.dumps(stages, indent=1) + "\n")
        print(stages[-1], flush=True)

    loop.new()
    start = time.monotonic()
    if not task.taught:
        loop.teach()
        note("teach", start)
    start = time.monotonic()
    loop.train()
    note("train", start)
    start = time.monotonic()
    top = loop.rank()[:corrections]
    for case in top:
        loop.accept(case)
    note(f"rank, accept {' '.join(top)}", start)
    start = time.monotonic()
    loop.train()
    note("train on", start)
    return stages


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cli", action="store_true")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    task = TASKS[given.task](given.data)
    run(quick(task) if given.quick else task, given.out, ByCommands if given.cli else ByApi)


def quick(task: Task) -> Task:
    """The same stages with a student that hardly learns."""
    settings = Settings.from_dict(QUICK, base=task.settings)
    return Task(**{**vars(task), "settings": settings})


if __name__ == "__main__":
    main()
