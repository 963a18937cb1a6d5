"""The commands on a project: teach, train, rank, predict, accept, status."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from napari_alnt import ranking
from napari_alnt.cli.options import Flag, Form, SettingsForm, settings_of
from napari_alnt.cli.tables import print_noise, print_queue, print_roles, print_runs, print_tests
from napari_alnt.cli.terminal import Terminal
from napari_alnt.data import LabelVersion, mask_notices
from napari_alnt.errors import AlntError
from napari_alnt.events import Event
from napari_alnt.session import Session, by_command, by_folder
from napari_alnt.session.queue import HEADINGS

BY = f"Ranking to sort by ({', '.join(ranking.names())}); by default the project's."


@dataclass(frozen=True)
class Teach:
    """Make the pool's teacher masks: train on the teacher-training cases, run a command on each
    image, or take a folder.
    """

    project: Positional[Path]
    """Project folder."""
    command: str | None = None
    """Command that makes one mask, such as 'TotalSegmentator -i {image} -o {label} --ml'."""
    folder: str | None = None
    """Rule for masks that are there already, such as 'auto/{case}.nii.gz'."""
    settings: Form = field(default_factory=SettingsForm)
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Make the masks, and count the cases that have one."""
        with terminal.opened(self.project) as session:
            terminal.follow(session, self._events(session))
            pool = session.project.by_role("pool")
            taught = sum(case.teacher is not None for case in pool)
            terminal.say(f"{taught} of {len(pool)} cases in the pool have a teacher mask.")

    def _events(self, session: Session) -> Iterator[Event]:
        if self.command:
            return by_command(session, self.command)
        if self.folder:
            return by_folder(session, self.folder)
        return session.teach(settings_of(self.settings))


@dataclass(frozen=True)
class Train:
    """Train the student on the weighed teacher masks; goes on from the last run, or resumes it."""

    project: Positional[Path]
    """Project folder."""
    fresh: Flag = False
    """Begin anew instead of going on."""
    settings: Form = field(default_factory=SettingsForm)
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Train, and say how good the student is on the test cases."""
        with terminal.opened(self.project) as session:
            events = session.train(settings_of(self.settings), fresh=self.fresh)
            end = terminal.follow(session, events)
            # none where it was stopped before the first test
            if session.test_results():
                last = session.test_results()[-1]
                terminal.say(f"Test Dice {last.dice:.3f} at step {last.step}.")
            if end.reason == "stopped":
                terminal.say("Stopped; the same command takes it up again.")


@dataclass(frozen=True)
class Rank:
    """Score the pool with the student as it is, and print the queue."""

    project: Positional[Path]
    """Project folder."""
    top: int = 10
    """Cases to print."""
    by: Annotated[str | None, arg(help=BY)] = None
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Score, and print the top of the queue."""
        if self.by is not None:
            ranking.rule(self.by)  # a name that is not known is told before the scoring, not after
        with terminal.opened(self.project) as session:
            terminal.follow(session, session.rank())
            print_queue(terminal, session, self.top, self.by)


@dataclass(frozen=True)
class Predict:
    """Write the student's mask and voxel trust of some cases into the project."""

    project: Positional[Path]
    """Project folder."""
    cases: Positional[tuple[str, ...]]
    """Names of the cases; none means the whole pool."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Predict, and print the files that were written."""
        with terminal.opened(self.project) as session:
            names = self.cases or tuple(case.name for case in session.project.by_role("pool"))
            terminal.follow(session, session.predict(names))
            predictions = session.history.predictions
            # a case whose mask was replaced meanwhile has no prediction
            rows = [
                {
                    "case": name,
                    "student": predictions[name].student,
                    "trust_map": predictions[name].trust_map,
                    "dice": predictions[name].dice,
                }
                for name in names
                if name in predictions
            ]
            terminal.table("Predictions", "Prediction", rows, HEADINGS)


@dataclass(frozen=True)
class Accept:
    """Keep a corrected mask as the expert label of a case; the next epoch learns from it."""

    project: Positional[Path]
    """Project folder."""
    case: Positional[str]
    """Name of the case."""
    mask: Positional[Path | None] = None
    """The corrected mask, on the image's grid; leave out with --confirm."""
    confirm: Flag = False
    """The teacher's mask is right as it stands."""
    author: str = ""
    """Who corrected it."""
    minutes: float = 0.0
    """Time spent."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Accept the mask, and print the new version."""
        if (self.mask is None) != self.confirm:
            raise AlntError("Give either a corrected mask or --confirm.")
        with terminal.opened(self.project) as session:
            version = self._version(session, terminal)
            number = version.number
            terminal.fact(
                f"Case '{self.case}' is now an expert case, version {number}: {version.file}",
                "Accepted",
                {"case": self.case, "version": number, "file": str(version.file)},
            )

    def _version(self, session: Session, terminal: Terminal) -> LabelVersion:
        seconds = 60 * self.minutes
        if self.mask is None:
            return session.confirm(self.case, author=self.author, seconds=seconds)
        project = session.project
        labels = project.labels.read_mask(self.case, self.mask)
        ignore_label = project.settings.ignore_label
        for notice in mask_notices(labels.voxels, project.label_names, ignore_label):
            terminal.notice(notice)
        return session.accept(self.case, labels.voxels, author=self.author, seconds=seconds)


@dataclass(frozen=True)
class Status:
    """Cases, runs and the test curve of a project; never writes."""

    project: Positional[Path]
    """Project folder."""
    top: int = 10
    """Cases of the queue to print."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Print what is known of the project."""
        # without the lock, so that a project at work in a window can be looked at
        with terminal.opened(self.project, write=False) as session:
            for notice in session.project.input_notices:
                terminal.notice(notice)
            print_roles(terminal, session.project)
            print_runs(terminal, session.project)
            print_tests(terminal, session)
            print_noise(terminal, session)
            print_queue(terminal, session, self.top)
