"""Simulated label noise follows its plan, and what is not corrupted stays good."""

import pytest
from benchmark.corruption import CORRUPTED_SHARE, WRONG_DICE, write_corrupted
from benchmark.datasets import load

from napari_alnt.data import mask_dice, read_labels


@pytest.fixture
def cases(tiny, tmp_path):
    return load(tiny, tmp_path, tmp_path).cases[:10]


def _dice(cases, masks):
    truth = {case.name: read_labels(case.truth).voxels for case in cases}
    return {
        name: mask_dice(read_labels(mask.file).voxels, truth[name]) for name, mask in masks.items()
    }


def test_three_in_ten_are_clearly_wrong_and_the_others_good(cases, tmp_path):
    masks = write_corrupted(cases, ("missed", "shifted"), 3, tmp_path / "planted")
    dice = _dice(cases, masks)
    wrong = {name for name, mask in masks.items() if mask.corruption != "none"}
    assert len(wrong) == round(CORRUPTED_SHARE * len(cases))
    assert all(dice[name] <= WRONG_DICE for name in wrong)
    assert all(dice[name] > 0.8 for name in masks.keys() - wrong)
    assert {masks[name].corruption for name in wrong} <= {"missed", "shifted"}


def test_a_seed_gives_the_same_masks_again(cases, tmp_path):
    one = write_corrupted(cases, ("missed", "dilated"), 5, tmp_path / "one")
    two = write_corrupted(cases, ("missed", "dilated"), 5, tmp_path / "two")
    assert _dice(cases, one) == _dice(cases, two)
    assert [mask.corruption for mask in one.values()] == [mask.corruption for mask in two.values()]


def test_where_one_kind_makes_nothing_wrong_another_does(cases, tmp_path):
    # one label cannot be swapped
    masks = write_corrupted(cases, ("swapped", "shifted"), 0, tmp_path / "planted")
    assert {mask.corruption for mask in masks.values()} == {"none", "shifted"}
