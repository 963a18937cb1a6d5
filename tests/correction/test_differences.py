from collections import defaultdict

import numpy as np
import pytest
from correction.volumes import CUBE, SEEDS, flood, places, volume

from napari_alnt.correction import Kind, differences
from napari_alnt.correction.boxes import box_of
from napari_alnt.correction.differences import volume_text
from napari_alnt.errors import AlntError

PLANE = [step for step in CUBE if not step[0]]
ONE = (1.0, 1.0, 1.0)


def around(place, shape):
    """The eight neighbours of a voxel in its slice."""
    z, y, x = place
    for _, dy, dx in PLANE:
        if 0 <= y + dy < shape[1] and 0 <= x + dx < shape[2]:
            yield z, y + dy, x + dx


def is_solid(where, place):
    """Whether a voxel lies in a block of 2 × 2 true ones in its slice."""
    z, y, x = place
    blocks = [
        [(z, y + dy, x + dx), (z, y + dy + 1, x + dx), (z, y + dy, x + dx + 1),
         (z, y + dy + 1, x + dx + 1)]
        for dy in (-1, 0) for dx in (-1, 0)
    ]  # fmt: skip
    last = np.array(where.shape) - 1
    return any(all((np.array(at) >= 0).all() and (at <= last).all() and where[at] for at in block)
               for block in blocks)  # fmt: skip


def reference(mask, student, ignore):
    """The regions by the rule's own words, voxel by voxel: labels and voxels of each."""
    pairs = defaultdict(list)
    for place in places(mask.shape):
        pair = int(mask[place]), int(student[place])
        if pair[0] != pair[1] and ignore not in pair:
            pairs[pair].append(place)
    for pair, own in sorted(pairs.items()):
        where = np.zeros(mask.shape, bool)
        where[tuple(np.transpose(own))] = True
        solid = {place for place in own if is_solid(where, place)}
        wobble = [
            place for place in own
            if place not in solid and any(
                mask[at] == student[at] and mask[at] in pair and mask[at]
                for at in around(place, mask.shape)
            )
        ]  # fmt: skip
        left = where.copy()
        for place in wobble:
            left[place] = False
        regions = []
        while left.any():
            region = flood(left, tuple(np.argwhere(left)[0]), CUBE)
            left &= ~region
            if any(region[place] for place in solid):
                regions.append(region)
        bare = [region.copy() for region in regions]
        for place in wobble:
            for index in reversed(range(len(regions))):
                if any(bare[index][at] for at in around(place, mask.shape)):
                    regions[index][place] = True
                    break
        yield from ((pair, region) for region in regions)


def in_full(one, shape):
    found = np.zeros(shape, bool)
    found[one.box] = one.voxels
    return found


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("ignore", [255, None])
def test_the_regions_are_those_of_the_rule(seed, ignore):
    mask, spacing = volume(seed)
    student, _ = volume(seed + 1000, mask.shape, ignore=False)
    if seed % 2:
        # nearly the same, so that there is much wobble
        student = np.where(np.random.default_rng(seed).random(mask.shape) < 0.8, mask, student)
    found = differences(mask, student, spacing, ignore=ignore, min_ml=0)
    expected = list(reference(mask, student, ignore))
    key = lambda pair, region: (pair, region.tobytes())  # noqa: E731
    assert sorted(key((one.given, one.seen), in_full(one, mask.shape)) for one in found) == sorted(
        key(*one) for one in expected
    )
    for one in found:
        assert one.box == box_of(in_full(one, mask.shape))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_region_says_what_it_is(seed):
    mask, spacing = volume(seed)
    student, _ = volume(seed + 1000, mask.shape, ignore=False)
    trust = np.random.default_rng(seed).random(mask.shape)
    found = differences(mask, student, spacing, trust, min_ml=0)
    for one in found:
        where = np.argwhere(in_full(one, mask.shape))
        kinds = {(True, False): Kind.EXTRA, (False, True): Kind.MISSED, (True, True): Kind.OTHER}
        assert one.kind == kinds[one.given > 0, one.seen > 0]
        assert one.label == (one.seen or one.given)
        assert one.ml == pytest.approx(len(where) * np.prod(spacing) / 1000)
        assert one.distrust == pytest.approx(np.mean([trust[tuple(at)] for at in where]))
        assert one.centroid == pytest.approx(where.mean(axis=0))
        counts = np.bincount(where[:, 0], minlength=len(mask))
        assert one.largest == counts.argmax()
        assert one.slices == (where[:, 0].min(), where[:, 0].max())
    scores = [one.ml * one.distrust for one in found]
    assert scores == sorted(scores, reverse=True)


