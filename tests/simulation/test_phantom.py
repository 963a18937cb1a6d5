import json
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from napari_alnt.data import read_labels, read_volume, sha256
from napari_alnt.simulation import CLEAN, CORRUPTIONS, PhantomCase, write_phantoms


def mean_dice(a: Path, b: Path) -> float:
    first, second = read_labels(a).voxels.ravel(), read_labels(b).voxels.ravel()
    scores = []
    for value in (1, 2):
        both = sum(
            1 for x, y in zip(first.tolist(), second.tolist(), strict=True) if x == y == value
        )
        scores.append(2 * both / (first.tolist().count(value) + second.tolist().count(value)))
    return sum(scores) / 2


def test_corrupted_masks_are_clearly_worse_than_clean_ones(tmp_path: Path) -> None:
    cases = write_phantoms(tmp_path, cases=16, shape=(40, 48, 56))
    good = [mean_dice(case.teacher, case.truth) for case in cases if case.corruption == CLEAN]
    bad = [mean_dice(case.teacher, case.truth) for case in cases if case.corruption != CLEAN]
    assert len(good) == len(bad) == 8
    assert min(good) > max(bad) + 0.1
    assert {case.corruption for case in cases} == {CLEAN, *CORRUPTIONS}
    table = json.loads((tmp_path / "corruption.json").read_text())
    assert all(
        abs(table[case.name]["dice"] - mean_dice(case.teacher, case.truth)) < 1e-3
        for case in cases[:3]
    )


def test_they_look_like_chests_in_hounsfield_units(phantoms: list[PhantomCase]) -> None:
    axes = set()
    for case in phantoms:
        volume, truth = read_volume(case.image), read_labels(case.truth)
        axes.add("".join(nib.aff2axcodes(nib.load(case.image).affine)))
        assert volume.grid.matches(truth.grid)
        voxels, labels = volume.voxels, truth.voxels
        assert voxels.dtype == np.int16
        assert set(np.unique(labels)) == {0, 1, 2}
        assert -700 < np.median(voxels[labels == 1]) < -400
        assert -250 < np.median(voxels[labels == 2]) < 80
        lung = (voxels > -950) & (voxels < -700)
        assert 0.08 < lung.mean() < 0.4
        _, y, x = voxels.shape  # bone behind
        spine = voxels[:, y // 2 :, x // 2 - 2 : x // 2 + 2]
        assert np.percentile(spine, 90) > 150
    assert axes == {"LPS", "RAS"}


def test_a_seed_gives_the_same_files(tmp_path: Path, phantoms: list[PhantomCase]) -> None:
    again = write_phantoms(tmp_path / "a", cases=2, shape=(32, 40, 48))
    other = write_phantoms(tmp_path / "b", cases=1, shape=(32, 40, 48), seed=1)
    for case, first in zip(again, phantoms, strict=False):
        assert (sha256(case.image), sha256(case.teacher)) == (
            sha256(first.image),
            sha256(first.teacher),
        )
    assert sha256(other[0].image) != sha256(phantoms[0].image)


def test_only_as_many_masks_are_corrupted_as_asked_for(tmp_path: Path) -> None:
    cases = write_phantoms(tmp_path, cases=6, shape=(24, 28, 32), corrupted=1)
    assert [case.corruption for case in cases] == [CLEAN, "missed", *[CLEAN] * 4]


def test_a_case_enters_a_project_with_or_without_its_truth(phantoms: list[PhantomCase]) -> None:
    case = phantoms[0]
    pool, expert = case.files(), case.files(expert=True)
    assert (pool.name, pool.image, pool.teacher) == (case.name, case.image, case.teacher)
    assert pool.expert is None
    assert expert.expert == case.truth


def test_lesions_lie_in_the_lungs_and_hold_their_core(phantoms: list[PhantomCase]) -> None:
    for case in phantoms:
        labels = read_labels(case.truth).voxels
        inner = ndimage.binary_erosion(labels > 0)
        # consolidation is what a lesion has inside, so it is rarer at the edge
        edge = (labels > 0) & ~inner
        assert (labels[inner] == 2).mean() > (labels[edge] == 2).mean()
