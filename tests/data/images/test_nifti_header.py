"""What a written file has of its image's header: where the voxels lie, and no text."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.data import read_grid, read_labels, read_volume, write_labels, write_map
from napari_alnt.data.images.nifti_header import GEOMETRY, fresh_header, require_millimetres
from napari_alnt.errors import AlntError

CANARY = b"MUSTERMANN"
KINDS = [nib.Nifti1Image, nib.Nifti2Image, nib.Nifti1Pair, nib.Nifti2Pair]
AFFINE = np.diag([0.7, 1.5, 3.1, 1])
AFFINE[:3, :3] = nib.eulerangles.euler2mat(0.1, 0.05, -0.2) @ AFFINE[:3, :3]
AFFINE[:3, 3] = (-11.3, 7.7, 130.1)


def text_fields(header) -> list[str]:
    """The names of all fields that hold text, but for what says that the file is NIfTI."""
    fields = header.structarr.dtype.names
    texts = [name for name in fields if header.structarr.dtype[name].kind == "S"]
    return [name for name in texts if name not in ("magic", "regular")]


def save_with_canaries(path: Path, kind, endianness: str = "<") -> None:
    """Save an image with the patient's name wherever there is room for one."""
    image = kind(np.zeros((5, 4, 3), np.int16), AFFINE, kind.header_class(endianness=endianness))
    image.header.set_qform(AFFINE, 2)
    image.header.set_sform(AFFINE, 4)
    image.header.set_xyzt_units("mm", "sec")
    # not the default, so that what is copied is seen
    image.header["pixdim"][4:] = (2.5, 3.5, 4.5, 5.5)
    for name in text_fields(image.header):
        image.header[name] = CANARY[: image.header.structarr.dtype[name].itemsize]
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", CANARY))
    nib.save(image, path)


@pytest.mark.parametrize(("kind", "endianness"), list(itertools.product(KINDS, "<>")))
def test_what_is_written_has_the_geometry_and_no_text_of_its_image(tmp_path, kind, endianness):
    path = tmp_path / ("a.hdr" if "Pair" in kind.__name__ else "a.nii")
    save_with_canaries(path, kind, endianness)
    assert CANARY in path.read_bytes()
    source = nib.load(path)
    grid = read_volume(path).grid
    write_labels(tmp_path / "m.nii.gz", np.ones((3, 4, 5), int), grid)
    write_map(tmp_path / "t.nii.gz", np.ones((3, 4, 5)), grid)
    for name in ("m.nii.gz", "t.nii.gz"):
        # a canary is cut where its field is short
        assert CANARY[:5] not in gzip.decompress((tmp_path / name).read_bytes())
        saved = nib.load(tmp_path / name)
        assert not saved.header.extensions
        for field in text_fields(saved.header):
            assert not saved.header[field].item().strip(b"\0"), field
        for field in GEOMETRY:
            assert saved.header[field].tobytes() == source.header[field].tobytes(), field
        assert saved.affine.tobytes() == source.affine.tobytes()
        assert saved.header.sizeof_hdr == source.header.sizeof_hdr
        assert saved.header.endianness == endianness


def test_the_fields_of_a_place_are_all_kept():
    starts = ("pixdim", "quatern", "qoffset", "srow", "qform", "sform", "xyzt")
    for header in (nib.Nifti1Header(), nib.Nifti2Header()):
        fields = header.structarr.dtype.names
        assert sorted(GEOMETRY) == sorted(name for name in fields if name.startswith(starts))


def test_a_mask_of_a_scaled_image_is_not_scaled(tmp_path):
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), AFFINE)
    image.header.set_slope_inter(0.5, -1024)
    nib.save(image, tmp_path / "a.nii")
    assert image.header["scl_slope"] == 0.5
    labels = np.arange(60).reshape(3, 4, 5)
    write_labels(tmp_path / "m.nii", labels, read_volume(tmp_path / "a.nii").grid)
    assert np.array_equal(read_labels(tmp_path / "m.nii").voxels, labels)
    assert nib.load(tmp_path / "m.nii").dataobj.slope == 1


def test_the_text_fields_are_all_looked_at():
    assert text_fields(nib.Nifti1Header()) == [
        "data_type", "db_name", "descrip", "aux_file", "intent_name"
    ]  # fmt: skip
    assert text_fields(nib.Nifti2Header()) == ["descrip", "aux_file", "intent_name", "unused_str"]


def test_without_a_header_of_nifti_the_affine_is_written():
    for source in (None, nib.MGHImage(np.zeros((5, 4, 3), np.int16), AFFINE).header):
        header = fresh_header(source, AFFINE, (5, 4, 3), np.dtype(np.uint8))
        np.testing.assert_allclose(header.get_best_affine(), AFFINE, rtol=1e-6)
        assert header.get_data_shape() == (5, 4, 3)
        assert header.get_xyzt_units()[0] == "mm"


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize(("unit", "says"), [("meter", "in metres"), ("micron", "in micrometres")])
def test_a_header_in_another_unit_is_refused_with_its_name(tmp_path, kind, unit, says):
    image = kind(np.zeros((5, 4, 3), np.int16), AFFINE)
    image.header.set_xyzt_units(unit, "sec")
    nib.save(image, tmp_path / "a.nii")
    with pytest.raises(AlntError, match=rf"a\.nii.*{says}.*xyzt_units"):
        read_grid(tmp_path / "a.nii")
    for known in ("mm", "unknown"):
        image.header.set_xyzt_units(known, "sec")
        require_millimetres(tmp_path / "a.nii", image.header)
