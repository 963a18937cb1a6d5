import dataclasses

import numpy as np
import pytest
from correction.tools import TOOLS, limits, scene
from correction.volumes import made, places

from napari_alnt.correction import NO_LIMITS, Limits, stroke, take_all
from napari_alnt.errors import AlntError

SEEDS = range(25)
CHOOSING = ("grow a region", "fill between", "copy a slice")
"""Tools whose limits also say what they do, not only where."""


def allowed(mask, own):
    """Voxels that may be changed, one by one."""
    found = np.zeros(mask.shape, bool)
    for place in places(mask.shape):
        label = int(mask[place])
        fits = own.image is None or own.low <= own.image[place] <= own.high
        found[place] = label not in own.protect and label != own.ignore and fits
    return found


def free(case, own):
    """A tool's scene without limits but those that say what it does."""
    return dataclasses.replace(case, limits=Limits(ignore=None))


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_changes_nothing_but_what_it_may(name):
    for seed in SEEDS:
        rng = np.random.default_rng([seed, 5])
        case = scene(rng)
        own = limits(rng, case.image)
        may = allowed(case.mask, own)
        np.testing.assert_array_equal(may, own.allow(case.mask, (slice(None),) * 3))
        tools = [np.random.default_rng([seed, 6]) for _ in range(2)]
        limited = made(case.mask, TOOLS[name](dataclasses.replace(case, limits=own), tools[0]))
        np.testing.assert_array_equal(limited[~may], case.mask[~may])
        if name not in CHOOSING:
            # within the limits it does the same
            whole = made(case.mask, TOOLS[name](free(case, own), tools[1]))
            np.testing.assert_array_equal(limited, np.where(may, whole, case.mask))


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_changes_something_somewhere(name):
    changed = 0
    for seed in SEEDS:
        rng = np.random.default_rng([seed, 5])
        case = scene(rng)
        changed += not TOOLS[name](case, np.random.default_rng([seed, 6])).is_empty
    assert changed >= 3


def test_what_nobody_has_labelled_is_kept_unless_told():
    mask = np.full((1, 2, 2), 255, np.uint8)
    assert take_all(mask, np.ones_like(mask)).is_empty
    assert not take_all(mask, np.ones_like(mask), Limits(ignore=None)).is_empty


def test_labels_that_are_left_alone_are_known():
    own = Limits(frozenset({0, 3}), ignore=255)
    assert [label for label in (0, 1, 3, 255) if own.keeps(label)] == [0, 3, 255]
    assert not Limits(ignore=None).keeps(255)


def test_a_range_holds_its_ends():
    mask, image = np.zeros((1, 1, 4), np.uint8), np.array([[[-1, 0, 5, 6]]])
    after = made(mask, take_all(mask, mask + 1, Limits(image=image, low=0, high=5)))
    assert after.ravel().tolist() == [0, 1, 1, 0]


def test_an_image_of_another_shape_is_refused():
    mask = np.zeros((1, 2, 3), np.uint8)
    with pytest.raises(AlntError, match="image of the mask's case"):
        take_all(mask, mask + 1, Limits(image=np.zeros((1, 2, 2))))


@pytest.mark.parametrize("label", [-1, 256])
def test_a_label_that_the_mask_cannot_hold_is_refused(label):
    mask = np.zeros((3, 3, 3), np.uint8)
    with pytest.raises(AlntError, match=f"not {label}"):
        stroke(mask, [(1, 1, 1)], label, 1.0, (1, 1, 1))
    with pytest.raises(AlntError, match=f"not {label}"):
        NO_LIMITS.put(mask, (slice(0, 3),) * 3, True, np.full(mask.shape, label))
    wide = mask.astype(np.uint16) + 300
    assert made(wide, stroke(wide, [(1, 1, 1)], 400, 0.5, (1, 1, 1)))[1, 1, 1] == 400
