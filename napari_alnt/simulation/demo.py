"""The demo project: synthetic chest CTs whose teacher masks are wrong in known ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_alnt.data import Project
from napari_alnt.events import Event, RankingDone, Validated
from napari_alnt.session.session import QueueRow, Session
from napari_alnt.settings import Settings
from napari_alnt.simulation.phantom import write_phantoms
from napari_alnt.simulation.radiologist import Radiologist

SETTINGS = Settings(
    window="lung",
    spacing=(4.5, 4.5, 4.5),
    patch=(32, 32, 32),
    learning_rate=5e-3,
    epochs=24,
    steps_per_epoch=20,
    validate_every=4,
    rank_every=4,
    score_patches=12,
)
DEMO_PROJECT = "synthetic"
"""Name of the project inside the demo's folder."""
REFERENCE, AUDIT, DAMAGED = 3, 2, 5
SOUND = "none"
"""The damage of a mask that is right."""
LABELS = {1: "ground glass", 2: "consolidation"}


@dataclass(frozen=True)
class Demo:
    """The demo's project folder, with what only a simulation may know: true masks, and each pool
    mask's damage.
    """

    folder: Path
    truth: dict[str, Path]
    damage: dict[str, str]


def make_demo(
    folder: Path | str,
    cases: int = 16,
    settings: Settings = SETTINGS,
    shape: tuple[int, int, int] = (80, 96, 112),
) -> Demo:
    """Write the synthetic CTs and make a project of them; about 15 s for 16 cases.

    Five cases with sound teacher masks have an expert mask (3 reference, 2 audit); the others are
    the pool.
    """
    folder = Path(folder)
    phantoms = write_phantoms(
        folder / "data", cases=cases, shape=shape, seed=settings.seed, damaged=DAMAGED
    )
    sound = [phantom for phantom in phantoms if phantom.damage == SOUND]
    experts = {phantom.name for phantom in sound[: REFERENCE + AUDIT]}
    files = [phantom.files(expert=phantom.name in experts) for phantom in phantoms]
    project = folder / DEMO_PROJECT
    Project.create(
        project, files, reference=REFERENCE, audit=AUDIT, labels=LABELS, settings=settings
    ).close()
    pool = [phantom for phantom in phantoms if phantom.name not in experts]
    return Demo(project, {p.name: p.truth for p in phantoms}, {p.name: p.damage for p in pool})


@dataclass
class Corrections:
    """A simulated radiologist who corrects the queue's top cases when a ranking arrives, while
    training goes on.
    """

    session: Session
    demo: Demo
    count: int = 4
    before: float = float("nan")
    after: float = float("nan")
    picked: tuple[QueueRow, ...] = ()

    def watch(self, events: Iterator[Event]) -> Iterator[Event]:
        """Pass events on; correct once, after the ranking nearest to the middle of the run."""
        radiologist = Radiologist(self.demo.truth)
        middle = self.session.project.settings.epochs // 2
        for event in events:
            yield event
            if isinstance(event, Validated):
                self.after = event.dice
            if isinstance(event, RankingDone) and event.epoch >= middle and not self.picked:
                self.before = self.after
                self.picked = self.session.queue()[: self.count]
                for row in self.picked:
                    radiologist.correct(self.session, row.case)

    @property
    def damaged(self) -> int:
        """How many of the corrected cases had a damaged teacher mask."""
        return sum(self.demo.damage[row.case] != SOUND for row in self.picked)

    def to_json(self) -> str:
        """The result as plain values."""
        picked = [{"case": row.case, "damage": self.demo.damage[row.case]} for row in self.picked]
        return json.dumps({"dice_before": self.before, "dice_after": self.after, "picked": picked})
