"""The power is cut at every call that writes; what had been acknowledged is there on reopening.

The calls of each operation are recorded once. An attempt takes those up to some point, and drops,
tears or keeps what had not been flushed to the disk by then: the bytes of a file until that file is
flushed, a name until its folder is. Nothing else is promised by a file system, so of all that is
not flushed any part may be lost.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from robustness import projects, reopening
from robustness.operations import OPERATIONS, start
from robustness.recording import Op, Tree, has_strace, record
from robustness.result import Result, Tally
from robustness.work import folder

KINDS = reopening.KINDS
ORDER = (*OPERATIONS, "create", "accept", "draft", "create", "runs", "decide", "create", "teacher",
         "discard", "create", "paint", "create", "upgrade", "create")  # fmt: skip
"""Operations of which the attempts are, in turn; those with many calls come more than once."""
Fate = Literal["kept", "lost", "blank"] | float
"""What becomes of a call that is not flushed: of a torn one, a number, a part is done; a blank one
has zeros where the file had grown.
"""
VARIANTS = 24
"""Ways to end at one point: the first ones by rule, the others at random."""
CODE = """
import os
from pathlib import Path
from robustness import operations
notes = os.open({notes!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
{before}
for step in operations.OPERATIONS[{name!r}].steps(Path({project!r})):
    step()
    os.write(notes, b"done")
os._exit(0)
"""


@dataclass(frozen=True)
class Recording:
    """What an operation did to a folder.

    Attributes
    ----------
    before : what was in it before
    ops : the changes
    place : the folder; states are built at the same place, as paths are in the table
    """

    before: Tree
    ops: list[Op]
    place: Path

    @cached_property
    def unsure(self) -> list[int]:
        """The points at which something is not flushed."""
        pending: set[int] = set()
        found = []
        for point, op in enumerate(self.ops, start=1):
            if op.kind == "flush":
                pending.discard(op.file)
            elif op.kind in ("write", "cut", "entries"):
                pending.add(op.file)
            if pending:
                found.append(point)
        return found


def run(count: int, seed: int, first: int = 0) -> Result:
    """Build and open the states ``first`` to ``first + count - 1``, each operation in turn."""
    tally = Tally(seed, KINDS)
    if not has_strace():
        return tally.result()
    for index in range(first, first + count):
        tally.tried()
        name = ORDER[index % len(ORDER)]
        judge(name, recording(name), index, seed, tally)
    return tally.result()


@cache
def recording(name: str, before: str = "") -> Recording:
    """The calls of an operation; ``before`` is code that its process runs first."""
    with folder() as work:
        template = projects.make(work / "template").parent
        project = start(name, template, work / "case")
        code = CODE.format(
            notes=str(work / "notes"), before=before, name=name, project=str(project)
        )
        return Recording(*record(code, project.parent, work / "notes"), project.parent)


_seen: set[tuple[str, bytes]] = set()


def judge(name: str, recorded: Recording, index: int, seed: int, tally: Tally) -> None:
    """Build one state of an operation, and open it unless there was one like it."""
    point, variant = _point(recorded, _turn(index))
    done, tree = state(recorded, point, _fate(variant, np.random.default_rng([seed, index])))
    digest = _digest(tree, done)
    if (name, digest) in _seen:
        tally.count("like one before")
        return
    _seen.add((name, digest))
    tally.count("different states")
    reopen(name, recorded, done, tree, index, tally)


def reopen(name: str, recorded: Recording, done: int, tree: Tree, index: int, tally: Tally) -> None:
    """Open a project as the disk holds it after ``done`` acknowledged steps."""
    try:
        build(tree, recorded.place)
        reopening.judge(name, recorded.place / "project", done, index, tally)
    finally:
        projects.remove(recorded.place.parent)


def _turn(index: int) -> int:
    """How many attempts there were before on the same operation."""
    rounds, place = divmod(index, len(ORDER))
    return rounds * ORDER.count(ORDER[place]) + ORDER[:place].count(ORDER[place])


def _point(recorded: Recording, turn: int) -> tuple[int, int]:
    """Where an attempt ends and in which way: each point in one way, then those in the others at
    which something is not flushed; neighbouring attempts lie far apart.
    """
    points = len(recorded.ops) + 1
    if turn < points:
        return turn * _stride(points) % points, 0
    turn -= points
    unsure = recorded.unsure
    return unsure[turn * _stride(len(unsure)) % len(unsure)], 1 + turn // len(unsure) % VARIANTS


def _stride(points: int) -> int:
    """A step that leads to every point once."""
    step = max(1, int(0.618 * points))
    while math.gcd(step, points) != 1:
        step += 1
    return step


def _fate(variant: int, rng: np.random.Generator) -> Callable[[Op], Fate]:
    """What becomes of calls that are not flushed."""
    rules: list[tuple[Fate, Fate]] = [
        ("lost", "lost"), ("lost", "kept"), ("kept", "lost"), ("blank", "kept"), (0.5, "kept"),
        ("kept", "kept"),
    ]  # fmt: skip
    if variant < len(rules):
        of_bytes, of_names = rules[variant]
        return lambda op: of_names if op.kind == "entries" else of_bytes

    def fate(op: Op) -> Fate:
        fates: list[Fate] = ["kept", "lost", "blank", float(rng.random())]
        return fates[rng.integers(2 if op.kind == "entries" else len(fates))]

    return fate


def state(recorded: Recording, point: int, fate: Callable[[Op], Fate]) -> tuple[int, Tree]:
    """How many steps were acknowledged at a point, and what the disk holds then."""
    ops = recorded.ops[:point]
    flushed: set[int] = set()
    fates: list[Fate] = []
    # backwards: what is flushed later is not lost
    for op in reversed(ops):
        if op.kind == "flush":
            flushed.add(op.file)
        fates.append("kept" if op.file in flushed or op.kind == "folder" else fate(op))
    tree = Tree(dict(recorded.before.contents), {})
    tree.folders = {number: dict(names) for number, names in recorded.before.folders.items()}
    for op, what in zip(ops, reversed(fates), strict=True):
        if what != "lost":
            _do(tree, op, what)
    return sum(op.kind == "done" for op in ops), tree


def _do(tree: Tree, op: Op, fate: Fate) -> None:
    content = tree.contents.get(op.file, b"")
    if op.kind == "entries":
        names = tree.folders.setdefault(op.file, {})
        for name, file in op.entries:
            if file is None:
                names.pop(name, None)
            else:
                names[name] = file
    elif op.kind == "folder":
        tree.folders[op.file] = {}
    elif op.kind == "cut":
        tree.contents[op.file] = content[: op.place].ljust(op.place, b"\0")
    elif op.kind == "write":
        data = op.data
        if isinstance(fate, float):
            data = data[: int(fate * len(data))]
        if fate == "blank":
            data = content[op.place : op.place + len(data)].ljust(len(data), b"\0")
        content = content.ljust(op.place, b"\0")
        tree.contents[op.file] = content[: op.place] + data + content[op.place + len(data) :]


def _digest(tree: Tree, done: int) -> bytes:
    found = hashlib.sha256(f"{done}".encode())
    for path, number in _paths(tree, 0, ""):
        found.update(f"\0{path}\0".encode() + tree.contents.get(number, b""))
    return found.digest()


def _paths(tree: Tree, folder: int, above: str) -> list[tuple[str, int]]:
    found = []
    for name, number in sorted(tree.folders.get(folder, {}).items()):
        found.append((f"{above}{name}", number))
        found += _paths(tree, number, f"{above}{name}/")
    return found


def build(tree: Tree, folder: Path) -> None:
    """Write what a disk holds into a new folder."""
    folder.mkdir(parents=True)
    for name, number in _paths(tree, 0, ""):
        if number in tree.folders:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(tree.contents.get(number, b""))
