"""Geometry: every axis order turns into the one in memory and back to the bit."""

import gzip
import itertools
import re
import resource
import tracemalloc
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_alnt.data import (
    GRID_KEY,
    Grid,
    read_grid,
    read_labels,
    read_volume,
    write_image,
    write_labels,
    write_map,
)
from napari_alnt.data.images.volume import label_values
from napari_alnt.errors import AlntError

BROKEN = {
    "derived/2d.nii.gz": "not one 3-D",
    "derived/4d_two_channels.nii.gz": "not one 3-D",
    "derived/analyze75_pair.mat": "no known image format",
    "derived/bitflip.nii.gz": "damaged",
    "derived/complex64.nii.gz": "complex",
    "derived/gzip_named.nii": "rename it to end in .nii.gz",
    "derived/not_gzip_named.nii.gz": "not compressed",
    "derived/text.nii.gz": "cannot be read as an image",
    "derived/truncated.nii.gz": "damaged or cut short",
    "derived/zero_bytes.nii.gz": "is empty",
    "nibabel/README.rst": "no known image format",
    "nibabel/analyze.hdr": "lacks its voxel file",
    "nibabel/example4d.nii.gz": "not one 3-D",
    "nibabel/example_nifti2.nii.gz": "not one 3-D",
    "nibabel/functional.nii": "not one 3-D",
    "nibabel/nifti1.hdr": "lacks its voxel file",
    "nibabel/nifti2.hdr": "lacks its voxel file",
    "nibabel/row_major.dconn.nii": "not one 3-D",
    "nibabel/small.mnc": "no known image format",
    "nibabel/test.mgz": "not one 3-D",
    "totalseg/rgb_uint8_1201x1244x1.nii.gz": "colours",
}


def test_every_odd_file_loads_and_every_broken_one_says_why(shared: Path) -> None:
    folder = shared / "nifti_edge_cases"
    files = sorted(path for path in folder.glob("*/*") if path.is_file())
    assert len(files) == 49
    for path in files:
        name = path.relative_to(folder).as_posix()
        if name in BROKEN:
            with pytest.raises(AlntError, match=BROKEN[name]) as caught:
                read_volume(path)
            text = str(caught.value)
            assert path.name in text
            assert text.endswith(".")
            assert "\n" not in text
            assert not re.search(r"\. [A-Z]", text)
        else:
            volume = read_volume(path)
            assert volume.voxels.shape == volume.grid.shape
            assert volume.voxels.dtype.isnative
            assert np.isfinite(volume.voxels).all()


def lps_by_itk(path: Path) -> tuple[Any, tuple[float, ...]]:
    image = sitk.DICOMOrient(sitk.ReadImage(str(path)), "LPS")
    return sitk.GetArrayFromImage(image), image.GetSpacing()[::-1]


def test_odd_files_show_the_voxels_that_itk_shows(shared: Path) -> None:
    names = ["permuted_axes_image", "flipped_LAS_image", "oblique_image", "anisotropic_0.7x0.7x5"]
    for name in [*names, "float64", "scl_slope_inter_int16", "label_0_127_254"]:
        path = shared / "nifti_edge_cases" / "derived" / f"{name}.nii.gz"
        volume, (expected, spacing) = read_volume(path), lps_by_itk(path)
        np.testing.assert_allclose(volume.voxels, expected, rtol=1e-5, err_msg=name)
        np.testing.assert_allclose(volume.spacing, spacing, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("label_affine_shifted.nii.gz", "does not lie on the grid"),
        ("label_shape_mismatch.nii.gz", "does not lie on the grid"),
        ("label_float_0p999.nii.gz", "not whole"),
        ("label_negative.nii.gz", "-"),
    ],
)
def test_masks_that_will_not_do(shared: Path, name: str, says: str) -> None:
    folder = shared / "nifti_edge_cases" / "derived"
    with pytest.raises(AlntError, match=says) as caught:
        read_labels(folder / name, like=read_volume(folder / "bigendian_int16.nii"))
    assert name in str(caught.value)
    if "grid" in says:
        assert "bigendian_int16.nii" in str(caught.value)


