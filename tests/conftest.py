"""A small project for tests: bright balls in noise, with teacher masks of which some are wrong."""

from __future__ import annotations

import contextlib
import functools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from napari_alnt.data import CaseFiles, Grid, Project, write_image, write_labels
from napari_alnt.settings import Settings
from napari_alnt.simulation import PhantomCase, write_phantoms

SHAPE = (24, 28, 26)
TINY = Settings(
    patch=(16, 16, 16),
    batch=2,
    expert_batch=2,
    epochs=2,
    steps_per_epoch=3,
    test_every=2,
    rank_every=2,
    teacher_steps=4,
    prefetch_cases=1,
    threads=1,
)


@pytest.fixture(scope="session", autouse=True)
def _config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is kept for a user lies in a temporary folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NAPARI_ALNT_CONFIG", str(tmp_path_factory.mktemp("config")))
        yield


@dataclass(frozen=True)
class Balls:
    """A project folder and the true mask of every case in it."""

    folder: Path
    truth: dict[str, Path]
    wrong: tuple[str, ...]

    def true_labels(self, case: str) -> np.ndarray:
        from napari_alnt.data import read_labels

        return read_labels(self.truth[case]).voxels


def ball(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(9, 15, 3)
    distance = np.linalg.norm(np.indices(SHAPE) - centre[:, None, None, None], axis=0)
    labels = (distance < 6).astype(np.uint8)
    image = rng.normal(-700, 60, SHAPE) + 650.0 * labels
    return image.astype(np.int16), labels


def make_balls(
    folder: Path,
    pool: int = 4,
    experts: int = 4,
    taught: bool = True,
    settings: Settings = TINY,
    **roles: int,
) -> Balls:
    """``experts`` cases with a true mask, ``pool`` cases with a teacher mask, every second one of
    them shifted.
    """
    files, truth, wrong = [], {}, []
    (folder / "files").mkdir(parents=True)
    for number in range(experts + pool):
        name = f"ball_{number:02d}"
        image, labels = ball(number)
        grid = Grid.new(SHAPE, (3.0, 2.5, 2.0), axes="RAS")
        paths = {
            kind: folder / "files" / f"{name}_{kind}.nii.gz"
            for kind in ("image", "truth", "teacher")
        }
        write_image(paths["image"], image, grid)
        write_labels(paths["truth"], labels, grid)
        if number >= experts and number % 2:
            wrong.append(name)
        write_labels(paths["teacher"], np.roll(labels, 7 if name in wrong else 0, axis=2), grid)
        truth[name] = paths["truth"]
        expert = paths["truth"] if number < experts else None
        teacher = paths["teacher"] if taught and not expert else None
        files.append(CaseFiles(name, paths["image"], teacher=teacher, expert=expert))
    roles = roles or {"reference": experts // 2, "test": experts - experts // 2}
    Project.create(
        folder / "project", files, settings=settings, labels={1: "ball"}, **roles
    ).close()
    return Balls(folder / "project", truth, tuple(wrong))


@pytest.fixture(scope="session")
def _balls(tmp_path_factory: pytest.TempPathFactory) -> Balls:
    return make_balls(tmp_path_factory.mktemp("template") / "balls")


@pytest.fixture
def balls(_balls: Balls, tmp_path: Path) -> Balls:
    """A fresh copy of the small project: 2 reference, 2 test, 4 in the pool."""
    shutil.copytree(_balls.folder.parent, tmp_path / "balls")
    truth = {name: tmp_path / "balls" / "files" / path.name for name, path in _balls.truth.items()}
    _take_along(_balls.folder.parent, tmp_path / "balls")
    return Balls(tmp_path / "balls" / "project", truth, _balls.wrong)


def _take_along(old: Path, new: Path) -> None:
    """Let a copied project forget where it was copied from, or a file changed in the copy would be
    looked for there.
    """
    with contextlib.closing(sqlite3.connect(new / "project" / "alnt.sqlite")) as table:
        for kind in ("image", "teacher", "expert"):
            table.execute(f"UPDATE cases SET {kind} = replace({kind}, ?, ?)", (str(old), str(new)))
        table.commit()


@pytest.fixture
def new_balls(tmp_path: Path) -> Callable[..., Balls]:
    """Makes a small project with other numbers or roles."""
    return functools.partial(make_balls, tmp_path / "new")


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> list[PhantomCase]:
    """Eight small cases; read them, never change them."""
    return write_phantoms(tmp_path_factory.mktemp("phantoms"), cases=8, shape=(32, 40, 48))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real data are not at {folder}")
    return folder
