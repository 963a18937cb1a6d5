"""Headers that two readers place differently are said; plain ones are not."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.data import read_grid
from napari_alnt.data.images.placement import placement_doubt

AFFINE = np.array([[-1.5, 0, 0, 40], [0, -1.5, 0, 30], [0, 0, 3, -90], [0, 0, 0, 1.0]])


def doubt(path: Path) -> str:
    grid = read_grid(path)
    return placement_doubt(path, grid.header, grid.disk_shape)


def saved(path: Path, affine=AFFINE, change=None) -> Path:
    header = nib.Nifti1Header()
    header.set_data_shape((6, 7, 8))
    header.set_data_dtype(np.int16)
    header.set_qform(affine, 1)
    header.set_sform(affine, 1)
    if change is not None:
        change(header)
    # without an affine, nibabel leaves the header as it is
    nib.save(nib.Nifti1Image(np.zeros((6, 7, 8), np.int16), None, header), path)
    return path


def without(name):
    def change(header):
        header[f"{name}_code"] = 0

    return change


def shifted(header):
    header.set_qform(AFFINE + np.eye(4)[:, [3, 0, 1, 2]] * 0.3, 1)
    header.set_sform(AFFINE, 1)


def mirrored(header):
    header.set_qform(AFFINE @ np.diag([-1, 1, 1, 1]), 1)
    header.set_sform(AFFINE, 2)


def sheared(header):
    shear = np.eye(4)
    shear[1, 2] = 0.2
    header["qform_code"] = 0
    header.set_sform(AFFINE @ shear, 1)


def nowhere(header):
    header["qform_code"] = header["sform_code"] = 0


def other_size(header):
    header["qform_code"] = 0
    header["sform_code"] = 1
    header["pixdim"][3] = 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (shifted, "qform and sform"),
        (mirrored, "qform and sform"),
        (sheared, "sheared"),
        (nowhere, "neither qform nor sform"),
        (other_size, "pixdim"),
    ],
)
def test_an_ambiguous_header_is_said(tmp_path, change, says):
    assert says in doubt(saved(tmp_path / "a.nii.gz", change=change))


@pytest.mark.parametrize("axes", ["LPS", "RAS", "SLP"])
def test_a_plain_header_is_not(tmp_path, axes):
    turn = nib.orientations.inv_ornt_aff(
        nib.orientations.ornt_transform(
            nib.orientations.axcodes2ornt("LPS"), nib.orientations.axcodes2ornt(axes)
        ),
        (6, 7, 8),
    )
    angle = np.eye(4)
    angle[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    for affine in (AFFINE @ turn, angle @ AFFINE @ turn):
        for change in (None, without("qform"), without("sform")):
            assert doubt(saved(tmp_path / "a.nii", affine, change)) == ""


def test_analyze_has_no_directions_but_for_its_mat_file(tmp_path):
    voxels = np.zeros((6, 7, 8), np.int16)
    nib.save(nib.AnalyzeImage(voxels, None), tmp_path / "a.img")
    assert "Analyze" in doubt(tmp_path / "a.hdr")
    nib.save(nib.Spm99AnalyzeImage(voxels, AFFINE), tmp_path / "b.img")
    assert (tmp_path / "b.mat").exists()
    assert doubt(tmp_path / "b.hdr") == ""


def test_mgh_says_whether_its_directions_are_known(tmp_path):
    image = nib.MGHImage(np.zeros((6, 7, 8), np.int16), AFFINE)
    nib.save(image, tmp_path / "a.mgz")
    assert doubt(tmp_path / "a.mgz") == ""
    image.header["goodRASFlag"] = 0
    assert "not known" in placement_doubt(tmp_path / "a.mgz", image.header, (6, 7, 8))


def test_no_header_is_no_doubt():
    assert placement_doubt(Path(), None, (1, 1, 1)) == ""


def test_the_images_of_real_scanners_are_plain(shared):
    seen = 0
    for folder in ("chest_ct_demo", "covid_ct_seg20", "openkbp_hn_ct", "sts_tumour_ct_2mm"):
        for path in sorted((shared / folder).rglob("*.nii.gz"))[:15]:
            seen += 1
            assert doubt(path) == "", path
    assert seen > 30
