"""No patient has two roles, slabs are cut where the teacher has labelled, and gaps are named."""

import numpy as np
import pytest
from benchmark.datasets import DATASETS, IGNORE_LABEL, available, covid, load

from napari_alnt.data import Grid, read_labels, write_image, write_labels
from napari_alnt.errors import AlntError


def test_patients_are_never_on_two_sides(tiny, tmp_path):
    found = load(tiny, tmp_path, tmp_path)
    for seed in range(20):
        roles = found.draw(seed)
        patients = [{case.patient for case in cases} for cases in roles.values()]
        assert sum(map(len, patients)) == len(set.union(*patients)) == 8
    assert found.draw(0) != found.draw(1)
    assert found.draw(0) == found.draw(0)


@pytest.mark.parametrize("name", [name for name in DATASETS if DATASETS[name].folder])
def test_volumes_that_are_not_there_are_named(name, tmp_path):
    with pytest.raises(AlntError, match=f"'{name}' are not in"):
        load(name, tmp_path, tmp_path / "work")


def test_the_datasets_that_are_there_are_found_or_else_the_synthetic_one(tmp_path):
    assert available(tmp_path) == ("phantom",)
    (tmp_path / "msd_hippocampus").mkdir()
    (tmp_path / "covid_ct_seg20").mkdir()
    assert available(tmp_path) == ("hippocampus", "covid")


def test_scans_are_cut_into_slabs_where_the_teacher_has_labelled(tmp_path):
    scan = tmp_path / "covid_ct_seg20" / "full128"
    truth = np.zeros((12, 6, 6), np.uint8)
    truth[3:5, 2:4, 2:4] = 1
    teacher = np.full_like(truth, IGNORE_LABEL)
    teacher[2:10] = 0
    grid = Grid.new(truth.shape, (10.0, 1.0, 1.0))
    for kind in ("images", "expert", "teacher"):
        (scan / kind).mkdir(parents=True)
    write_image(scan / "images" / "ct_1.nii.gz", truth.astype(np.int16), grid)
    write_labels(scan / "expert" / "ct_1.nii.gz", truth, grid)
    write_labels(scan / "teacher" / "ct_1.nii.gz", teacher, grid)
    found = covid(tmp_path, tmp_path / "work")
    # slabs of two slices from the first labelled one; those that nobody marks are left out
    assert [case.name for case in found.cases] == ["ct_1_00", "ct_1_01"]
    assert {case.patient for case in found.cases} == {"ct_1"}
    assert read_labels(found.cases[0].truth).voxels.any(axis=(1, 2)).tolist() == [False, True]
    assert "truncated" not in found.corruptions
    (scan / "images" / "ct_1.nii.gz").unlink()
    assert covid(tmp_path, tmp_path / "work") == found
