import math
from itertools import pairwise

import numpy as np
import pytest
from correction.volumes import CUBE, SEEDS, flood, half_up, made, parts, squared_mm, volume

from napari_alnt.correction import cut
from napari_alnt.errors import AlntError

ONE = (1.0, 1.0, 1.0)


def wall(line):
    """The pixels of a line, looked at twice a pixel, and those beside a step across a corner."""
    found = set()
    for start, end in pairwise(line):
        steps = max(math.ceil(2 * max(abs(b - a) for a, b in zip(start, end, strict=True))), 1)
        before = None
        for step in range(steps + 1):
            at = tuple(half_up(a + step / steps * (b - a)) for a, b in zip(start, end, strict=True))
            found.add(at)
            if before is not None:
                found.add((at[0], before[1]))
            before = at
    return found


def reference(mask, point, line, spacing, axis, to):
    after = mask.copy()
    own = flood(mask == mask[point], point, CUBE)
    through = wall(line)
    left = own.copy()
    for place in np.argwhere(own):
        if tuple(np.delete(place, axis).tolist()) in through:
            left[tuple(place)] = False
    pieces = sorted(parts(left, CUBE), key=lambda piece: -piece.sum())
    if len(pieces) < 2 or mask[point] in (0, 255):
        return after
    large, small = (np.argwhere(piece).tolist() for piece in pieces[:2])
    for place in np.argwhere(own).tolist():
        to_large, to_small = (
            min(squared_mm(place, at, spacing) for at in piece) for piece in (large, small)
        )
        if to_small < to_large * (1 - 1e-9):
            after[tuple(place)] = to
    return after


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_part_is_cut_as_its_distances_say(seed, axis):
    mask, spacing = volume(seed, (4, 7, 8), labels=1, ignore=seed % 2)
    mask[np.random.default_rng(seed).random(mask.shape) < 0.2] = 1
    rng = np.random.default_rng([seed, 9])
    sides = [size for other, size in enumerate(mask.shape) if other != axis]
    point = tuple(np.argwhere(mask == 1)[0].tolist())
    line = [(-1, rng.uniform(0, sides[1])), (sides[0] / 2, rng.uniform(0, sides[1]))]
    line.append((sides[0] + 1, rng.uniform(0, sides[1])))
    after = made(mask, cut(mask, point, line, spacing, axis, to=2))
    np.testing.assert_array_equal(after, reference(mask, point, line, spacing, axis, 2))


def test_a_slanted_cut_is_tight_and_the_smaller_part_goes():
    mask = np.ones((3, 20, 20), np.uint8)
    after = made(mask, cut(mask, (1, 10, 10), [(-2, 3), (22, 12)], ONE))
    assert 0 < (after == 0).sum() < after.size / 2
    # what is left and what has gone are one part each
    assert len(list(parts(after == 1, CUBE))) == len(list(parts(after == 0, CUBE))) == 1


def test_only_the_part_that_is_clicked_is_cut():
    mask = np.zeros((1, 5, 12), np.uint8)
    mask[0, 1:4, 0:5] = mask[0, 1:4, 6:12] = 1
    after = made(mask, cut(mask, (0, 2, 1), [(-1, 1), (6, 1)], ONE, to=4))
    assert (after == 4).sum() == 3
    assert (after[0, :, 6:] == mask[0, :, 6:]).all()


def test_a_line_that_does_not_divide_changes_nothing():
    mask = np.ones((2, 6, 6), np.uint8)
    for line in ([(0, 3), (3, 3)], [(-5, -5), (-5, 9)], [(3, 3)], []):
        assert cut(mask, (0, 1, 1), line, ONE).is_empty
    assert cut(mask, (0, 0, 0), [(2, -1), (2, 9)], ONE, axis=1).is_empty
    assert cut(np.zeros_like(mask), (0, 0, 0), [(2, -1), (2, 9)], ONE).is_empty
    with pytest.raises(AlntError, match="click inside"):
        cut(mask, (2, 0, 0), [(2, -1), (2, 9)], ONE)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_cut_is_only_divided(seed):
    mask, spacing = volume(seed, (4, 8, 9), labels=2, ignore=False)
    places = np.argwhere(mask == 1)
    point = tuple(places[seed % len(places)])
    own = flood(mask == 1, point, CUBE)
    after = made(mask, cut(mask, point, [(4, -1), (4, 9)], spacing, to=9))
    assert ((after != mask) <= own).all()
    assert set(np.unique(after[own])) <= {1, 9}
