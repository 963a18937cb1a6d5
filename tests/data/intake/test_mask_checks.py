"""Labels that cannot be meant are refused or said; labels of real masks are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data.files import SHAPE, write_cases

from napari_alnt.data import CaseFiles, Grid, mask_notices, read_labels, write_image, write_labels
from napari_alnt.data.intake.create import check_cases
from napari_alnt.data.intake.mask_checks import require_structure
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings


def as_255(labels):
    return labels * 255


def halves(labels):
    """Two structures with the largest values, as FreeSurfer has them."""
    return np.where(labels == 0, 0, np.where(np.arange(24)[:, None, None] < 12, 251, 255))


def notices(cases, **options):
    settings = Settings(**options.pop("settings", {}))
    return check_cases(cases, settings=settings, **options).notices


# the ignore label as a structure ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"expert": as_255, "teacher": as_255}, "4 cases.*'c4'.*teacher's.* 0 and 255"),
        ({"teacher": as_255}, r"'c4', 'c5', 'c6' and 1 more\) the teacher's"),
        ({"expert": as_255}, "'c0'.*expert's"),
        ({"expert": as_255, "only": (0,)}, "In case 'c0' the expert's"),
        ({"teacher": as_255, "only": (6,)}, "In case 'c6' the teacher's"),
        ({"teacher": lambda labels: labels | 255, "only": (6,)}, "'c6'.*no value but 255,"),
    ],
)
def test_masks_of_0_and_255_are_refused_by_name(tmp_path, changes, says):
    with pytest.raises(AlntError, match=says) as raised:
        check_cases(write_cases(tmp_path, **changes))
    assert "ignore label" in str(raised.value)
    assert "--ignore-label" in str(raised.value)


def test_masks_of_0_and_255_are_taken_with_another_ignore_label(tmp_path):
    cases = write_cases(tmp_path, expert=as_255, teacher=as_255)
    checked = check_cases(cases, settings=Settings(ignore_label=254))
    assert checked.names == {255: "label 255"}
    assert checked.notices == ()


def unlabelled_slices(labels):
    labels = labels.copy()
    labels[:7] = 255
    return labels


def outside_a_box(labels):
    found = np.full_like(labels, 255)
    found[2:-2, 2:-2, 2:-2] = labels[2:-2, 2:-2, 2:-2]
    return found


@pytest.mark.parametrize("change", [unlabelled_slices, outside_a_box])
@pytest.mark.parametrize("holds", [0, 1])
def test_what_nobody_has_labelled_may_be_255(tmp_path, change, holds):
    """Also where the teacher found nothing in what it looked at."""
    cases = write_cases(tmp_path, teacher=lambda labels: change(labels * holds), only=(5,))
    found = notices(cases)
    assert [notice.cases for notice in found] == ([] if holds else [("c5",)])
    assert all("no structure beside the ignore label 255" in one.text for one in found)


def test_a_teacher_whose_masks_are_all_unlabelled_is_refused(tmp_path):
    cases = write_cases(tmp_path, teacher=lambda labels: unlabelled_slices(labels * 0))
    with pytest.raises(AlntError, match=r"'c4'.*ignore label"):
        check_cases(cases)


def test_the_ignore_label_among_structures_is_said(tmp_path):
    found = notices(write_cases(tmp_path, expert=halves, teacher=halves))
    assert [notice.cases for notice in found] == [
        ("c0", "c1", "c2", "c3"), ("c4", "c5", "c6", "c7")
    ]  # fmt: skip
    for notice in found:
        assert "255, the ignore label" in notice.text
        assert "--ignore-label" in notice.cure
    assert notices(write_cases(tmp_path, expert=halves), settings={"ignore_label": 0})


@pytest.mark.parametrize("ignore_label", [2, 255])
def test_one_mask_is_judged_as_those_of_a_project(ignore_label):
    labels = np.zeros((12, 12, 12), np.uint8)
    require_structure(labels, ignore_label, "The mask")
    labels[3:6, 3:6, 3:6] = ignore_label
    with pytest.raises(AlntError, match=f"^The mask holds no value but 0 and {ignore_label}"):
        require_structure(labels, ignore_label, "The mask")
    (notice,) = mask_notices(labels, {1: "a"}, ignore_label)
    assert "no structure beside" in notice.text
    labels[4, 4, 4] = 1
    require_structure(labels, ignore_label, "The mask")
    (notice,) = mask_notices(labels, {1: "a"}, ignore_label)
    assert str(notice).startswith(f"The mask has parts of the value {ignore_label}")
    labels[0] = ignore_label
    assert mask_notices(labels, {1: "a"}, ignore_label) == ()
    (notice,) = mask_notices(labels, {7: "a"}, ignore_label)
    assert str(notice).startswith("The mask has label 1, which is none of the project's;")
    require_structure(labels[0], ignore_label, "of another shape, which is refused elsewhere")


# numbered objects and probabilities ---------------------------------------------------------------


def numbered(count):
    """Objects of two voxels in x, numbered from 1 up."""

    def change(labels):
        found = np.zeros(SHAPE, np.int32)
        places = found.reshape(-1, 2)[: 2 * count : 2]
        places[:] = np.arange(1, count + 1)[:, None]
        return found

    return change


def test_many_labels_are_asked_about(tmp_path):
    cases = write_cases(tmp_path, expert=numbered(200), teacher=numbered(200))
    found = [str(notice) for notice in notices(cases)]
    assert sum("number objects" in said for said in found) == 2
    named = {value: f"organ {value}" for value in range(1, 201)}
    assert not any("number objects" in str(one) for one in notices(cases, labels=named))


def test_a_label_that_is_an_id_is_asked_about(tmp_path):
    cases = write_cases(tmp_path, teacher=lambda labels: labels.astype(np.int32) * 10**8, only=(6,))
    assert any(one.cases == ("c6",) and "number objects" in one.text for one in notices(cases))


def test_labels_from_1_up_to_another_number_in_each_mask_are_asked_about(tmp_path):
    counts = iter([3, 12, 5, 9, 4, 11, 7, 8])
    change = lambda labels: numbered(next(counts))(labels)  # noqa: E731
    found = notices(write_cases(tmp_path, expert=change, teacher=change))
    assert any("labels from 1 up to 12" in str(notice) for notice in found)
    same = write_cases(tmp_path, expert=numbered(12), teacher=numbered(12))
    assert notices(same, settings={"spacing": (2.0, 1.5, 1.5)}) == ()


@pytest.mark.parametrize("largest", [100, 250])
def test_a_map_of_probabilities_is_no_mask(tmp_path, largest):
    def change(labels):
        distance = np.linalg.norm(np.indices(SHAPE) - 12, axis=0)
        return (largest * np.exp(-distance / 5)).astype(np.uint8)

    found = notices(write_cases(tmp_path, teacher=change))
    assert any("probabilities" in one.text and one.cases[0] == "c4" for one in found)


# one side alone -----------------------------------------------------------------------------------


def with_core(labels):
    labels = labels.copy()
    labels[12, 12, 10:14] = 2
    return labels


def test_a_structure_that_one_side_never_draws_is_said(tmp_path):
    (notice,) = notices(write_cases(tmp_path, expert=with_core), labels={1: "ball", 2: "core"})
    assert str(notice).startswith("The expert masks have label 2 ('core'), which no teacher mask")
    (notice,) = notices(write_cases(tmp_path, teacher=with_core, only=(5,)))
    assert str(notice).startswith("The teacher masks have label 2, which no expert mask has;")
    both = notices(write_cases(tmp_path, teacher=lambda labels: labels * 2))
    assert len(both) == 2
    assert notices(write_cases(tmp_path, expert=with_core, teacher=with_core)) == ()


def test_without_a_teacher_nothing_is_said_of_it(tmp_path):
    cases = [
        CaseFiles(case.name, case.image, expert=case.expert)
        for case in write_cases(tmp_path, expert=with_core)
    ]
    assert notices(cases) == ()


def test_a_named_label_that_no_mask_has_is_said(tmp_path):
    (notice,) = notices(write_cases(tmp_path), labels={1: "ball", 7: "vessel"})
    assert "No mask has label 7 ('vessel')" in str(notice)


# the training spacing -----------------------------------------------------------------------------


def with_nodule(labels):
    labels = labels.copy()
    labels[1, 1, 1:3] = 2
    return labels


def test_a_structure_below_the_training_spacing_is_said(tmp_path):
    cases = write_cases(tmp_path, expert=with_nodule, teacher=with_nodule)
    coarse = {"spacing": (6.0, 6.0, 6.0)}
    (notice,) = notices(cases, labels={1: "ball", 2: "nodule"}, settings=coarse)
    assert len(notice.cases) == 8
    assert "label 2 ('nodule') is smaller than a voxel" in notice.text
    assert "6 × 6 × 6 mm" in notice.text
    assert notices(cases, settings={"spacing": (2.0, 1.5, 1.5)}) == ()
    assert notices(cases) == ()


def test_labels_that_vanish_are_one_notice(tmp_path):
    def specks(labels):
        labels = labels.copy()
        labels[1, 1, 1:22:3] = np.arange(2, 9)
        return labels

    cases = write_cases(tmp_path, expert=specks, teacher=specks)
    (notice,) = notices(cases, settings={"spacing": (6.0, 6.0, 6.0)})
    assert "label 2, label 3, label 4, label 5, label 6 and 2 more are smaller" in notice.text
    assert notice.text.endswith("and vanish")


def test_without_a_spacing_the_median_is_taken(tmp_path):
    fine = write_cases(tmp_path / "fine", 2, 0, teacher=with_nodule, spacing=(1, 1, 1), name="f{}")
    coarse = write_cases(tmp_path / "coarse", 8, 4, spacing=(3, 3, 3))
    found = notices([*fine, *coarse])
    assert any(one.cases == ("f0", "f1") and "3 × 3 × 3 mm" in one.text for one in found)


def test_a_structure_of_many_voxels_may_be_below_the_spacing_too(tmp_path):
    grid = Grid.new((48, 48, 48), (0.5, 0.5, 0.5))
    for number in range(2):
        image = np.random.default_rng(number).normal(-500, 300, (48, 48, 48)).astype(np.int16)
        labels = np.zeros((48, 48, 48), np.uint8)
        labels[10:24, 10:24, 10:24] = 1
        write_image(tmp_path / f"c{number}.nii.gz", image, grid)
        write_labels(tmp_path / f"m{number}.nii.gz", labels, grid)
    cases = [
        CaseFiles(f"c{n}", tmp_path / f"c{n}.nii.gz", expert=tmp_path / f"m{n}.nii.gz")
        for n in range(2)
    ]
    (notice,) = notices(cases, settings={"spacing": (12.0, 12.0, 12.0)})
    assert notice.cases == ("c0", "c1")
    assert "vanishes" in notice.text


def test_parts_that_are_left_by_chance_count_as_lost(tmp_path):
    grid = Grid.new((40, 40, 40), (1.0, 1.0, 1.0))
    image = np.random.default_rng(0).normal(-500, 300, (40, 40, 40)).astype(np.int16)
    specks, thick = np.zeros((2, 40, 40, 40), np.uint8)
    specks[1::4, 1::4, 1::4] = 1
    thick[10:16, 10:16, 10:16] = 1
    for name, labels in (("specks", specks), ("thick", thick)):
        write_image(tmp_path / f"{name}.nii.gz", image + len(name), grid)
        write_labels(tmp_path / f"{name}_mask.nii.gz", labels, grid)
    cases = [
        CaseFiles(name, tmp_path / f"{name}.nii.gz", expert=tmp_path / f"{name}_mask.nii.gz")
        for name in ("specks", "thick")
    ]
    (notice,) = notices(cases, settings={"spacing": (3.0, 3.0, 3.0)})
    assert notice.cases == ("specks",)


# real masks ---------------------------------------------------------------------------------------


def test_nothing_is_said_of_masks_of_real_organs(shared):
    names = {value: f"organ {value}" for value in range(1, 118)}
    seen = 0
    for path in sorted((shared / "chest_ct_demo").glob("*label*.nii.gz")):
        seen += 1
        assert mask_notices(read_labels(path).voxels, names, 255) == (), path
    assert seen > 5


def test_real_probabilities_are_recognised(shared):
    path = next(iter(sorted((shared / "covid_ct_seg20/slab256/teacher_prob").glob("*.nii.gz"))))
    found = mask_notices(read_labels(path, ignore_label=1000).voxels, {}, 1000)
    assert any("probabilities" in notice.text for notice in found)


def test_unlabelled_slices_of_a_real_teacher_are_not_said(shared):
    folder = shared / "covid_ct_seg20" / "full128" / "teacher"
    for path in sorted(folder.glob("*.nii.gz"))[:4]:
        labels = read_labels(Path(path)).voxels
        assert (labels == 255).any()
        assert mask_notices(labels, {1: "lesion"}, 255) == ()
        require_structure(np.where(labels == 1, 0, labels), 255, "The mask")
