"""One (dataset, noise, seed): its project, its teacher, and what is kept of it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.corruption import write_corrupted
from benchmark.datasets import IGNORE_LABEL, BenchmarkDataset, LabelledCase
from benchmark.results import Results
from benchmark.truth import CaseTruth, Noise, wrong_below, wrong_masks
from napari_alnt.codec import from_line, to_line
from napari_alnt.data import CaseFiles, Project, Role, read_labels, write_text
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored, Event, Failed, Tested
from napari_alnt.session import Session
from napari_alnt.settings import Settings
from napari_alnt.simulation import CLEAN, Radiologist, cost_of_correction

EXPERTS: tuple[Role, ...] = ("teacher_training", "reference", "test")


@dataclass
class EventLog:
    """What a job has told: the scores of each ranking, and the results on the test set."""

    scores: dict[str, list[CaseScored]] = dataclasses.field(
        default_factory=lambda: defaultdict(list)
    )
    tested: list[Tested] = dataclasses.field(default_factory=list)

    def __call__(self, event: Event) -> None:
        """Note an event."""
        if isinstance(event, CaseScored):
            self.scores[event.case].append(event)
        if isinstance(event, Tested):
            self.tested.append(event)


@dataclass
class Trial:
    """The project of one dataset, noise and seed below ``folder``.

    Each configuration works on a copy of it. ``stopped`` tells whether the whole study is to
    end.
    """

    dataset: BenchmarkDataset
    noise: Noise
    seed: int
    folder: Path
    stopped: Callable[[], bool] = lambda: False

    @property
    def key(self) -> dict[str, object]:
        """What names the trial in a row."""
        return {"dataset": self.dataset.name, "noise": self.noise, "seed": self.seed}

    @property
    def settings(self) -> Settings:
        """The dataset's settings with this trial's seed."""
        return dataclasses.replace(self.dataset.settings, seed=self.seed)

    @property
    def base(self) -> Path:
        """The project with its teacher's masks, before any student."""
        return self.folder / "base"

    @property
    def student(self) -> Path:
        """The project after the default training, where the loops begin."""
        return self.folder / "student_default"

    @cached_property
    def roles(self) -> dict[str, tuple[LabelledCase, ...]]:
        """Who plays which role."""
        return self.dataset.draw(self.seed)

    @cached_property
    def truth(self) -> dict[str, CaseTruth]:
        """The simulation's knowledge of every pool case, by name."""
        known = json.loads((self.folder / "truth.json").read_text(encoding="utf-8"))
        return {name: CaseTruth.from_dict(values) for name, values in known.items()}

    # the project ----------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the project and its teacher's masks, unless they are there."""
        if (self.folder / "ready").exists():
            return
        self.clean_up()
        self.folder.mkdir(parents=True, exist_ok=True)
        teacher: dict[str, Path] = {}
        corruptions: dict[str, str] = {}
        if self.noise == "planted":
            masks = write_corrupted(
                self.roles["pool"], self.dataset.corruptions, self.seed, self.folder / "planted"
            )
            teacher = {name: mask.file for name, mask in masks.items()}
            corruptions = {name: mask.corruption for name, mask in masks.items()}
        else:
            teacher = {case.name: case.teacher for case in self.roles["pool"] if case.teacher}
        self._create(teacher)
        # natural noise of a dataset without a published teacher: the project trains one
        if not teacher:
            self._teach()
        self._write_truth(corruptions)
        (self.folder / "ready").touch()  # last, so that an interrupted trial is prepared again

    def copy(self, source: Path, name: str) -> Path:
        """A copy of a project for one configuration to work in."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        # a lock is its owner's; the copy is nobody's yet
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lock"))
        return target

    def clean_up(self) -> None:
        """Remove the projects; the scores and the truth of the cases stay."""
        (self.folder / "ready").unlink(missing_ok=True)
        for name in ("base", "planted", "student_default", "student_paper"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def follow(self, events: Iterator[Event], hear: Callable[[Event], None] | None = None) -> None:
        """Hear a job to its end, or until the whole benchmark is stopped.

        Raises
        ------
        AlntError
            If the job failed.
        KeyboardInterrupt
            If it was stopped; the session that runs the job ends it.
        """
        for event in events:
            if hear is not None:
                hear(event)
            if isinstance(event, Failed):
                raise AlntError(f"{event.message} {event.detail[-2000:]}")
            if self.stopped():
                raise KeyboardInterrupt

    def correct(self, session: Session, case: str) -> float:
        """Accept the true mask of a case as the simulated radiologist; the minutes it cost."""
        files = {case.name: case.truth for case in self.roles["pool"]}
        Radiologist(files).correct(session, case)
        return self.truth[case].cost.minutes

    def _create(self, teacher: dict[str, Path]) -> None:
        pool = [
            CaseFiles(case.name, case.image, teacher.get(case.name), None, case.patient)
            for case in self.roles["pool"]
        ]
        experts = [
            CaseFiles(case.name, case.image, None, case.truth, case.patient)
            for role in EXPERTS
            for case in self.roles[role]
        ]
        roles = {case.name: role for role in EXPERTS for case in self.roles[role]}
        # by name, so that a case's number does not give its role away
        files = sorted([*experts, *pool], key=lambda case: case.name)
        Project.create(
            self.base, files, roles=roles, labels=self.dataset.labels, settings=self.settings
        ).close()

    def _teach(self) -> None:
        with Session.open(self.base) as session:
            self.follow(session.teach())

    def _write_truth(self, corruptions: dict[str, str]) -> None:
        known: dict[str, Any] = {}
        with Project.open(self.base, write=False) as project:
            for case in self.roles["pool"]:
                corruption = corruptions.get(case.name, CLEAN)
                known[case.name] = self._truth_of(project, case, corruption).to_dict()
        write_text(self.folder / "truth.json", json.dumps(known))

    def _truth_of(self, project: Project, case: LabelledCase, corruption: str) -> CaseTruth:
        truth = read_labels(case.truth)
        teacher = project.teacher(project.case(case.name))
        assert teacher is not None
        cost = cost_of_correction(
            teacher.voxels, truth.voxels, truth.spacing, ignore_label=IGNORE_LABEL
        )
        size = np.count_nonzero(truth.voxels) * np.prod(truth.spacing) / 1000
        return CaseTruth(case.patient, corruption, cost, float(size))

    # what is kept of it ---------------------------------------------------------------------------

    def missing(self, results: Results, part: str, names: Iterable[str]) -> list[str]:
        """The configurations of a part that have no row yet."""
        there = [row["configuration"] for row in results.where(part=part, **self.key)]
        return [name for name in names if name not in there]

    def has_scores(self, student: str) -> bool:
        """Whether the scores of a student's rankings are kept."""
        return self._scores(student).exists()

    def read_scores(self, student: str) -> dict[str, list[CaseScored]]:
        """The kept scores of a student's rankings, by case, oldest first."""
        scores: dict[str, list[CaseScored]] = defaultdict(list)
        for line in self._scores(student).read_text(encoding="utf-8").splitlines():
            score = from_line(line)
            scores[score.case].append(score)
        return scores

    def write_scores(self, student: str, scores: Mapping[str, list[CaseScored]]) -> None:
        """Keep every score, for rankings that nobody has thought of yet."""
        lines = [to_line(score) + "\n" for case in sorted(scores) for score in scores[case]]
        write_text(self._scores(student), "".join(lines))

    def _scores(self, student: str) -> Path:
        return self.folder / f"scores_{student}.jsonl"

    def wrong(self) -> dict[str, bool]:
        """Which pool masks are wrong."""
        return wrong_masks(self.truth, self.noise)

    def threshold(self) -> float:
        """The Dice below which a mask counts as wrong."""
        return wrong_below(self.truth, self.wrong())
