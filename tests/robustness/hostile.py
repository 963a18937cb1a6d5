"""A project from somebody else runs nothing, writes nowhere else, and is refused in sentences.

An attempt makes a project hostile in one to three ways, and then does with it what a user does.
"""

from __future__ import annotations

import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, get_args
from unittest import mock

import numpy as np

from napari_alnt.data import Case, Project, back_up, verify, write_labels
from napari_alnt.data.local import FOLDER
from napari_alnt.data.strokes.journal import resume, steps
from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.session.engine import Engine, Job
from robustness import damage, projects
from robustness.attacks import ATTACKS, Target
from robustness.result import Result, Tally
from robustness.work import folder, without

KINDS = ("executed", "bytes outside", "taken along", "untyped", "hang")
CANARY = b"nobody may read or change this"
SECONDS = 60
"""After which an action hangs; all of them take much less, also on a loaded machine."""
REAL = 50
"""Every so many attempts the engine is really started."""


class _Hang(BaseException):
    """Is no Exception, so that nobody takes it for one."""


def run(count: int, seed: int, first: int = 0) -> Result:
    """Make and use the projects ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    with folder() as work, mock.patch.dict("os.environ", {FOLDER: str(work / "config")}):
        made = damage.make(work / "template")
        for index in range(first, first + count):
            tally.tried()
            rng = np.random.default_rng([seed, index])
            project = projects.copy(made.folder, work / "run")
            target = Target(project, *outside(project.parent), rng)
            names = _attack(target)
            before = _contents(work, project)
            _use(target, index, names, tally)
            _compare(before, work, target, index, names, tally)
            projects.remove(project.parent)
    return tally.result()


def outside(folder: Path) -> tuple[Path, Path]:
    """A folder with canaries, and a program that leaves a mark if it runs."""
    outside = folder / "outside"
    (outside / "folder").mkdir(parents=True)
    write_labels(outside / "canary.nii.gz", projects.mask(77), projects.GRID)
    (outside / "text").write_bytes(CANARY)
    (outside / "empty").write_bytes(b"")
    program = outside / "program"
    program.write_text(f"#!/bin/sh\ntouch '{outside}/executed'\n")
    program.chmod(0o755)
    return outside, program


def _attack(target: Target) -> str:
    """Make the project hostile; in which ways."""
    chosen = [target.pick(ATTACKS) for _ in range(int(target.rng.integers(1, 4)))]
    for attack in chosen:
        # an earlier one may have left nothing to attack
        with suppress(Exception):
            attack(target)
    return ", ".join(attack.__name__ for attack in chosen)


def _contents(work: Path, project: Path) -> dict[str, bytes]:
    """All files but those of the project itself."""
    paths = [path for path in work.rglob("*") if project not in path.parents]
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def _compare(
    before: dict[str, bytes], work: Path, target: Target, index: int, names: str, tally: Tally
) -> None:
    for backup in target.project.parent.glob("backup_*.zip"):
        with zipfile.ZipFile(backup) as archive:
            if any(CANARY in archive.read(name) for name in archive.namelist()):
                tally.fail("taken along", index, names)
        backup.unlink()
    after = _contents(work, target.project)
    if any(path.endswith("executed") for path in after):
        tally.fail("executed", index, names)
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    if changed:
        places = [path.removeprefix(str(work)) for path in sorted(changed)]
        tally.fail("bytes outside", index, f"{names}: {places}")


# what a user does ---------------------------------------------------------------------------------


def _use(target: Target, index: int, names: str, tally: Tally) -> None:
    hung: list[str] = []

    def do(what: str, action: Callable[..., Any], *values: Any) -> Any:
        # once is enough; each would take as long
        if hung:
            return None
        try:
            with _time_limit():
                done = action(*values)
            tally.count("done")
            return done
        except AlntError:
            tally.count("refused")
        except _Hang:
            hung.append(what)
            tally.fail("hang", index, f"{names}: {what}")
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            tally.fail(
                "untyped", index, f"{names}: {what}: {without(target.project.parent, error)}"
            )
        return None

    real = index % REAL == 0
    project = do("read", lambda: Project.open(target.project, write=False))
    if project is not None:
        _look(project, do)
        do("close", project.close)
    do("back up", lambda: back_up(target.project, target.project.parent / f"backup_{index}.zip"))
    session = do("open", lambda: Session.open(target.project))
    if session is not None:
        _work(session, target, do, real)
        do("verify", lambda: verify(session.project))
        do("close", lambda: session.close(discard=True))


def _resumed(project: Project, case: Case) -> None:
    resume(project.journal(case), projects.mask(1), case.version, draft=False)


def _follow(session: Session, engine: Engine) -> None:
    for _ in session._runner.follow(engine):
        pass


def _look(project: Project, do: Callable[..., Any]) -> None:
    for name in ("settings", "notices", "input_notices", "label_names", "owner"):
        do(name, getattr, project, name)
    for case in do("cases", lambda: project.cases) or ():
        for name in ("image", "teacher", "expert", "grid", "journal", "label_folder"):
            do(name, getattr(project, name), case)
        do("draft", project.drafts.load, case.name)
        do("history", project.labels.versions, case.name)
        do("steps", lambda case: steps(project.journal(case)), case)
        do("strokes", _resumed, project, case)
    for name in ("all", "ledger", "scores", "rankings", "test_results", "predictions"):
        found = do(name, getattr, project.runs, name)
        if callable(found):
            do(name, found)
    for found in do("runs", lambda: project.runs.all) or ():
        for name in ("checkpoint", "maps", "log", "report"):
            do(name, getattr, found, name)
    do("verify", lambda: verify(project))


def _work(session: Session, target: Target, do: Callable[..., Any], real: bool) -> None:
    project = session.project
    names = [case.name for case in do("cases", lambda: project.cases) or ()]
    for name in dict.fromkeys([*names, "c"]):
        do("accept", session.accept, name, projects.mask(3))
        do("save draft", session.save_draft, name, projects.mask(4))
        do("drop draft", session.drop_draft, name)
        do("revert", session.revert, name)
        do("mark", session.set_status, name, "flagged")
        do("confirm", session.confirm, name)
    do("settings", lambda: project.save_settings(project.settings))
    do("queue", session.queue)
    do("noise", session.noise_estimate)
    do("next", session.next_to_review)
    do("test", session.teacher_dice)
    for job in get_args(Job):
        with _engine(target, real):
            engine = do(job, partial(session.start, job, cases=names[:1]))
            if real and engine is not None:
                do("events", _follow, session, engine)


@contextmanager
def _engine(target: Target, real: bool) -> Iterator[None]:
    """No engine is started, but it is seen whether a program of the project's would have been."""

    def start(*_: Any, launcher: str = "", **__: Any) -> None:
        if str(target.program) in launcher:
            (target.outside / "executed").touch()
        raise AlntError("No engine is started here.")

    if real:
        yield
    else:
        with mock.patch("napari_alnt.session.runner.Engine", start):
            yield


@contextmanager
def _time_limit() -> Iterator[None]:
    """Break off what waits for ever, as for the end of a pipe."""

    def end(*_: object) -> None:
        raise _Hang

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
