"""The whole loop on real CT, by the public API or by the command line.

    python tests/real_loop.py head_and_neck OUT [--data ../shared/data] [--cli] [--quick]
    python tests/real_loop.py covid OUT

Stages: new, teach (or import), train, rank, four accepted corrections with the true masks, train
on. After each the audit Dice is printed and written to ``OUT/stages.json``.
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

from napari_alnt.data import Project, from_patterns
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
}
QUICK |= {"batch": 2, "expert_batch": 2, "score_patches": 2, "prepare": 1, "threads": 2}


@dataclass(frozen=True)
class Task:
    """A set of real CTs: which cases have an expert mask, which are the pool, and how a student
    learns them.
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
    """12 expert cases (4 seed, 4 reference, 4 audit) and 40 in the pool; the teacher is trained on
    the seeds.
    """
    source = data / "openkbp_hn_ct"
    names = sorted(
        path.name.removesuffix(".nii.gz") for path in (source / "images").glob("*.nii.gz")
    )
    settings = Settings(
        window="soft_tissue",
        epochs=12,
        validate_every=6,
        rank_every=6,
        teacher_steps=300,
        learning_rate=3e-3,
        prepare=1,
    )
    labels = dict(
        enumerate(("brainstem", "cord", "right parotid", "left parotid", "mandible"), start=1)
    )
    roles = {"seed_cases": 4, "reference": 4, "audit": 4}
    return Task(source, tuple(names[:12]), tuple(names[12:52]), roles, settings, labels)


def covid(data: Path) -> Task:
    """Real COVID-19 CT with the masks of a published teacher: 5 expert cases (3 reference, 2
    audit), 6 in the pool.
    """
    source = data / "covid_ct_seg20" / "full128"
    experts = (
        "coronacases_001",
        "coronacases_003",
        "coronacases_005",
        "radiopaedia_27_86410_0",
        "radiopaedia_7_85703_0",
    )
    names = sorted(
        path.name.removesuffix(".nii.gz") for path in (source / "images").glob("*.nii.gz")
    )
    settings = Settings(
        window="lung",
        spacing=(3.0, 3.0, 3.0),
        epochs=16,
        validate_every=4,
        rank_every=8,
        learning_rate=3e-3,
        prepare=1,
    )
    pool = tuple(name for name in names if name not in experts)
    patient = r"coronacases_\d+|radiopaedia_\d+_\d+"
    return Task(
        source,
        experts,
        pool,
        {"reference": 3, "audit": 2},
        settings,
        {1: "infection"},
        True,
        patient,
    )


TASKS: dict[str, Callable[[Path], Task]] = {"head_and_neck": head_and_neck, "covid": covid}


def lay_out(task: Task, folder: Path) -> dict[str, Path]:
    """Links to the images, the experts' masks and the teacher's, as a user would have them; true
    masks by case.
    """
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
        self.task, self.folder, self.truth, self.project = task, folder, truth, folder / "project"

    def new(self) -> None:
        rules = [str(self.folder / kind / "{case}.nii.gz") for kind in ("gold", "auto")]
        rules[1] = rules[1] if self.task.taught else ""
        cases = from_patterns(
            str(self.folder / "images"), rules[0], rules[1] or None, self.task.patient
        )
        Project.create(
            self.project,
            cases,
            labels=self.task.labels,
            settings=self.task.settings,
            **self.task.roles,
        ).close()

    def teach(self) -> None:
        self._run("teach")

    def train(self) -> None:
        self._run("train")

    def rank(self) -> list[str]:
        self._run("rank")
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

    def _run(self, job: str) -> None:
        with Session.open(self.project) as session:
            for event in getattr(session, job)():
                last = event
            if type(last).__name__ != "Finished":
                raise SystemExit(getattr(last, "message", "the run did not finish"))


class ByCommands(ByApi):
    """The same by the command line alone."""

    def new(self) -> None:
        words = [
            "--images",
            str(self.folder / "images"),
            "--expert",
            str(self.folder / "gold" / "{case}.nii.gz"),
        ]
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

    def _run(self, job: str) -> None:
        self._command(job)

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
    """The stages with their audit Dice and seconds."""
    loop = by(task, folder, lay_out(task, folder))
    stages: list[dict[str, object]] = []

    def note(stage: str, start: float) -> None:
        with Session.open(loop.project, write=False) as session:
            seen = session.validations()
            dice = seen[-1].dice if seen else session.teacher_dice()
            hd95 = seen[-1].hd95 if seen else float("nan")
        stages.append(
            {
                "stage": stage,
                "dice": dice,
                "hd95_mm": hd95,
                "seconds": round(time.monotonic() - start),
            }
        )
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
