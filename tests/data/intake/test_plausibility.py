"""Files that can be read and cannot be meant are said; those of real patients are not."""

from __future__ import annotations

import dataclasses

import nibabel as nib
import numpy as np
import pytest
from data.files import write_cases

from napari_alnt.data import CaseFiles, Implausible, Project, read_volume
from napari_alnt.data.intake.contents import image_content
from napari_alnt.data.intake.create import check_cases
from napari_alnt.data.intake.plausibility import _hu
from napari_alnt.errors import AlntError
from napari_alnt.settings import WINDOWS, Settings


def notices(cases, **settings):
    return check_cases(cases, settings=Settings(**settings)).notices


# grey values --------------------------------------------------------------------------------------


def offset(voxels):
    return (voxels + 1024).clip(0, 4095).astype(np.uint16)


def mr(voxels):
    return ((voxels + 900) * 1.1).clip(0).astype(np.int16)


def unit(voxels):
    return ((voxels + 1000) / 2000).astype(np.float32)


def standard(voxels):
    return ((voxels - voxels.mean()) / voxels.std()).astype(np.float32)


def bytes_of(voxels):
    return ((voxels + 1000) / 8).clip(0, 255).astype(np.uint8)


def padded_offset(voxels):
    voxels = voxels + 1024
    voxels[:5] = -2000
    return voxels


@pytest.mark.parametrize("change", [offset, mr, unit, standard, bytes_of, padded_offset])
@pytest.mark.parametrize("only", [None, (1, 5)])
def test_grey_values_that_are_no_hu_are_said_of_their_cases(tmp_path, change, only):
    (notice,) = notices(write_cases(tmp_path, image=change, only=only))
    assert notice.cases == (("c1", "c5") if only else tuple(f"c{n}" for n in range(8)))
    assert "no HU" in notice.text
    assert "--window percentile" in notice.cure


def test_how_much_lies_beyond_the_window_is_said(tmp_path):
    (notice,) = notices(write_cases(tmp_path, image=offset, only=(2,)))
    assert "99 % of the voxels lie beyond the window 'lung' (-1350 to 150)" in notice.text


def test_a_window_that_shows_next_to_nothing_is_said(tmp_path):
    lungs = write_cases(tmp_path, image=lambda voxels: voxels.clip(None, -500))
    assert notices(lungs) == ()
    (notice,) = notices(lungs, window="soft_tissue")
    assert "do not fit the window" in notice.text


def test_hu_are_hu_with_padding_nan_and_infinity(tmp_path):
    def padded(voxels):
        voxels = voxels.astype(np.float32)
        voxels[:8] = np.nan
        voxels[9, 9, 9] = np.inf
        return voxels

    def low(voxels):
        voxels = voxels.copy()
        voxels[:8] = -3024
        return voxels

    for change in (padded, low, lambda voxels: voxels):
        for window in WINDOWS:
            assert notices(write_cases(tmp_path, image=change), window=window) == ()


def test_an_image_of_nothing_but_nan_is_refused(tmp_path):
    def nothing(voxels):
        return voxels * np.float32("nan")

    with pytest.raises(AlntError, match=r"c4_image.*no number at all"):
        check_cases(write_cases(tmp_path, image=nothing, only=(4,)))


@pytest.mark.parametrize("window", ["lung", "percentile"])
def test_an_image_of_one_grey_value_is_said(tmp_path, window):
    cases = write_cases(tmp_path, image=lambda voxels: voxels * 0, only=(4, 6))
    (notice,) = notices(cases, window=window)
    assert str(notice).startswith("In 2 cases ('c4', 'c6') the image has the same grey value")


def test_in_percentiles_any_grey_values_will_do(tmp_path):
    for change in (offset, mr, unit, standard, bytes_of):
        assert notices(write_cases(tmp_path, image=change), window="percentile") == ()


def test_padding_that_takes_the_percentile_window_is_said(tmp_path):
    def low(voxels):
        voxels = voxels.copy()
        voxels[:8] = -3024
        return voxels

    (notice,) = notices(write_cases(tmp_path, image=low, only=(3,)), window="percentile")
    assert notice.cases == ("c3",)
    assert "padding takes most" in notice.text


CHANGES = {
    "HU": lambda voxels: voxels,
    "cut": lambda voxels: voxels.clip(-1024, 3071),
    "+1024": lambda voxels: voxels + 1024,
    "+1000": lambda voxels: voxels + 1000,
    "12 bit": lambda voxels: (voxels + 1024).clip(0, 4095),
    "0 to 1": lambda voxels: (voxels + 1000) / 2000,
    "normal": lambda voxels: (voxels - voxels.mean()) / voxels.std(),
    "8 bit": lambda voxels: ((voxels + 1350) / 1500).clip(0, 1) * 255,
    "+32768": lambda voxels: voxels + 32768,
}


@pytest.mark.parametrize("window", WINDOWS)
def test_real_ct_is_known_from_what_it_may_become(shared, window):
    patterns = ("covid_ct_seg20/full128", "sts_tumour_ct_2mm", "openkbp_hn_ct")
    files = [file for one in patterns for file in sorted((shared / one / "images").iterdir())[:3]]
    files.append(shared / "chest_ct_demo" / "slicer_ctchest4_image.nii.gz")
    for file in files:
        voxels = read_volume(file).voxels.astype(np.float32)
        for name, change in CHANGES.items():
            is_said = _hu(image_content(change(voxels)), window) is not None
            assert is_said == (name not in ("HU", "cut")), (file.name, name)


