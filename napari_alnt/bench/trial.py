"""One (set, noise, seed): its project, its teacher, and what the simulated radiologist knows of it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from napari_alnt.bench.minutes import Work, minutes
from napari_alnt.bench.planted import Array, Planned, plan, plant, wobble
from napari_alnt.bench.results import Results
from napari_alnt.bench.sets import UNKNOWN, BenchSet, TrueCase
from napari_alnt.data import (
    CaseFiles,
    Project,
    Role,
    Volume,
    mask_dice,
    read_labels,
    read_volume,
    write_labels,
    write_text,
)
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored, Event, Failed, Validated, from_line, to_line
from napari_alnt.session import Radiologist, Session
from napari_alnt.settings import Settings

Noise = Literal["planted", "natural"]
EXPERTS: tuple[Role, ...] = ("seed", "reference", "audit")
PLANTED_SHARE = 0.3
WRONG_DICE = 0.75
"""A planted mask is wrong enough from here down."""
NATURAL_SHARE = 0.2
"""Of natural noise, the share of lowest true Dice that counts as wrong."""


@dataclass(frozen=True)
class Known:
    """What only the simulation knows of a pool case: its damage, what correcting costs, and the true volume (ml)."""

    patient: str
    damage: str
    work: Work
    size_ml: float

    @classmethod
    def of(cls, values: dict[str, Any]) -> Known:
        """From the plain values of :meth:`plain`."""
        work = Work(**{item.name: values[item.name] for item in dataclasses.fields(Work)})
        return cls(values["patient"], values["damage"], work, values["size_ml"])

    def plain(self) -> dict[str, Any]:
        """All of it side by side, for JSON."""
        return {
            "patient": self.patient,
            "damage": self.damage,
            "size_ml": self.size_ml,
            **dataclasses.asdict(self.work),
        }


@dataclass
class Trial:
    """The project of one set, noise and seed below ``folder``; each configuration works on a copy of it."""

    bench_set: BenchSet
    noise: Noise
    seed: int
    folder: Path
    stopped: Callable[[], bool] = lambda: False

    @property
    def key(self) -> dict[str, object]:
        """What names the trial in a row."""
        return {"set": self.bench_set.name, "noise": self.noise, "seed": self.seed}

    @cached_property
    def roles(self) -> dict[str, tuple[TrueCase, ...]]:
        """Who plays which role."""
        return self.bench_set.draw(self.seed)

    @cached_property
    def truth(self) -> dict[str, Path]:
        """The true mask of every pool case."""
        return {case.name: case.truth for case in self.roles["pool"]}

    @cached_property
    def patients(self) -> dict[str, str]:
        """The patient of every case of the set."""
        return {case.name: case.patient for case in self.bench_set.cases}

    @property
    def settings(self) -> Settings:
        """The set's settings with this trial's seed."""
        return dataclasses.replace(self.bench_set.settings, seed=self.seed)

    @property
    def base(self) -> Path:
        """The project with its teacher's masks, before any student."""
        return self.folder / "base"

    @property
    def student(self) -> Path:
        """The project after the default training, where the loops begin."""
        return self.folder / "student_default"

    def follow(self, events: Iterator[Event], hear: Callable[[Event], None] = lambda event: None) -> None:
        """Hear a job to its end, or until the whole benchmark is stopped.

        Raises
        ------
        AlntError
            If the job failed.
        KeyboardInterrupt
            If it was stopped; the session that runs the job ends it.
        """
        for event in events:
            hear(event)
            if isinstance(event, Failed):
                raise AlntError(f"{event.message} {event.detail[-2000:]}")
            if self.stopped():
                raise KeyboardInterrupt

    def lacks(self, results: Results, part: str, names: Iterable[str]) -> list[str]:
        """The configurations of a part that have no row yet."""
        has = [row["configuration"] for row in results.where(part=part, **self.key)]
        return [name for name in names if name not in has]

    def tidy(self) -> None:
        """Remove the projects; the scores and what is known of the cases stay."""
        (self.folder / "ready").unlink(missing_ok=True)
        for name in ("base", "planted", "student_default", "student_paper"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def prepare(self) -> None:
        """Make the project and its teacher's masks, unless they are there."""
        if (self.folder / "ready").exists():
            return
        self.tidy()
        self.folder.mkdir(parents=True, exist_ok=True)
        teacher, damages = self._given_teacher()
        self._create(teacher)
        if not teacher:
            self._teach()
        with Project.open(self.base, write=False) as project:
            known = {case.name: self._known(project, case.name, damages) for case in project.by_role("pool")}
        write_text(self.folder / "known.json", json.dumps({name: one.plain() for name, one in known.items()}))
        (self.folder / "ready").touch()

    def copy(self, source: Path, name: str) -> Path:
        """A copy of a project for one configuration to work in."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lock"))
        return target

    @cached_property
    def known(self) -> dict[str, Known]:
        """The simulation's knowledge of every pool case, by name."""
        return {name: Known.of(values) for name, values in json.loads((self.folder / "known.json").read_text()).items()}

    def scores(self, student: str) -> dict[str, list[CaseScored]]:
        """The kept scores of a student's rankings, by case, oldest first."""
        found: dict[str, list[CaseScored]] = defaultdict(list)
        for line in (self.folder / f"scores_{student}.jsonl").read_text().splitlines():
            score = from_line(line)
            found[score.case].append(score)
        return found

    def keep_scores(self, student: str, scores: Mapping[str, list[CaseScored]]) -> None:
        """Write down every score, for rankings that nobody has thought of yet."""
        lines = [to_line(score) + "\n" for case in sorted(scores) for score in scores[case]]
        write_text(self.folder / f"scores_{student}.jsonl", "".join(lines))

    def wrong(self) -> dict[str, bool]:
        """Which pool masks are wrong: the damaged ones, or the fifth of lowest true Dice."""
        if self.noise == "planted":
            return {name: known.damage != "none" for name, known in self.known.items()}
        dice = {name: known.work.dice for name, known in self.known.items()}
        order = sorted(dice, key=lambda name: (np.nan_to_num(dice[name], nan=1.0), name))
        worst = set(order[: max(1, round(NATURAL_SHARE * len(order)))])
        return {name: name in worst for name in dice}

    def threshold(self) -> float:
        """The Dice below which a mask counts as wrong: half-way between the best wrong one and the worst right one."""
        wrong = self.wrong()
        dice = {name: float(np.nan_to_num(known.work.dice, nan=1.0)) for name, known in self.known.items()}
        best = max((dice[name] for name in wrong if wrong[name]), default=0.0)
        worst = min((dice[name] for name in wrong if not wrong[name] and dice[name] > best), default=1.0)
        return round((best + worst) / 2, 4)

    def _known(self, project: Project, name: str, damages: dict[str, str]) -> Known:
        truth = read_labels(self.truth[name])
        teacher = project.teacher(project.case(name))
        assert teacher is not None
        work = minutes(teacher.voxels, truth.voxels, truth.spacing, unknown=UNKNOWN)
        size = float((truth.voxels > 0).sum() * np.prod(truth.spacing) / 1000)
        return Known(self.patients[name], damages.get(name, "none"), work, size)

    def _create(self, teacher: dict[str, Path]) -> None:
        roles = self.roles
        pool = [CaseFiles(c.name, c.image, teacher.get(c.name), None, c.patient) for c in roles["pool"]]
        given: dict[str, Role] = {c.name: role for role in EXPERTS for c in roles[role]}
        experts = [CaseFiles(c.name, c.image, None, c.truth, c.patient) for role in EXPERTS for c in roles[role]]
        files = sorted([*experts, *pool], key=lambda case: case.name)
        labels = self.bench_set.labels
        Project.create(self.base, files, roles=given, labels=labels, settings=self.settings).close()

    def _given_teacher(self) -> tuple[dict[str, Path], dict[str, str]]:
        """The masks that need no training: planted, or the set's real teacher's; and the damage of each case."""
        if self.noise == "planted":
            return self._plant()
        return {case.name: case.teacher for case in self.roles["pool"] if case.teacher}, {}

    def _plant(self) -> tuple[dict[str, Path], dict[str, str]]:
        folder = self.folder / "planted"
        folder.mkdir()
        rng = np.random.default_rng([self.seed, 23])
        masks = {case.name: read_labels(case.truth) for case in self.roles["pool"]}
        planned = plan(
            [name for name, mask in masks.items() if mask.voxels.any()], PLANTED_SHARE, self.bench_set.kinds, rng
        )
        damages: dict[str, str] = {}
        for number, case in enumerate(self.roles["pool"]):
            mask, damages[case.name] = self._damaged(case, masks[case.name], planned.get(case.name), number)
            write_labels(folder / f"{case.name}.nii.gz", mask, masks[case.name].grid)
        return {name: folder / f"{name}.nii.gz" for name in damages}, damages

    def _damaged(self, case: TrueCase, truth: Volume, planned: Planned | None, number: int) -> tuple[Array, str]:
        """The case's planted mask and its damage; where the planned kind cannot make it wrong, another does."""
        steady = wobble(truth.voxels, truth.spacing, np.random.default_rng([self.seed, 29, number]))
        if planned is None or planned.kind == "none":
            return steady, "none"
        image = read_volume(case.image).voxels
        for kind in (planned.kind, *(kind for kind in self.bench_set.kinds if kind != planned.kind)):
            mask = plant(steady, image, truth.spacing, kind, np.random.default_rng(planned.seed))
            if mask_dice(mask, truth.voxels) <= WRONG_DICE:
                return mask, kind
        return steady, "none"

    def _teach(self) -> None:
        with Session.open(self.base) as session:
            self.follow(session.teach())


@dataclass
class Heard:
    """What a job has said that the benchmark needs: the scores of each ranking and the audit."""

    scores: dict[str, list[CaseScored]] = dataclasses.field(default_factory=lambda: defaultdict(list))
    audits: list[Validated] = dataclasses.field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if isinstance(event, CaseScored):
            self.scores[event.case].append(event)
        if isinstance(event, Validated):
            self.audits.append(event)


def correct(session: Session, trial: Trial, case: str) -> float:
    """Accept the true mask of a case as the simulated radiologist; the minutes it cost."""
    Radiologist(trial.truth).correct(session, case)
    return trial.known[case].work.minutes
