import numpy as np
import pytest
from correction.volumes import CROSS as SIDES
from correction.volumes import CUBE as ALL
from correction.volumes import SEEDS, flood, parts, volume

from napari_alnt.correction.boxes import box_of
from napari_alnt.correction.components import CROSS, component_at, parts_of


@pytest.mark.parametrize("seed", SEEDS)
def test_a_component_is_what_a_flood_reaches(seed, monkeypatch):
    # so small a first look that it has to be widened
    monkeypatch.setattr("napari_alnt.correction.components.START", 1)
    mask, _ = volume(seed)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        place = tuple(int(rng.integers(size)) for size in mask.shape)
        expected = flood(mask == mask[place], place, ALL)
        box, voxels = component_at(mask, place)
        assert box == box_of(expected)
        np.testing.assert_array_equal(voxels, expected[box])


def test_a_long_part_is_found_to_its_end():
    mask = np.zeros((3, 100, 3), np.uint8)
    mask[1, 2:99, 1] = 1
    box, voxels = component_at(mask, (1, 3, 1))
    assert box == (slice(1, 2), slice(2, 99), slice(1, 2))
    assert voxels.all()


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_are_numbered_in_scan_order(seed):
    mask, _ = volume(seed)
    for structure, steps in (({}, ALL), ({"structure": CROSS}, SIDES)):
        found, count = parts_of(mask == 1, **structure)
        expected = list(parts(mask == 1, steps))
        assert count == len(expected)
        for number, own in enumerate(expected, 1):
            np.testing.assert_array_equal(found == number, own)