# places -------------------------------------------------------------------------------------------


def moved(path, voxels):
    """Move the place of a file by some voxels in x."""
    image = nib.load(path)
    affine = image.affine.copy()
    affine[0, 3] += voxels * 1.5
    image.header.set_sform(affine, 1)
    image.header.set_qform(affine, 1)
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj), None, image.header), path)


@pytest.mark.parametrize(("voxels", "is_said"), [(0.005, False), (0.03, True), (0.09, True)])
def test_a_mask_a_little_beside_its_image_is_said(tmp_path, voxels, is_said):
    cases = write_cases(tmp_path)
    moved(cases[5].teacher, voxels)
    found = notices(cases)
    assert [notice.cases for notice in found] == ([("c5",)] if is_said else [])
    if is_said:
        assert "beside its image" in found[0].text


def test_an_ambiguous_header_is_said(tmp_path):
    cases = write_cases(tmp_path)
    for path in (cases[1].image, cases[1].expert):
        image = nib.load(path)
        image.header["qform_code"] = image.header["sform_code"] = 0
        nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj), None, image.header), path)
    (notice,) = notices(cases)
    assert notice.cases == ("c1",)
    assert "neither qform nor sform" in notice.text


def test_an_ignore_label_of_0_is_said(tmp_path):
    (notice,) = notices(write_cases(tmp_path), ignore_label=0)
    assert "The ignore label is 0" in str(notice)


# one image twice, one patient twice ---------------------------------------------------------------


def test_one_image_under_two_names_is_said_with_its_roles(tmp_path):
    cases = write_cases(tmp_path)
    image = nib.load(cases[0].image)
    # another file of the same grey values
    voxels = np.asanyarray(image.dataobj).astype(np.float32)
    nib.save(nib.Nifti1Image(voxels, image.affine), tmp_path / "again.nii")
    again = CaseFiles("again", tmp_path / "again.nii", teacher=cases[0].expert)
    checked = check_cases([*cases, again])
    (notice,) = checked.notices
    said = ", ".join(sorted({"pool", checked.roles["c0"]}))
    assert str(notice).startswith(f"'c0', 'again' are one image under 2 names ({said});")


def test_follow_ups_of_the_held_out_are_said_without_a_patient(tmp_path):
    cases = write_cases(tmp_path, cases=8, experts=4, name="P{}_t1")
    later = [
        CaseFiles(f"P{number}_t2", case.image, case.teacher)
        for number, case in enumerate(write_cases(tmp_path / "later", 4, 0, name="Q{}"))
    ]
    checked = check_cases([*cases, *later])
    told = [notice for notice in checked.notices if "one patient" in notice.text]
    held_out = sorted(name[:2] for name, role in checked.roles.items() if role == "test")
    assert sorted({name[:2] for name in told[0].cases}) == held_out
    known = [dataclasses.replace(case, patient=case.name[:2]) for case in [*cases, *later]]
    with pytest.raises(AlntError, match="cannot be held out"):
        check_cases(known)


# in the project -----------------------------------------------------------------------------------


def test_notices_stay_with_the_project(tmp_path):
    cases = write_cases(tmp_path / "files", image=mr)
    with Project.create(tmp_path / "p", cases) as project:
        (notice,) = project.input_notices
        assert len(notice.cases) == 8
    with Project.open(tmp_path / "p", write=False) as project:
        assert project.input_notices == (notice,)
    assert check_cases(cases).notices == (notice,)


def test_a_strict_project_is_not_made(tmp_path):
    cases = write_cases(tmp_path / "files", image=mr)
    with pytest.raises(Implausible, match="notices count as errors"):
        Project.create(tmp_path / "p", cases, strict=True)
    assert not (tmp_path / "p").exists()
    good = write_cases(tmp_path / "files")
    Project.create(tmp_path / "p", good, strict=True).close()


def test_what_was_checked_is_made_without_reading_it_again(tmp_path):
    cases = write_cases(tmp_path / "files")
    checked = check_cases(cases, teacher_training=1, labels={1: "ball"})
    # the files are gone, and what they held is known
    for case in cases:
        case.image.unlink()
    with Project.create_checked(tmp_path / "p", checked) as project:
        assert {case.name: case.role for case in project.cases} == checked.roles
        assert project.label_names == {1: "ball"}


def test_nothing_is_said_of_real_projects(shared):
    folder = shared / "covid_ct_seg20" / "slab256"
    cases = [
        CaseFiles(
            image.name[:-7], image, folder / "teacher" / image.name, folder / "expert" / image.name
        )
        for image in sorted((folder / "images").iterdir())[:4]
    ]
    assert notices(cases) == ()
    assert notices(cases, window="soft_tissue", spacing=(2.0, 2.0, 2.0)) == ()
    folder = shared / "openkbp_hn_ct"
    cases = [
        CaseFiles(image.name[:-7], image, expert=folder / "labels" / image.name)
        for image in sorted((folder / "images").iterdir())[:8]
    ]
    assert notices(cases, window="soft_tissue") == ()
