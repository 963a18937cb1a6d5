"""A small picture of a case."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data import CaseFiles, Grid, write_image, write_labels
from napari_alnt.data.images.thumbnail import border, picture_size, telling_slice, thumbnail
from napari_alnt.errors import AlntError

SHAPE = (6, 20, 10)


@pytest.fixture
def case(tmp_path):
    """Voxels of 3 × 1 × 2 mm, so that a slice is square; a ball's cut in slice 4 of 6."""
    grid = Grid.new(SHAPE, (3, 1, 2), axes="RAS")
    image = np.zeros(SHAPE, np.int16)
    image[:, :10] = 100  # bright in front
    mask = np.zeros(SHAPE, np.uint8)
    mask[4, 2:10, 2:6] = 3
    mask[0] = 255
    write_image(tmp_path / "a.nii.gz", image, grid)
    write_labels(tmp_path / "m.nii.gz", mask, grid)
    return CaseFiles("a", tmp_path / "a.nii.gz", expert=tmp_path / "m.nii.gz")


def test_it_is_in_its_right_proportion_and_the_right_way_up(case):
    made = thumbnail(case, 200, 100)
    assert made.grey.shape == made.outline.shape == (100, 100)
    assert made.grey.dtype == np.uint8
    assert made.grey[:40].mean() > 200 > 50 > made.grey[60:].mean()


def test_it_shows_the_structure_nearest_to_the_middle(case):
    made = thumbnail(case, 100, 100)
    assert str(made) == "a · slice 5 of 6 · expert mask outlined"
    assert set(np.unique(made.outline)) == {0, 3}
    rows, columns = np.nonzero(made.outline)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 49, 20, 59)
    assert made.outline[30, 40] == 0  # only the border


def test_without_a_mask_it_is_the_middle(case):
    made = thumbnail(CaseFiles("a", case.image), 100, 100)
    assert str(made) == "a · slice 4 of 6 · no mask"
    assert not made.outline.any()


def test_a_mask_on_another_grid_is_refused(case, tmp_path):
    grid = Grid.new((6, 20, 9), (3, 1, 2), axes="RAS")
    write_labels(case.expert, np.zeros((6, 20, 9), np.uint8), grid)
    with pytest.raises(AlntError, match="does not lie on the grid"):
        thumbnail(case, 100, 100)


def test_an_image_of_one_grey_value_is_shown(case):
    grid = Grid.new(SHAPE, (3, 1, 2), axes="RAS")
    write_image(case.image, np.full(SHAPE, 7, np.int16), grid)
    assert thumbnail(case, 50, 50).grey.max() == 0


@pytest.mark.parametrize(
    ("shape", "spacing", "size"),
    [
        ((512, 512), (5, 1, 1), (100, 100)),
        ((10, 40), (1, 4, 1), (100, 100)),
        ((1, 999), (1, 1, 1), (1, 200)),
    ],
)
def test_a_slice_fills_its_room(shape, spacing, size):
    assert picture_size(shape, spacing, 200, 100) == size


def test_a_mask_without_a_structure_tells_the_middle():
    labels = np.full((9, 2, 2), 255)
    assert telling_slice(labels, 255) == 4


def test_a_border_is_drawn_inside_and_not_at_the_edge_of_the_picture():
    labels = np.zeros((5, 5), int)
    labels[1:4, 2:] = 2
    assert border(labels).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 2, 2, 2],
        [0, 0, 2, 0, 0],
        [0, 0, 2, 2, 2],
        [0, 0, 0, 0, 0],
    ]  # fmt: skip
