import numpy as np
import pytest
from correction.volumes import SEEDS, volume

from napari_alnt.correction.boxes import (
    box_between,
    box_of,
    inside,
    label_box,
    outside,
    require_axis,
    union,
    voxel_at,
    voxels_of,
    whole,
    widen,
)
from napari_alnt.errors import AlntError


@pytest.mark.parametrize("seed", SEEDS)
def test_a_box_is_the_smallest_around_what_it_holds(seed):
    mask, _ = volume(seed)
    for label in (1, 2, 255, 9):
        places = np.argwhere(mask == label)
        if not len(places):
            assert label_box(mask, label) is None
            assert box_of(mask == label) is None
            continue
        expected = tuple(slice(a, b + 1) for a, b in zip(places.min(0), places.max(0), strict=True))
        assert label_box(mask, label) == box_of(mask == label) == expected


def test_boxes_are_cut_at_the_border():
    shape = (4, 5, 6)
    assert widen((slice(1, 2), slice(0, 5), slice(5, 6)), (2, 1, 1), shape) == (
        slice(0, 4), slice(0, 5), slice(4, 6),
    )  # fmt: skip
    assert box_between((-1.5, 0.5, 2.0), (1.5, 3.9, 2.0), shape) == (
        slice(0, 2), slice(1, 4), slice(2, 3),
    )  # fmt: skip
    assert not voxels_of(box_between((7, 0, 0), (9, 1, 1), shape))
    assert voxels_of(whole(shape)) == 120


def test_a_box_within_a_box_comes_back():
    outer, inner = (slice(2, 9), slice(3, 9), slice(1, 9)), (slice(3, 4), slice(5, 8), slice(1, 2))
    assert outside(outer, inside(inner, outer)) == inner
    assert union(inner, outer) == outer
    nothing = (slice(0, 0),) * 3
    assert union(nothing, inner) == union(inner, nothing) == inner


def test_a_place_is_a_voxel_of_the_mask_or_refused():
    assert voxel_at((0.4, 1.5, -0.5), (2, 3, 1)) == (0, 2, 0)
    for point in ((-0.6, 0, 0), (0, 0, 0.5)):
        with pytest.raises(AlntError, match="click inside"):
            voxel_at(point, (2, 3, 1))
    with pytest.raises(AlntError, match="axes"):
        require_axis(3)
