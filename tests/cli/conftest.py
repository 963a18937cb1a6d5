"""A project with a trained student, made once for the tests that only need its numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli.shell import run
from conftest import make_balls


@pytest.fixture(scope="session")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    balls = make_balls(tmp_path_factory.mktemp("trained") / "balls")
    assert run("train", balls.folder) == 0
    return balls.folder


@pytest.fixture
def trained(_trained: Path, tmp_path: Path) -> Path:
    """A fresh copy of the small project with a student, two rankings and a test curve."""
    shutil.copytree(_trained.parent, tmp_path / "trained")
    return tmp_path / "trained" / _trained.name
