"""A disk that is full, read-only or broken: the old version stays, one sentence is said, work goes
on.

An attempt does some steps of an operation, breaks the disk during the next one, and repairs it. The
same step, in the same process, then does what it should have done.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from napari_alnt.data.atomic import is_temporary
from napari_alnt.errors import AlntError
from robustness import projects, reopening
from robustness.operations import OPERATIONS, known, start
from robustness.result import Result, Tally
from robustness.work import folder, without

KINDS = (*reopening.KINDS, "untyped", "no sentence", "changed", "temporaries", "no going on")
NAMES = tuple(OPERATIONS)
CALLS = ("open", "write", "fsync", "replace", "link", "mkdir", "ftruncate", "opened")
NUMBERS = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES)
SIZES = (0, 1, 100, 500, 512, 1000, 4096, 10_000, 40_000, 60_000, 90_000)
"""Bytes that a file may have, or that a disk has left."""
NOBODY = 65534
DISK = 12 * 2**20
"""Bytes of the disk that is filled."""


@dataclass
class Disk:
    """What is broken.

    Attributes
    ----------
    work : folder of the attempt
    full : a disk that can be filled, or None where this user cannot have one
    """

    work: Path
    full: Path | None


def run(count: int, seed: int, first: int = 0) -> Result:
    """Break the disk in the attempts ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    with folder() as work, _small_disk(work / "disk") as full:
        work.chmod(0o755)
        template = projects.make(work / "template").parent
        for index in range(first, first + count):
            tally.tried()
            rng = np.random.default_rng([seed, index])
            name, turn = NAMES[index % len(NAMES)], index // len(NAMES)
            kind = tuple(FAULTS)[turn % len(FAULTS)]
            if kind == "full" and full is None:
                tally.count("no disk to fill")
                continue
            place = full if kind == "full" and full is not None else work
            project = start(name, template, place / "run")
            fault = FAULTS[kind](Disk(project.parent, full), rng)
            broken = int(rng.integers(len(known(name)) - 1))
            _judge(name, project, kind, fault, broken, index, tally)
            projects.remove(project.parent)
    return tally.result()


@contextmanager
def _small_disk(place: Path) -> Iterator[Path | None]:
    """A small disk in memory, which only some users may have."""
    place.mkdir()
    mount = shutil.which("mount")
    done = mount and os.access("/", os.W_OK) and not subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", str(place)],
        stderr=subprocess.DEVNULL, check=False,
    ).returncode  # fmt: skip
    try:
        yield place if done else None
    finally:
        if done:
            subprocess.run(["umount", str(place)], check=True)


# faults -------------------------------------------------------------------------------------------

Fault = Callable[[], Any]
"""Makes a block in which the disk is broken."""


def _failing(_: Disk, rng: np.random.Generator) -> Fault:
    """One call of the system fails at the n-th time, or from then on."""
    name = CALLS[rng.integers(len(CALLS))]
    number = NUMBERS[rng.integers(len(NUMBERS))]
    turn, once = int(rng.integers(1, 6)), bool(rng.integers(2))
    count = 0

    def due() -> bool:
        nonlocal count
        count += 1
        return count == turn or (count > turn and not once)

    return lambda: _patched(name, number, due)


@contextmanager
def _patched(name: str, number: int, due: Callable[[], bool]) -> Iterator[None]:
    real = io.open if name == "opened" else getattr(os, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        mode = kwargs.get("mode", args[1] if len(args) > 1 else "r")
        # what is only read is no matter of saving
        reads = name == "opened" and not set(mode) & set("wax+")
        if not reads and due():
            raise OSError(number, os.strerror(number))
        return real(*args, **kwargs)

    with ExitStack() as stack:
        if name == "opened":
            stack.enter_context(mock.patch.object(io, "open", call))
            stack.enter_context(mock.patch.object(builtins, "open", call))
        else:
            stack.enter_context(mock.patch.object(os, name, call))
        yield


def _limited(_: Disk, rng: np.random.Generator) -> Fault:
    """No file may be larger than some size."""
    return lambda: _limit(SIZES[rng.integers(len(SIZES))])


@contextmanager
def _limit(size: int) -> Iterator[None]:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _full(disk: Disk, rng: np.random.Generator) -> Fault:
    """The disk has few bytes left."""
    return lambda: _filled(disk, SIZES[rng.integers(len(SIZES))])


@contextmanager
def _filled(disk: Disk, left: int) -> Iterator[None]:
    assert disk.full is not None
    filler = disk.full / "filler"
    with filler.open("wb") as file, suppress(OSError):
        file.write(bytes(max(0, shutil.disk_usage(disk.full).free - left)))
    try:
        yield
    finally:
        filler.unlink()


def _read_only(disk: Disk, _: np.random.Generator) -> Fault:
    """The folders cannot be written to by this user."""
    return lambda: _closed(disk.work)


@contextmanager
def _closed(work: Path) -> Iterator[None]:
    folders = [work, *(path for path in work.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        # to root nothing is read-only
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        for path in folders:
            path.chmod(0o755)


FAULTS: dict[str, Callable[[Disk, np.random.Generator], Fault]] = {
    "failing": _failing,
    "limited": _limited,
    "failing again": _failing,
    "full": _full,
    "read-only": _read_only,
}
"""By name; a call can fail in many ways, and so comes twice."""


# what is found then -------------------------------------------------------------------------------


def _judge(
    name: str, project: Path, kind: str, fault: Fault, broken: int, index: int, tally: Tally
) -> None:
    """Do steps, of which one meets the fault."""
    wanted = known(name)
    steps = OPERATIONS[name].steps(project)
    try:
        for number, step in enumerate(steps):
            if number < broken:
                step()
                continue
            said = _meet(step, fault, index, tally, f"{name}, {kind}", project)
            found = OPERATIONS[name].observe(project)
            if found not in wanted[broken + (not said) : broken + 2]:
                text = reopening.difference(wanted[broken], found)
                tally.fail("changed", index, f"{name}, {kind}: '{said}', {text}")
            # what is done already may be refused
            if found != wanted[broken + 1]:
                step()
                if (found := OPERATIONS[name].observe(project)) != wanted[broken + 1]:
                    text = reopening.difference(wanted[broken + 1], found)
                    tally.fail("no going on", index, f"{name}, {kind}: {text}")
            break
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        tally.fail("no going on", index, f"{name}, {kind}: {without(project.parent, error)}")
        return
    finally:
        steps.close()
    reopening.judge(name, project, broken + 1, index, tally)


def _meet(
    step: Callable[[], object], fault: Fault, index: int, tally: Tally, what: str, project: Path
) -> str:
    """Do a step with the fault; what was said, "" if it was done."""
    said = ""
    try:
        with fault():
            step()
        tally.count("saved")
    except AlntError as error:
        said = str(error)
        tally.count("refused")
        if not said.endswith(".") or "\n" in said or len(said) > 600:
            tally.fail("no sentence", index, f"{what}: {without(project.parent, error)}")
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        said = repr(error)
        tally.fail("untyped", index, f"{what}: {without(project.parent, error)}")
    left = [path.name for path in project.parent.rglob("*") if is_temporary(path.name)]
    if left:
        tally.fail("temporaries", index, f"{what}: {left}")
    return said