@pytest.mark.parametrize(("shape", "axes"), [((2, 3, 5), "RAS"), ((2, 3, 4), "LAS")])
def test_a_mask_on_another_grid_is_refused_with_both_names(tmp_path, shape, axes):
    image, mask = tmp_path / "a.nii", tmp_path / "m.nii"
    write_image(image, np.zeros((2, 3, 4), np.int16), Grid.new((2, 3, 4), (1, 1, 1), axes="RAS"))
    other = Grid.new(shape, (1, 1, 1), axes=axes, origin=(0.2, 0, 0))
    write_labels(mask, np.zeros(shape, int), other)
    for like in (read_grid(image), read_volume(image)):
        with pytest.raises(AlntError, match=r"m\.nii' does not lie on the grid of .*a\.nii"):
            read_labels(mask, like)


AXES = [
    "".join(signs)
    for order in itertools.permutations(["LR", "PA", "SI"])
    for signs in itertools.product(*order)
]


@pytest.mark.parametrize("axes", AXES)
def test_axes_turn_as_in_itk_and_back_to_the_bit(tmp_path: Path, axes: str) -> None:
    voxels = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    affine = nib.orientations.inv_ornt_aff(
        nib.orientations.axcodes2ornt(axes), (4, 5, 6)
    ) @ np.diag([0.7, 1.5, 3.1, 1])
    affine[:3, :3] = nib.eulerangles.euler2mat(0.1, 0.05, -0.2) @ affine[:3, :3]
    image = nib.Nifti1Image(voxels, affine)
    image.header.set_qform(affine, 1)
    image.header.set_sform(affine, 4)
    nib.save(image, tmp_path / "image.nii.gz")
    volume = read_volume(tmp_path / "image.nii.gz")
    expected, spacing = lps_by_itk(tmp_path / "image.nii.gz")
    np.testing.assert_array_equal(volume.voxels, expected)
    np.testing.assert_allclose(volume.spacing, spacing, rtol=1e-5)
    corner = np.argwhere(volume.voxels == voxels[3, 2, 1])[0][::-1]
    np.testing.assert_allclose(volume.affine @ [*corner, 1], affine @ [3, 2, 1, 1], atol=1e-4)

    write_labels(tmp_path / "mask.nii.gz", volume.voxels.astype(np.int64), volume.grid)
    saved = nib.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(np.asanyarray(saved.dataobj), voxels)
    assert saved.get_data_dtype() == np.uint8
    for name in (
        "qform_code",
        "sform_code",
        "quatern_b",
        "quatern_d",
        "qoffset_x",
        "srow_x",
        "srow_z",
        "pixdim",
    ):
        assert saved.header[name].tobytes() == image.header[name].tobytes(), name


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    numbers=st.lists(st.floats(-1, 1, width=32), min_size=9, max_size=9),
    sizes=st.tuples(*[st.integers(1, 5)] * 3),
    scale=st.floats(0.3, 8),
    big=st.booleans(),
)
def test_any_affine_round_trips(
    tmp_path: Path, numbers: list[float], sizes: tuple[int, ...], scale: float, big: bool
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = np.linalg.qr(np.array(numbers).reshape(3, 3) + 1e-3 * np.eye(3))[0] * scale
    header = nib.Nifti1Header(endianness=">" if big else "<")
    voxels = np.random.default_rng(0).integers(0, 300, sizes).astype(np.int16)
    nib.save(nib.Nifti1Image(voxels, affine, header), tmp_path / "image.nii")
    volume = read_volume(tmp_path / "image.nii")
    # x mostly to the left, y to the back, z to the head; with RAS+ as nibabel has it
    assert nib.aff2axcodes(volume.affine) == ("L", "P", "S")
    assert sorted(volume.voxels.ravel()) == sorted(voxels.ravel())
    write_labels(tmp_path / "mask.nii.gz", volume.voxels, volume.grid)
    again = read_labels(tmp_path / "mask.nii.gz", like=volume)
    np.testing.assert_array_equal(again.voxels, volume.voxels)
    np.testing.assert_array_equal(np.asanyarray(nib.load(tmp_path / "mask.nii.gz").dataobj), voxels)
    assert (
        nib.load(tmp_path / "mask.nii.gz").affine == nib.load(tmp_path / "image.nii").affine
    ).all()


ODD = [
    "no_qform_no_sform.nii.gz",
    "pair_int16.hdr",
    "nifti2.nii.gz",
    "oblique_image.nii.gz",
    "analyze75_pair.hdr",
]


@pytest.mark.parametrize("name", [*ODD, "4d_singleton.nii.gz", "scl_slope_inter_int16.nii.gz"])
def test_a_mask_of_an_odd_image_lies_on_its_grid(shared: Path, tmp_path: Path, name: str) -> None:
    path = shared / "nifti_edge_cases" / "derived" / name
    volume = read_volume(path)
    labels = np.random.default_rng(1).integers(0, 256, volume.voxels.shape, dtype=np.uint8)
    write_labels(tmp_path / "mask.nii.gz", labels, volume.grid)
    np.testing.assert_array_equal(read_labels(tmp_path / "mask.nii.gz", like=volume).voxels, labels)
    source, saved = nib.load(path), nib.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(saved.affine, source.affine)
    if "qform_code" in source.header:
        assert saved.header["qform_code"] == source.header["qform_code"]
        assert saved.header["sform_code"] == source.header["sform_code"]
    assert np.isnan(saved.header["scl_slope"]) or saved.header["scl_slope"] == 1


def test_a_mask_flipped_on_disk_is_the_same_mask(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 3, (3, 4, 5), dtype=np.uint8)
    grids = [
        Grid.new((3, 4, 5), (2, 1, 1.5), axes=axes, origin=(7, 8, 9)) for axes in ("LPS", "ASR")
    ]
    for name, grid in zip("ab", grids, strict=True):
        write_labels(tmp_path / f"{name}.nii.gz", labels, grid)
    np.testing.assert_array_equal(read_labels(tmp_path / "b.nii.gz", like=grids[0]).voxels, labels)
    assert nib.load(tmp_path / "b.nii.gz").shape == (4, 3, 5)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([0, 1], np.uint8), ([0, 256], np.uint16), ([0, 70000], np.int32), ([False, True], np.uint8)],
)
def test_label_values_are_kept_in_the_smallest_type(
    tmp_path: Path, values: list[int], dtype: Any
) -> None:
    labels = np.array(values)[np.random.default_rng(0).integers(0, 2, (3, 4, 5))]
    for stored in (labels, labels.astype(np.float64)):
        write_labels(tmp_path / "m.nii.gz", stored, Grid.new((3, 4, 5), (2, 1, 1)))
        read = read_labels(tmp_path / "m.nii.gz").voxels
        np.testing.assert_array_equal(read, labels)
        assert read.dtype == dtype


