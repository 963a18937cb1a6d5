"""Whatever happens to one of a project's own files is named when it is opened, or by verify.

An attempt damages one file of a closed project: a bit, its end, all of it; or another file, or the
one of another day, is put in its place.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from napari_alnt.data import TABLE, Project, read_volume, write_image, write_labels
from napari_alnt.data.atomic import make_folder
from napari_alnt.data.strokes.journal_file import scan
from napari_alnt.errors import AlntError
from napari_alnt.events import Predicted
from robustness import projects
from robustness.operations import save_checkpoint, strokes
from robustness.result import Result, Tally
from robustness.work import folder, without

KINDS = ("unnamed", "untyped")
KEPT = ("alnt.lock", "alnt.sha256")
"""Files that hold nothing of a human: the lock, and the seal that only guards others."""


def run(count: int, seed: int, first: int = 0) -> Result:
    """Make the damages ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    with folder() as work:
        made = make(work / "template")
        for index in range(first, first + count):
            tally.tried()
            rng = np.random.default_rng([seed, index])
            project = projects.copy(made.folder, work / "run")
            _judge(project, made, rng, index, tally)
            projects.remove(project.parent)
    return tally.result()


@dataclass(frozen=True)
class Made:
    """A project in which there is something of everything.

    Attributes
    ----------
    folder : of the project and its files
    files : the project's own files, by their places
    earlier : what those that were there on another day held then
    """

    folder: Path
    files: tuple[str, ...]
    earlier: dict[str, bytes]


def make(folder: Path) -> Made:
    project = projects.make(folder)
    for day in range(2):
        with Project.open(project) as opened:
            _work(opened, day)
        names = [path.relative_to(project) for path in project.rglob("*") if path.is_file()]
        files = [name.as_posix() for name in names if name.name not in KEPT]
        if day == 0:
            earlier = {name: (project / name).read_bytes() for name in files}
    return Made(folder, tuple(sorted(files)), earlier)


def _work(project: Project, day: int) -> None:
    """A day's work, by a human and by the engine."""
    for name in ("c", "d"):
        project.labels.accept(name, projects.mask(10 + day))
    # twice, so that it has the same name as on the other day
    for number in range(1 + day):
        project.drafts.save("e", projects.mask(20 + day + number))
    strokes(project, "e", range(3))
    run = project.runs.all[0] if day else project.runs.start("train", project.settings)
    save_checkpoint(project.folder, 5 + day)
    make_folder(run.maps)
    for name in ("c", "d"):
        _predict(project, name, day)
    project.runs.finish(run.number, "done", 5 + day)


def _predict(project: Project, name: str, day: int) -> None:
    places = [f"runs/0001/maps/{name}_{kind}.nii.gz" for kind in ("student", "trust")]
    number = 30 + 2 * day + (name == "d")
    write_labels(project.folder / places[0], projects.mask(number), projects.GRID)
    trust = np.random.default_rng(number).random(projects.SHAPE, np.float32)
    write_image(project.folder / places[1], trust, projects.GRID)
    mask = project.case(name).label_sha256
    project.runs.add_prediction(1, Predicted(name, 5, places[0], places[1], 2, 0.5, mask))


# damages ------------------------------------------------------------------------------------------


def _flip(path: Path, _: Made, rng: np.random.Generator) -> None:
    content = bytearray(path.read_bytes())
    content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)


def _cut(path: Path, _: Made, rng: np.random.Generator) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.integers(1, len(content))])


def _empty(path: Path, _: Made, __: np.random.Generator) -> None:
    path.write_bytes(b"")


def _delete(path: Path, _: Made, __: np.random.Generator) -> None:
    path.unlink()


def _blank(path: Path, _: Made, rng: np.random.Generator) -> None:
    content = path.read_bytes()
    start = int(rng.integers(len(content)))
    path.write_bytes(content[:start] + bytes(len(content) - start))


def _exchange(path: Path, made: Made, rng: np.random.Generator) -> None:
    """Another file of the project, of the same kind where there is one.

    With the table nothing else is looked at, so that it is left where it is.
    """
    here = path.parent
    while not (here / TABLE).exists():
        here = here.parent
    others = [
        here / name for name in made.files if name not in (TABLE, str(path.relative_to(here)))
    ]
    same = [one for one in others if one.suffixes == path.suffixes] or others
    other = same[rng.integers(len(same))]
    content = path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(content)


def _restore(path: Path, made: Made, rng: np.random.Generator) -> None:
    """The file of another day; one that was not there then is deleted."""
    place = next(name for name in made.files if path.as_posix().endswith(f"project/{name}"))
    if place in made.earlier:
        path.write_bytes(made.earlier[place])
    else:
        path.unlink()


DAMAGES: dict[str, Callable[[Path, Made, np.random.Generator], None]] = {
    "bit": _flip,
    "cut": _cut,
    "emptied": _empty,
    "deleted": _delete,
    "blank": _blank,
    "exchanged": _exchange,
    "restored": _restore,
}


# what is said of it -------------------------------------------------------------------------------


def _judge(project: Path, made: Made, rng: np.random.Generator, index: int, tally: Tally) -> None:
    place = made.files[rng.integers(len(made.files))]
    kind = tuple(DAMAGES)[index % len(DAMAGES)]
    path, writes = project / place, bool(rng.integers(2))
    DAMAGES[kind](path, made, rng)
    # a failing disk changes no time, and is found when the project is only read
    if not writes and path.exists():
        before = (made.folder / "project" / place).stat()
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    what = f"{kind}, {place}"
    try:
        said = _said(project, writes)
    except AlntError as error:
        said = str(error)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        tally.fail("untyped", index, f"{what}: {without(project.parent, error)}")
        return
    if path.name in said or (path.name == "alnt.sqlite" and "table" in said):
        tally.count("named")
    elif _holds(path) == _holds(made.folder / "project" / place):
        tally.count("holds the same")
    else:
        tally.fail("unnamed", index, f"{what}, {'written' if writes else 'read'}: {said}")


def _said(project: Path, writes: bool) -> str:
    """All that a user is told who opens a project and verifies it."""
    with Project.open(project, write=writes) as opened:
        return "\n".join((*opened.notices, *projects.findings(opened)))


def _holds(path: Path) -> Any:
    """What is read from a file, None where it cannot be."""
    try:
        if path.name.endswith(".nii.gz"):
            volume = read_volume(path)
            return volume.voxels.tolist(), volume.grid.to_json()
        if path.name == "alnt.sqlite":
            with closing(sqlite3.connect(path)) as table:
                return list(table.iterdump())
        if path.name == "journal":
            return scan(path)
        if path.suffix == ".json":
            return json.loads(path.read_text())
        return path.read_bytes()
    except (AlntError, OSError, ValueError, sqlite3.Error):
        return None
