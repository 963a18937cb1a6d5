"""A small project for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from napari_alnt.data import Project
from napari_alnt.events import CaseScored
from napari_alnt.simulation import PhantomCase


@pytest.fixture
def make_project(phantoms: list[PhantomCase]) -> Callable[..., Project]:
    """Makes a project of eight phantoms in a folder; the first four have an expert mask."""

    def make(folder: Path, **options: object) -> Project:
        cases = [case.files(expert=index < 4) for index, case in enumerate(phantoms)]
        return Project.create(folder, cases, **options)

    return make


@pytest.fixture
def project(tmp_path: Path, make_project: Callable[..., Project]) -> Iterator[Project]:
    """That project, open for writing: 2 reference, 2 test, 4 in the pool."""
    with make_project(tmp_path / "project") as made:
        yield made


@pytest.fixture
def scored(project: Project) -> Callable[..., CaseScored]:
    """Scores of a case for the mask that it has now."""

    def score(case: str, step: int = 1) -> CaseScored:
        mask = project.case(case).label_sha256
        return CaseScored(case, step, mask_sha256=mask, scores={"loss": 0.25, "dice": 0.5})

    return score