@pytest.mark.parametrize(
    "bad",
    [
        np.full((3, 4, 5), 0.5),
        np.full((3, 4, 5), -1),
        np.full((3, 4, 5), np.nan),
        np.zeros((3, 4, 4)),
    ],
)
def test_masks_that_cannot_be_saved_leave_the_old_file(tmp_path: Path, bad: Any) -> None:
    path, grid = tmp_path / "m.nii.gz", Grid.new((3, 4, 5), (2, 1, 1))
    write_labels(path, np.ones((3, 4, 5), np.uint8), grid)
    before = path.read_bytes()
    with pytest.raises(AlntError):
        write_labels(path, bad, grid)
    assert path.read_bytes() == before


def test_nan_in_a_mask_is_unknown_and_in_an_image_the_lowest(tmp_path: Path) -> None:
    values = np.array([[[0, 1, np.nan, np.inf]]], np.float32)
    write_map(tmp_path / "i.nii.gz", values, Grid.new((1, 1, 4), (1, 1, 1)))
    assert read_volume(tmp_path / "i.nii.gz").voxels.tolist() == [[[0, 1, 0, 0]]]
    values[..., 3] = 2
    write_map(tmp_path / "i.nii.gz", values, Grid.new((1, 1, 4), (1, 1, 1)))
    assert read_labels(tmp_path / "i.nii.gz", ignore_label=99).voxels.tolist() == [[[0, 1, 99, 2]]]


def test_a_header_that_claims_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    header = nib.Nifti1Header()
    header.set_data_shape((1024, 1024, 1024))
    header.set_data_dtype(np.int16)
    header["magic"], header["vox_offset"] = b"n+1", 352
    for name, content in (
        ("a.nii", header.binaryblock + bytes(4)),
        ("a.nii.gz", gzip.compress(header.binaryblock)),
    ):
        (tmp_path / name).write_bytes(content)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(AlntError, match=r"2048\.0 MiB"):
            read_volume(tmp_path / name)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize("axes", ["LPS", "RAS"])
