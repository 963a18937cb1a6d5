"""What is interrupted: each way to change a project, in steps.

An operation is a generator of steps, which are called one after the other; one that returns is
acknowledged. The steps are the same every time, so that what a project holds after each is known
from a run that nobody interrupts: after a crash it is that of the last acknowledged step or of the
one after it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from napari_alnt.data import TABLE, CaseFiles, Project, is_project, save_array, write_text
from napari_alnt.data.local import FOLDER, load_launcher, save_launcher
from napari_alnt.data.strokes.journal import resume
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.data.strokes.journal_writer import Journal
from napari_alnt.errors import AlntError
from napari_alnt.events import EpochDone, LedgerRow
from robustness import projects
from robustness.work import folder

Steps = Generator[Callable[[], object], None, None]
STEPS = 24
NEW, OLD = 6, 2
"""Projects that are made, and that are brought up to date."""


@dataclass(frozen=True)
class Operation:
    """One operation on the project in a folder.

    Attributes
    ----------
    steps : the steps, from the first on
    observe : what a user finds in the folder
    prepare : brings a copy of the template to where the first step begins
    """

    steps: Callable[[Path], Steps]
    observe: Callable[[Path], Any]
    prepare: Callable[[Path], object] = lambda _: None


def found_in_project(project: Path) -> Any:
    """What a user finds in a project that may be open for writing."""
    with Project.open(project, write=False) as opened:
        return projects.observe(opened)


def accept(project: Path) -> Steps:
    """Masks of two cases, several versions each."""
    with Project.open(project) as opened:
        for number in range(STEPS):
            labels = projects.mask(number)
            yield partial(opened.labels.accept, "cd"[number % 2], labels, author=f"{number}")


def draft(project: Path) -> Steps:
    """Drafts of two cases; every fifth step discards one."""
    with Project.open(project) as opened:
        for number in range(STEPS):
            if number % 5 == 4:
                yield partial(opened.drafts.drop, "c")
            else:
                yield partial(opened.drafts.save, "cd"[number % 2], projects.mask(number), number)


def decide(project: Path) -> Steps:
    """Reverted versions, marks and settings."""
    with Project.open(project) as opened:
        for number in range(STEPS):
            if number % 3 == 0:
                yield partial(opened.labels.revert, "e")
            elif number % 3 == 1:
                mark = ("skipped", "flagged", "new")[number // 3 % 3]
                yield partial(opened.set_status, "c", mark)
            else:
                yield partial(opened.save_settings, projects.settings(number))


def _with_versions(project: Path) -> None:
    with Project.open(project) as opened:
        for number in range(STEPS // 3):
            opened.labels.accept("e", projects.mask(number))


def teacher(project: Path) -> Steps:
    """Another teacher's mask for a case."""
    with Project.open(project) as opened:
        for number in range(STEPS):
            file = f"{'de'[number % 2]}_mask.nii.gz"
            yield partial(opened.labels.set_teacher, "c", project.parent / "files" / file)


def runs(project: Path) -> Steps:
    """Runs of the engine, with a ledger."""
    with Project.open(project) as opened:
        for number in range(STEPS):
            run = opened.runs.all[-1].number if number else 0
            if number % 3 == 0:
                yield partial(opened.runs.start, "train", opened.settings)
            elif number % 3 == 1:
                rows = (LedgerRow("c", "pool", "teacher", 4, 0.5, 0.5, 0.1),)
                epoch = EpochDone(number, 3 * number, 0.5, 0.5, rows)
                yield partial(opened.runs.add_ledger, run, epoch)
            else:
                yield partial(opened.runs.finish, run, "done", 3 * number)


def paint(project: Path) -> Steps:
    """Strokes, of which a draft and an accepted mask are saved between; then more strokes."""
    with Project.open(project) as opened, _painting(opened) as stroke:
        for number in range(STEPS):
            if number % 6 == 3:
                yield partial(opened.drafts.save, "c", stroke.labels)
            elif number % 6 == 5:
                yield partial(opened.labels.accept, "c", stroke.labels)
            else:
                yield partial(stroke, number)


def discard(project: Path) -> Steps:
    """A draft, a stroke on it, and both thrown away; again and again."""
    with Project.open(project) as opened:
        for number in range(STEPS):
            if number % 3 == 0:
                yield partial(opened.drafts.save, "c", projects.mask(number))
            elif number % 3 == 1:
                with _painting(opened) as stroke:
                    yield partial(stroke, number)
            else:
                yield partial(opened.drafts.drop, "c")


class _Stroke:
    """Strokes on the mask of an open case, each of which is kept when it is made."""

    def __init__(self, project: Project, name: str) -> None:
        case = project.case(name)
        draft = project.drafts.load(name)
        assert draft is not None
        found = resume(project.journal(case), draft, case.version, draft=True)
        self.labels = found.mask.copy()
        self._told: AlntError | None = None
        self.journal = Journal(found, lambda: (self.labels, True), self._tell)

    def _tell(self, error: AlntError | None) -> None:
        self._told = error

    def __call__(self, number: int) -> None:
        where = (slice(number % 5, number % 5 + 1), slice(1, 4), slice(0, 5))
        self.labels[where] = (number + 1) % 2
        self.journal.append(Kind.STROKE, [Change(where, None, (number + 1) % 2)])
        if not self.journal.flush():
            raise self._told or AlntError("The stroke was not kept, and nothing was told.")


