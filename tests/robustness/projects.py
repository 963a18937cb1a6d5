"""A very small project to be harmed, what a user would find in it, and what must not be left."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from napari_alnt.data import CaseFiles, Grid, Project, Role, verify, write_image, write_labels
from napari_alnt.data.atomic import is_temporary
from napari_alnt.data.case import Case
from napari_alnt.data.images.on_disk import Array
from napari_alnt.data.leftovers import RECOVERED
from napari_alnt.data.strokes.journal import resume
from napari_alnt.settings import Settings

SHAPE = (5, 6, 7)
GRID = Grid.new(SHAPE, (3.0, 2.5, 2.0), axes="RAS")
ROLES: dict[str, Role] = {"a": "reference", "b": "test"}
POOL = ("c", "d", "e")
OLD = Path(__file__).resolve().parents[1] / "data" / "projects" / "version_3.zip"
"""A project as an earlier version wrote it."""


def mask(number: int) -> Array:
    """A mask (Z, Y, X) of background and label 1, another one for each number."""
    labels = np.random.default_rng(number).integers(0, 2, SHAPE).astype(np.uint8)
    labels[0, 0, :2] = 0, 1
    return labels


def make(folder: Path) -> Path:
    """A project of five cases in a new folder, its files beside it; the project's folder."""
    Project.create(
        folder / "project", write_files(folder / "files"), labels={1: "ball"}, roles=ROLES
    ).close()
    return folder / "project"


def write_files(folder: Path) -> list[CaseFiles]:
    """The images and masks of the cases: two have an expert's mask, three a teacher's."""
    folder.mkdir(parents=True)
    cases = case_files(folder)
    for number, case in enumerate(cases):
        rng = np.random.default_rng(1000 + number)
        write_image(case.image, rng.integers(-900, 900, SHAPE).astype(np.int16), GRID)
        write_labels(folder / f"{case.name}_mask.nii.gz", mask(2000 + number), GRID)
    return cases


def case_files(folder: Path) -> list[CaseFiles]:
    """The cases of the files in a folder."""
    cases = []
    for name in (*ROLES, *POOL):
        image, label = folder / f"{name}.nii.gz", folder / f"{name}_mask.nii.gz"
        is_expert = name in ROLES
        cases.append(
            CaseFiles(
                name,
                image,
                teacher=None if is_expert else label,
                expert=label if is_expert else None,
            )
        )
    return cases


def extract_old(folder: Path) -> Path:
    """A project of an earlier version, without its checkpoints, and its files beside it."""
    with zipfile.ZipFile(OLD) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if "student.s" not in name])
    return folder / "project"


def copy(template: Path, to: Path) -> Path:
    """The folder of a project and its files, once more; the copy's project."""
    shutil.copytree(template, to)
    return to / "project"


def settings(number: int) -> Settings:
    """Settings, others for each number."""
    return Settings(patch=(16, 16, 16), epochs=1 + number)


def observe(project: Project) -> dict[str, Any]:
    """All that a user would find: cases, work, versions, marks, settings and runs.

    Times are left out, and numbers, of which a failed attempt may use one up.
    """
    return {
        "settings": str(project.settings),
        "labels": dict(project.label_names),
        "cases": [_case(project, case) for case in project.cases],
        # an engine that was running is none any more when the project is next opened
        "runs": [
            (run.job, run.state.replace("running", "stopped"), run.step, str(run.settings))
            for run in project.runs.all
        ],
        "ledger": [(entry.epoch, entry.case) for entry in project.runs.ledger()],
        "scores": [(score.case, score.step) for score in project.runs.scores(latest=False)],
    }


def _case(project: Project, case: Case) -> tuple[Any, ...]:
    versions = [
        (one.sha256, one.reverted, one.author)
        for one in project.labels.versions(case.name)
        # a mask that was never acknowledged may be there beside
        if one.source != RECOVERED
    ]
    teacher = case.teacher and case.teacher.name
    return (
        case.name, case.role, case.status, case.expert_sha256, teacher, case.teacher_sha256,
        versions, _work(project, case),
    )  # fmt: skip


def _work(project: Project, case: Case) -> tuple[str, str]:
    """The mask that a human goes on with, and whether something is said of it."""
    mask = draft = project.drafts.load(case.name)
    # others are as their hashes say, which verify compares
    if draft is None and not project.journal(case).exists():
        return "", ""
    if mask is None:
        volume = project.expert(case) or project.teacher(case)
        mask = np.zeros(case.shape, np.uint8) if volume is None else volume.voxels
    found = resume(project.journal(case), np.array(mask), case.version, draft=draft is not None)
    digest = hashlib.sha256(found.mask.astype(np.uint8).tobytes()).hexdigest()
    return digest[:16], found.notice


def leftovers(folder: Path) -> list[str]:
    """Files of a closed project that nobody needs, or that no row names."""
    with Project.open(folder, write=False) as project:
        rows = project.table.rows("SELECT file FROM versions UNION SELECT file FROM drafts")
    named = {row["file"] for row in rows}
    files = [path for path in folder.rglob("*") if path.is_file()]
    places = {path.relative_to(folder).as_posix(): path.name for path in files}
    return [
        place
        for place, name in places.items()
        if is_temporary(name)
        or place == "alnt.sqlite-journal"
        or (place.startswith("labels/") and name != "journal" and place not in named)
    ]


def findings(project: Project) -> list[str]:
    """What verify says."""
    return [f"{one.trouble} {one.file.name}: {one.text}" for one in verify(project)]


def remove(folder: Path) -> None:
    """Delete a folder, whatever rights its parts have."""
    shutil.rmtree(folder, ignore_errors=True)
