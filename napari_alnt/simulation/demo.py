"""The demo project: synthetic chest CTs whose teacher masks are wrong in known ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_alnt.data import Project, Shape
from napari_alnt.events import NAN, Event, RankingDone, Tested
from napari_alnt.session import QueueRow, Session
from napari_alnt.settings import Settings
from napari_alnt.simulation.label_noise import CLEAN
from napari_alnt.simulation.phantom import LABELS, write_phantoms
from napari_alnt.simulation.radiologist import Radiologist

SETTINGS = Settings(
    window="lung",
    spacing=(4.5, 4.5, 4.5),
    patch=(32, 32, 32),
    learning_rate=5e-3,
    epochs=24,
    steps_per_epoch=20,
    test_every=4,
    rank_every=4,
    score_patches=12,
)
DEMO_PROJECT = "synthetic"
"""Name of the project inside the demo's folder."""
REFERENCE = 3
TEST = 2
CORRUPTED = 5
"""Numbers of cases."""


@dataclass(frozen=True)
class Demo:
    """The demo's project, with what only a simulation may know.

    Attributes
    ----------
    folder : the project folder
    truth : the true mask of every case
    corruption : what is wrong with the teacher mask of every pool case
    """

    folder: Path
    truth: dict[str, Path]
    corruption: dict[str, str]

    @property
    def corrupted(self) -> tuple[str, ...]:
        """The pool cases whose teacher mask is corrupted."""
        return tuple(name for name, kind in self.corruption.items() if kind != CLEAN)


def make_demo(
    folder: Path | str, cases: int = 16, settings: Settings = SETTINGS, shape: Shape = (80, 96, 112)
) -> Demo:
    """Write the synthetic CTs and make a project of them; about 20 s for 16 cases.

    Five cases with clean teacher masks have an expert mask (3 reference, 2 test); the others are
    the pool.
    """
    folder = Path(folder)
    phantoms = write_phantoms(
        folder / "data", cases=cases, shape=shape, seed=settings.seed, corrupted=CORRUPTED
    )
    # an expert's image with a wrong teacher mask would leave fewer of them to be found
    clean = [phantom.name for phantom in phantoms if phantom.corruption == CLEAN]
    experts = clean[: REFERENCE + TEST]
    files = [phantom.files(expert=phantom.name in experts) for phantom in phantoms]
    project = folder / DEMO_PROJECT
    Project.create(
        project, files, reference=REFERENCE, test=TEST, labels=LABELS, settings=settings
    ).close()
    truth = {phantom.name: phantom.truth for phantom in phantoms}
    pool = [phantom for phantom in phantoms if phantom.name not in experts]
    return Demo(project, truth, {phantom.name: phantom.corruption for phantom in pool})


@dataclass
class Corrections:
    """A simulated radiologist who corrects the queue's top cases when a ranking arrives, while
    training goes on.

    Attributes
    ----------
    session, demo : whose queue, and whose truth
    count : how many cases are corrected
    before, after : Dice on the held-out test cases before the corrections and at the end
    picked : the corrected rows of the queue, as they were ranked
    """

    session: Session
    demo: Demo
    count: int = 4
    before: float = NAN
    after: float = NAN
    picked: tuple[QueueRow, ...] = ()

    def watch(self, events: Iterator[Event]) -> Iterator[Event]:
        """Pass events on; correct once, after the first ranking from the middle of the run on."""
        radiologist = Radiologist(self.demo.truth)
        middle = self.session.project.settings.epochs // 2
        for event in events:
            yield event
            if isinstance(event, Tested):
                self.after = event.dice
            if isinstance(event, RankingDone) and event.epoch >= middle and not self.picked:
                self.before = self.after
                self.picked = self.session.queue()[: self.count]
                for row in self.picked:
                    radiologist.correct(self.session, row.case)

    @property
    def corrupted(self) -> int:
        """How many of the corrected cases had a corrupted teacher mask."""
        return sum(row.case in self.demo.corrupted for row in self.picked)
