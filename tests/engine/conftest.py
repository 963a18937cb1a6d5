"""Training and evaluation in this process: a child of its own is only needed where it may end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import torch
from safetensors.torch import load_file

from napari_alnt.data import Project
from napari_alnt.engine.training import Training
from napari_alnt.events import Command, Event
from napari_alnt.session import Session


@dataclass
class GivenCommands:
    """Commands as a test sets them."""

    stopped: bool = False
    paused: bool = False
    cases: list[str] = field(default_factory=list)
    asked: Command | None = None
    cancelled: bool = False
    syncs: int = 0

    def sync(self) -> None:
        self.syncs += 1

    def wait(self, _: float) -> None:
        self.paused = False

    def requested(self) -> Iterator[str]:
        while self.cases:
            yield self.cases.pop()

    def propagation(self) -> Command | None:
        asked, self.asked = self.asked, None
        return asked

    def wants(self, _: Command) -> bool:
        return not (self.stopped or self.cancelled)

    def until_stopped(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            yield event
            if self.stopped:
                return


@pytest.fixture
def commands() -> GivenCommands:
    return GivenCommands()


@dataclass
class OneOfTwo:
    """One of two processes, of which the other always says the same."""

    rank: int
    other: object = None
    size: int = 2
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def collect(self, value: object) -> list[object]:
        other = value if self.other is None else self.other
        return [value, other] if self.rank == 0 else [other, value]

    def share(self, items: list[object]) -> list[object]:
        return list(items[self.rank :: 2])

    def wait(self) -> None:
        pass


@pytest.fixture
def one_of_two() -> type[OneOfTwo]:
    return OneOfTwo


@pytest.fixture
def project(balls) -> Iterator[Project]:
    with Project.open(balls.folder) as project:
        yield project


@pytest.fixture
def training(project: Project, commands: GivenCommands) -> Callable[..., Training]:
    """Makes a new run of the small project with other settings."""

    def make(**changes: object) -> Training:
        settings = dataclasses.replace(project.settings, **changes)
        return Training(project, project.runs.start("train", settings), commands)

    return make


def of_kind(kind: type, events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture(name="of_kind")
def _of_kind() -> Callable[[type, list[Event]], list[Event]]:
    """Picks the events of one kind."""
    return of_kind


@pytest.fixture
def weights() -> Callable[[Session], dict[str, torch.Tensor]]:
    """Everything in the checkpoint of a session's last student, its optimiser included."""

    def load(session: Session) -> dict[str, torch.Tensor]:
        return load_file(session.last_student().checkpoint)

    return load
