"""What the tests of this room share: one set of phantoms, and the real data's folder."""

from pathlib import Path

import pytest

from napari_alnt.data import PhantomCase, write_phantoms


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> list[PhantomCase]:
    """Eight small cases; read them, never change them."""
    return write_phantoms(tmp_path_factory.mktemp("phantoms"), cases=8, shape=(32, 40, 48))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real data are not at {folder}")
    return folder
