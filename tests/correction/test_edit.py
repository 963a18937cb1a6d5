import numpy as np
import pytest
from correction.volumes import SEEDS, made, volume
from hypothesis import given, settings
from hypothesis import strategies as st
from robustness import undo

from napari_alnt.correction import Edit
from napari_alnt.correction.boxes import whole
from napari_alnt.data.strokes.journal import resume
from napari_alnt.data.strokes.journal_mask import apply, slice_sums
from napari_alnt.data.strokes.journal_mirror import Change, Mirror
from napari_alnt.errors import AlntError


def random_edit(mask, rng):
    after = mask.copy()
    part = tuple(slice(*sorted(rng.integers(0, size + 1, 2))) for size in mask.shape)
    after[part] = rng.integers(0, 4, after[part].shape)
    return Edit.of(mask, whole(mask.shape), after), after


@pytest.mark.parametrize("seed", SEEDS)
def test_an_edit_leads_there_and_back(seed):
    mask, _ = volume(seed)
    edit, after = random_edit(mask, np.random.default_rng(seed))
    np.testing.assert_array_equal(made(mask, edit), after)
    assert edit.voxels == np.count_nonzero(mask != after)


def test_an_edit_of_nothing_is_empty():
    mask = np.ones((2, 3, 4), np.uint16)
    edit = Edit.of(mask, whole(mask.shape), mask.copy())
    assert edit.is_empty
    assert edit.voxels == 0
    np.testing.assert_array_equal(made(mask, edit), mask)


def test_an_edit_keeps_values_of_its_own():
    mask = np.zeros((2, 3, 4), np.uint8)
    after = mask.copy()
    after[1, 1, 1] = 3
    edit = Edit.of(mask, whole(mask.shape), after)
    mask[:], after[:] = 7, 8
    assert (edit.before.tolist(), edit.after.tolist()) == ([[[0]]], [[[3]]])


def test_what_was_painted_meanwhile_beside_it_is_kept():
    mask = np.zeros((1, 3, 3), np.uint8)
    after = mask.copy()
    after[0, 0, 0] = after[0, 2, 2] = 1
    edit = Edit.of(mask, whole(mask.shape), after)
    mask[0, 1, 1] = 2
    edit.apply(mask)
    assert mask[0].tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 1]]
    mask[0, 2, 2] = 3
    with pytest.raises(AlntError, match="repeat the step"):
        edit.undo(mask)
    assert mask[0, 0, 0] == 1  # nothing is changed where it is refused


def test_an_edit_of_another_mask_is_refused():
    mask = np.zeros((1, 3, 3), np.uint8)
    edit = Edit.of(mask, whole(mask.shape), mask + 1)
    for other in (np.zeros((1, 2, 3), np.uint8), np.zeros((1, 3, 3), np.uint16)):
        with pytest.raises(AlntError, match="another size or type"):
            edit.apply(other)


@pytest.mark.parametrize("seed", range(20))
def test_merged_edits_do_what_both_do(seed):
    mask, _ = volume(seed)
    rng = np.random.default_rng([seed, 2])
    first, between = random_edit(mask, rng)
    second, after = random_edit(between, rng)
    np.testing.assert_array_equal(made(mask, first.merge(second)), after)


@pytest.mark.parametrize("seed", SEEDS)
def test_three_merged_edits_do_what_all_do(seed):
    mask, _ = volume(seed)
    rng = np.random.default_rng([seed, 3])
    first, between = random_edit(mask, rng)
    second, later = random_edit(between, rng)
    third, after = random_edit(later, rng)
    np.testing.assert_array_equal(made(mask, first.merge(second).merge(third)), after)
    np.testing.assert_array_equal(made(mask, first.merge(second.merge(third))), after)


def test_an_edit_and_its_reverse_merge_to_nothing():
    mask = np.zeros((2, 3, 4), np.uint8)
    there = Edit.of(mask, whole(mask.shape), mask + 1)
    back = Edit.of(mask + 1, whole(mask.shape), mask)
    assert there.merge(back).is_empty


def test_edits_that_do_not_follow_each_other_do_not_merge():
    mask = np.zeros((2, 3, 4), np.uint8)
    one = Edit.of(mask, whole(mask.shape), mask + 1)
    with pytest.raises(AlntError, match="repeat the step"):
        one.merge(Edit.of(mask, whole(mask.shape), mask + 2))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(undo.MOVES), min_size=1, max_size=25), st.integers(0, 2**32))
def test_a_history_of_tools_goes_back_and_forth_exactly(moves, seed):
    assert undo.play(moves, seed) == ""


def test_a_history_that_forgets_a_voxel_is_noticed(monkeypatch):
    def undo_most(edit, mask):
        part = mask[edit.box]
        part[edit.changed] = edit.before[edit.changed]
        part[..., -1] = edit.after[..., -1]

    monkeypatch.setattr(Edit, "undo", undo_most)
    assert undo.run(20, 0).failures["other mask"] > 5


@pytest.mark.parametrize("seed", SEEDS)
def test_an_edit_is_one_step_of_the_journal(seed, tmp_path):
    mask, _ = volume(seed)
    edit, after = random_edit(mask, np.random.default_rng(seed))
    mirror = Mirror(resume(tmp_path / "journal", mask.copy(), 0, draft=False))
    values = edit.after[edit.changed]
    payload, voxels = mirror.change([Change(edit.box, edit.changed, values)])
    assert voxels == edit.voxels
    replayed, sums = mask.copy(), slice_sums(mask)
    apply(replayed, sums, payload)
    np.testing.assert_array_equal(replayed, after)
