"""Whether all that a project consists of, and all that it was made from, is as it was recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_alnt.data.atomic import is_temporary, sha256
from napari_alnt.data.case import Case
from napari_alnt.data.case_data import KINDS
from napari_alnt.data.checkpoint_file import checkpoint_fault
from napari_alnt.data.fingerprint import same_hash
from napari_alnt.data.images.volume import read_labels, read_volume
from napari_alnt.data.leftovers import orphans
from napari_alnt.data.seal import BROKEN, changed_files
from napari_alnt.data.strokes.journal import find_damage
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    from napari_alnt.data.project import Project

Trouble = Literal["damaged", "missing", "changed", "orphaned"]
"""The project's own files are damaged, those from outside are changed."""


@dataclass(frozen=True)
class Finding:
    """One file that is not as it was recorded.

    Attributes
    ----------
    trouble : what is wrong with it
    file : the file, under the project's folder where it lies there
    case : name of the case, "" where it belongs to none
    text : what it is and what is wrong, without a full stop
    """

    trouble: Trouble
    file: Path
    case: str
    text: str


def verify(
    project: Project, progress: Callable[[int, int], None] | None = None
) -> tuple[Finding, ...]:
    """Read everything, however long it takes, and compare it with what was recorded.

    Nothing is changed. ``progress`` is called with (done, total) cases.
    """
    found = [*_table(project), *_sealed(project), *_runs(project)]
    cases = project.cases
    for done, case in enumerate(cases, start=1):
        found += [*_sources(case), *_labels(project, case)]
        if progress is not None:
            progress(done, len(cases))
    return tuple(found)


def _table(project: Project) -> Iterator[Finding]:
    path = project.table.path
    wrong = [row[0] for row in project.table.rows("PRAGMA integrity_check") if row[0] != "ok"]
    wrong += [f"a row of {row[0]} has lost its case or run" for row in _lost(project)]
    known = project.table.rows("SELECT value FROM meta WHERE key = ?", BROKEN)
    wrong += [f"it {text}" for text in (project.broken, *(row[0] for row in known)) if text]
    for text in wrong[:1]:
        yield Finding("damaged", path, "", f"the project's table: {text}")


def _sealed(project: Project) -> Iterator[Finding]:
    """Files of which only the seal knows what they were, when the project was last closed."""
    changed = {*project.changed, *changed_files(project.folder, thorough=True)}
    for name in sorted(changed):
        path = project.folder / name
        trouble: Trouble = "damaged" if path.is_file() else "missing"
        yield Finding(trouble, path, "", "it is not as it was when the project was last closed")


def _lost(project: Project) -> list[Any]:
    return project.table.rows("PRAGMA foreign_key_check")


def _sources(case: Case) -> Iterator[Finding]:
    """The files from outside that the project was made from."""
    for kind in KINDS:
        path: Path | None = getattr(case, kind)
        # an accepted mask is the project's own
        if path is None or (kind == "expert" and case.version):
            continue
        if not path.exists():
            yield Finding("missing", path, case.name, f"the {kind} is not there")
            continue
        with suppress(AlntError):
            if same_hash(path, getattr(case, f"{kind}_sha256")):
                continue
        yield Finding("changed", path, case.name, f"the {kind} is not what it was")


def _labels(project: Project, case: Case) -> Iterator[Finding]:
    """Accepted masks, the draft, and files in the case's folder that nothing names."""
    for version in project.labels.versions(case.name):
        what = f"accepted mask {version.number}"
        yield from _own(version.file, version.sha256, case, what)
    if (file := project.drafts.file(case.name)) is not None:
        # earlier versions recorded no hash of it
        recorded = project.drafts.sha256(case.name)
        if recorded or not file.is_file():
            yield from _own(file, recorded, case, "the draft")
        else:
            yield from _readable(file, read_labels, case.name, "the draft")
    # one that is cut short ends in the midst of a stroke that a power failure has cut off
    if find_damage(project.journal(case), case.shape) == "damaged":
        yield Finding("damaged", project.journal(case), case.name, "the journal is damaged")
    left = orphans(project, case)
    folder = project.label_folder(case)
    if folder.is_dir():
        left += [path for path in folder.iterdir() if is_temporary(path.name)]
    for path in left:
        yield Finding("orphaned", path, case.name, "the project does not know this file")


def _own(path: Path, recorded: str, case: Case, what: str) -> Iterator[Finding]:
    if not path.is_file():
        yield Finding("missing", path, case.name, f"{what} is not there")
        return
    with suppress(AlntError):
        if sha256(path) == recorded:
            return
    yield Finding("damaged", path, case.name, f"{what} is not what was saved")


def _runs(project: Project) -> Iterator[Finding]:
    """The settings of all runs, and the student's masks and maps, which can be made anew."""
    rows = project.table.rows("SELECT number, settings FROM runs")
    recorded = {row["number"]: row["settings"] for row in rows}
    for run in project.runs.all:
        path = run.folder / "settings.json"
        if not path.is_file():
            yield Finding("missing", path, "", f"the settings of run {run.number} are not there")
        elif not _is_of(path, recorded[run.number]):
            yield Finding("damaged", path, "", f"the settings of run {run.number} are others")
        if run.checkpoint.exists() and (fault := checkpoint_fault(run.checkpoint)):
            yield Finding("damaged", run.checkpoint, "", f"the student of run {run.number} {fault}")
    for predicted in project.runs.predictions():
        for file, read in ((predicted.student, read_labels), (predicted.trust_map, read_volume)):
            path = project.folder / file
            if not path.is_file():
                yield Finding("missing", path, predicted.case, "the student's picture is not there")
            else:
                yield from _readable(path, read, predicted.case, "the student's picture")


def _readable(
    path: Path, read: Callable[[Path], object], case: str, what: str
) -> Iterator[Finding]:
    """A file of which nothing but its own checksum, if any, tells whether it is damaged."""
    try:
        read(path)
    except AlntError:
        yield Finding("damaged", path, case, f"{what} is damaged")


def _is_of(path: Path, settings: str) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")) == json.loads(settings))
    except (OSError, RecursionError, ValueError):
        return False