@contextmanager
def _painting(project: Project, name: str = "c") -> Iterator[_Stroke]:
    stroke = _Stroke(project, name)
    try:
        yield stroke
    finally:
        stroke.journal.close()


def _with_draft(project: Path) -> None:
    with Project.open(project) as opened:
        opened.drafts.save("c", projects.mask(99))


def create(project: Path) -> Steps:
    """New projects of the same files."""
    cases = projects.case_files(project.parent / "files")
    for number in range(NEW):
        yield partial(_create, project.parent / f"new_{number}", cases)


def _create(to: Path, cases: list[CaseFiles]) -> None:
    Project.create(to, cases, labels={1: "ball"}, roles=projects.ROLES).close()


def found_projects(project: Path) -> Any:
    """Which of the new projects are there, and what is in them."""
    made = (project.parent / f"new_{number}" for number in range(NEW))
    return [found_in_project(path) if is_project(path) else None for path in made]


def _with_old(project: Path) -> None:
    old = projects.extract_old(project.parent / "old")
    for number in range(OLD):
        shutil.copytree(old, project.parent / "old" / f"{number}")


def upgrade(project: Path) -> Steps:
    """Tables of an earlier version, opened to write."""
    for number in range(OLD):
        yield partial(_upgrade, project.parent / "old" / f"{number}")


def _upgrade(project: Path) -> None:
    Project.open(project).close()


def found_old(project: Path) -> Any:
    """What is in each of the earlier version's projects."""
    return [found_in_project(project.parent / "old" / f"{number}") for number in range(OLD)]


def checkpoint(project: Path) -> Steps:
    """A student's weights, saved over those before."""
    from napari_alnt.engine import checkpoint as files

    for number in range(STEPS):
        yield partial(files.save, _weights(project), *_student(number))


def found_weights(project: Path) -> Any:
    """The step and the weights of the checkpoint."""
    from napari_alnt.engine import checkpoint as files

    if not _weights(project).exists():
        return None
    net, optimizer, _ = _student(99)
    state = files.load(_weights(project), net, optimizer)
    return state.step, [value.tolist() for value in net.state_dict().values()]


def _weights(project: Path) -> Path:
    return project / "runs" / "0001" / "checkpoint" / "student.safetensors"


def save_checkpoint(project: Path, number: int) -> None:
    """A checkpoint of a step in a project's first run."""
    from napari_alnt.engine import checkpoint as files

    files.save(_weights(project), *_student(number))


def strokes(project: Project, name: str, numbers: Iterable[int]) -> None:
    """Strokes on the draft of a case, kept in its journal."""
    with _painting(project, name) as stroke:
        for number in numbers:
            stroke(number)


def warm() -> None:
    """Import what the operations need; a part of torch is imported at its first use only."""
    _student(0)


def _student(number: int) -> tuple[Any, Any, Any]:
    import torch

    from napari_alnt.engine.checkpoint import TrainingState

    net = torch.nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(net.parameters())
    for value in net.parameters():
        value.data.fill_(number)
        value.grad = torch.zeros_like(value)
    optimizer.step()
    state = TrainingState(number, number, 0, 0, "unet_small", 2, (1.0, 1.0, 1.0), "lung")
    return net, optimizer, state


def files(project: Path) -> Steps:
    """A text, an array and what belongs to the user, each written over the one before."""
    for number in range(6):
        if number % 3 == 0:
            yield partial(write_text, project / "text", f"{number}\n" * 50)
        elif number % 3 == 1:
            yield partial(save_array, project / "array.npy", np.full((3, 40), number))
        else:
            with _config(project):
                yield partial(save_launcher, project, f"launcher {number}")


@contextmanager
def _config(project: Path) -> Iterator[None]:
    """What is kept for the user lies beside the project."""
    before = dict(os.environ)
    os.environ[FOLDER] = str(project.parent / "config")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def found_files(project: Path) -> Any:
    """The contents of those."""
    text, array = project / "text", project / "array.npy"
    with _config(project):
        launcher = load_launcher(project)
    return (
        text.read_text() if text.exists() else None,
        np.load(array).tolist() if array.exists() else None,
        launcher,
    )


OPERATIONS = {
    "accept": Operation(accept, found_in_project),
    "draft": Operation(draft, found_in_project),
    "decide": Operation(decide, found_in_project, _with_versions),
    "teacher": Operation(teacher, found_in_project),
    "runs": Operation(runs, found_in_project),
    "paint": Operation(paint, found_in_project, _with_draft),
    "discard": Operation(discard, found_in_project),
    "create": Operation(create, found_projects),
    "upgrade": Operation(upgrade, found_old, _with_old),
    "checkpoint": Operation(checkpoint, found_weights),
    "files": Operation(files, found_files),
}


@cache
def known(name: str) -> list[Any]:
    """What is found before the first step and after each one."""
    operation = OPERATIONS[name]
    with folder() as work:
        project = start(name, projects.make(work / "template").parent, work / "run")
        found = [operation.observe(project)]
        for step in operation.steps(project):
            step()
            found.append(operation.observe(project))
    return found


def start(name: str, template: Path, to: Path) -> Path:
    """A copy of the template in which an operation can begin; its project."""
    project = projects.copy(template, to)
    OPERATIONS[name].prepare(project)
    return project


def all_projects(folder: Path) -> list[Path]:
    """All projects that are below a folder."""
    return sorted(path.parent for path in folder.rglob(TABLE))