def test_a_volume_is_never_in_memory_twice(tmp_path: Path, axes: str) -> None:
    voxels = np.random.default_rng(0).integers(-1000, 1000, (40, 256, 256), dtype=np.int16)
    write_image(tmp_path / "a.nii.gz", voxels, Grid.new((40, 256, 256), (1, 1, 1), axes=axes))
    tracemalloc.start()
    read = read_volume(tmp_path / "a.nii.gz").voxels
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(read, voxels)
    assert peak < 1.6 * voxels.nbytes


@pytest.mark.parametrize("affine", [np.diag([1, 1, 0, 1]), np.diag([1, np.nan, 1, 1])])
def test_an_affine_that_says_nothing_is_refused(tmp_path: Path, affine: Any) -> None:
    image = nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    image.header.set_sform(np.eye(4), 1)
    for row, name in enumerate(("srow_x", "srow_y", "srow_z")):
        image.header[name] = affine[row]
    image._affine = None
    nib.save(image, tmp_path / "a.nii")
    with pytest.raises(AlntError, match="affine"):
        read_volume(tmp_path / "a.nii")


def test_label_values_are_those_of_unique() -> None:
    rng = np.random.default_rng(0)
    for labels in (
        rng.integers(0, 300, (3, 4, 5)),
        rng.integers(0, 2**20, (3, 4, 5)),
        np.zeros((0, 2, 2), np.uint8),
    ):
        assert label_values(labels) == tuple(np.unique(labels))


def test_napari_gets_lps_millimetres() -> None:
    grid = Grid.new((2, 3, 4), (5, 1, 2), axes="RAS", origin=(10, 20, 30))
    np.testing.assert_allclose(grid.affine[:3, 3], (10, 20, 30))
    assert grid.disk_shape == (4, 3, 2)
    assert nib.aff2axcodes(grid.disk_affine) == ("R", "A", "S")
    assert grid.spacing == (5, 1, 2)


def test_a_layer_gets_scale_place_and_grid(tmp_path: Path) -> None:
    grid = Grid.new((2, 3, 4), (5, 1, 2), axes="RAS", origin=(10, 20, 30))
    write_image(tmp_path / "a.nii.gz", np.zeros((2, 3, 4), np.int16), grid)
    volume = read_volume(tmp_path / "a.nii.gz")
    # the origin is (x, y, z) in RAS+, a layer's translate (z, y, x) in LPS
    assert volume.layer_kwargs() == {
        "scale": (5, 1, 2), "translate": (30, -20, -10), "units": ("mm", "mm", "mm"),
        "metadata": {GRID_KEY: volume.grid},
    }  # fmt: skip


def test_grids_differ_in_words() -> None:
    grid = Grid.new((2, 3, 4), (5, 1, 2))
    assert grid.difference(Grid.new((2, 3, 4), (5, 1, 2), axes="PIR")) == ""
    assert grid.difference(Grid.new((2, 3, 5), (5, 1, 2))) == "2×3×4 voxels against 2×3×5"
    moved = Grid.new((2, 3, 4), (5, 1, 2), origin=(0, 0, 0.5))
    assert grid.difference(moved) == "corners 0.5 mm apart"
    # a tenth of the smallest voxel is rounding: real headers are rounded to tenths of a mm
    assert grid.matches(Grid.new((2, 3, 4), (5, 1, 2), origin=(0, 0.099, 0)))
    assert not grid.matches(Grid.new((2, 3, 4), (5, 1, 2), origin=(0, 0.101, 0)))


def test_a_grid_is_read_without_its_voxels(tmp_path: Path) -> None:
    write_image(
        tmp_path / "a.nii", np.zeros((20, 30, 40), np.int16), Grid.new((20, 30, 40), (1, 1, 1))
    )
    with (tmp_path / "a.nii").open("r+b") as file:
        file.truncate(400)
    assert read_grid(tmp_path / "a.nii").shape == (20, 30, 40)
    with pytest.raises(AlntError, match="cut short"):
        read_volume(tmp_path / "a.nii")