def disc(size, radius):
    y, x = np.ogrid[:size, :size]
    return (y - size / 2) ** 2 + (x - size / 2) ** 2 <= radius**2


@pytest.mark.parametrize("radius", [5, 7.3, 11.8])
@pytest.mark.parametrize("more", [0.5, 1])
def test_a_border_that_wobbles_by_a_voxel_is_no_difference(radius, more):
    mask = np.repeat(disc(32, radius)[None], 6, axis=0).astype(np.uint8)
    student = np.repeat(disc(32, radius + more)[None], 6, axis=0).astype(np.uint8)
    assert (mask != student).any()
    for first, second in ((mask, student), (student, mask)):
        assert differences(first, second, ONE, min_ml=0) == ()


def test_a_blob_is_cut_from_the_rim_that_it_hangs_on():
    mask = np.repeat(disc(32, 8)[None], 6, axis=0).astype(np.uint8)
    student = np.repeat(disc(32, 9)[None], 6, axis=0).astype(np.uint8)
    student[2:4, 14:18, 24:30] = 1
    (one,) = differences(mask, student, ONE)
    assert one.kind is Kind.MISSED
    assert one.slices == (2, 3)
    # the blob without what both have, and of the rim no more than what touches it
    assert 2 * 4 * 5 <= one.voxels.sum() <= 2 * (4 * 6 + 6)


def test_a_thin_structure_stays_whole_if_it_is_two_wide_somewhere():
    student = np.zeros((9, 20, 20), np.uint8)
    student[4, 10, 1:18] = 2
    assert differences(np.zeros_like(student), student, ONE, min_ml=0) == ()
    student[4, 11, 7:9] = 2
    (one,) = differences(np.zeros_like(student), student, ONE, min_ml=0)
    assert one.voxels.sum() == 19
    assert differences(np.zeros_like(student), student, ONE, min_ml=0.02) == ()


def test_a_sentence_counts_slices_as_the_window_does():
    student = np.zeros((30, 9, 9), np.uint8)
    student[17:26, 2:7, 2:7] = 1
    none = np.zeros_like(student)
    (one,) = differences(none, student, (1, 4.27, 4.27))
    assert one.sentence == "missed, 4.1 ml, slices 18–26"
    (one,) = differences(student, none, (1, 4.27, 4.27))
    assert one.sentence == "extra, 4.1 ml, slices 18–26"
    (one,) = differences(student[17:18], 2 * student[17:18], (1, 4.27, 4.27))
    assert one.sentence == "other label, 0.46 ml, slice 1"
    texts = [volume_text(ml) for ml in (0.034, 0.994, 0.996, 12.34)]
    assert texts == ["0.03 ml", "0.99 ml", "1.0 ml", "12.3 ml"]


def test_what_is_trusted_less_comes_first():
    student = np.zeros((1, 9, 30), np.uint8)
    student[0, 2:8, 2:8] = student[0, 2:6, 20:24] = 1
    none = np.zeros_like(student)
    assert [one.voxels.sum() for one in differences(none, student, ONE, min_ml=0)] == [36, 16]
    distrust = np.where(np.arange(30) < 15, 0.1, 0.9) * np.ones(student.shape)
    found = differences(none, student, ONE, distrust, min_ml=0)
    assert [one.voxels.sum() for one in found] == [16, 36]
    assert {one.distrust for one in differences(none, student, ONE, 0.4, min_ml=0)} == {0.4}


def test_voxels_of_unknown_trust_do_not_count():
    student = np.zeros((1, 6, 6), np.uint8)
    student[0, 2:5, 2:5] = 1
    distrust = np.full(student.shape, np.nan)
    (one,) = differences(np.zeros_like(student), student, ONE, distrust, min_ml=0)
    assert one.distrust == 1
    distrust[0, 2, 2:4] = 0.2, 0.4
    (one,) = differences(np.zeros_like(student), student, ONE, distrust, min_ml=0)
    assert one.distrust == pytest.approx(0.3)


def test_a_whole_volume_is_one_region_and_none_is_none():
    none = np.zeros((3, 4, 5), np.uint8)
    (one,) = differences(none, none + 1, ONE)
    assert one.voxels.shape == (3, 4, 5)
    assert one.ml == pytest.approx(0.06)
    assert differences(none, none, ONE) == ()
    assert differences(none, none + 255, ONE) == differences(none + 255, none, ONE) == ()


def test_masks_of_two_grids_are_refused():
    none = np.zeros((3, 4, 5), np.uint8)
    with pytest.raises(AlntError, match="grid of the case"):
        differences(none, none[:2], ONE)
    with pytest.raises(AlntError, match="map of distrust"):
        differences(none, none, ONE, np.zeros((3, 4, 4)))
