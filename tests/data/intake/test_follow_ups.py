"""Scans of one patient, recognised by the names of their cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_alnt.data import CaseFiles
from napari_alnt.data.intake.follow_ups import follow_ups, same_patient


@pytest.mark.parametrize(
    "names",
    [
        ("P01_t1", "P01_t2", "P02_t1", "P03_t1"),
        ("P01_2019", "P01_2020", "P02_2019", "P03_2020"),
        ("P01_2019-05-01", "P01_2020-06-02", "P02_2019-05-01", "P03_2019-05-01"),
        ("P01_20190501", "P01_20200602", "P02_20190501", "P03_20190501"),
        ("sub-01_ses-01_ct", "sub-01_ses-02_ct", "sub-02_ses-01_ct", "sub-03_ses-01_ct"),
        ("case7 baseline", "case7 followup", "case8 baseline", "case9 baseline"),
        ("12_pre", "12_post", "13_pre", "14_pre"),
        ("P01t1", "P01t2", "P02t1", "P03t1"),
        ("4711a", "4711b", "4712a", "4713a"),
        ("h12_left", "h12_right", "h13_left", "h14_left"),
        ("radiopaedia_10_85902_1", "radiopaedia_10_85902_3", "coronacases_001", "x_7_85703_0"),
    ],
)
def test_names_of_one_patient_are_found(names):
    assert {frozenset(group) for group in same_patient(names)} == {frozenset(names[:2])}


@pytest.mark.parametrize(
    "names",
    [
        [f"case_{number:03d}" for number in range(20)],
        [f"ct2_{number:03d}" for number in range(20)],
        [f"study1_case_{number}" for number in range(20)],
        [f"2023_case_{number}" for number in range(20)],
        [f"lung_{year}_{number}" for year in (2021, 2022) for number in range(5)],
        [f"c{number}" for number in range(20)],
        [f"P{number}_CT" for number in range(20)],
        [f"{number}" for number in range(20)],
        ["coronacases_001", "coronacases_002", "a", "b"],
        ["only_one_1"],
        [],
    ],
)
def test_numbered_cases_are_no_follow_ups(names):
    assert same_patient(names) == []


def files(name: str, patient: str = "") -> CaseFiles:
    return CaseFiles(name, Path(name), patient=patient)


def test_only_patients_on_both_sides_are_said():
    names = ("P01_t1", "P01_t2", "P02_t1", "P02_t2", "P03_t1", "P03_t2")
    roles = dict.fromkeys(names, "pool") | {"P01_t1": "test", "P02_t1": "test", "P02_t2": "test"}
    (notice,) = follow_ups([files(name) for name in names], roles)
    assert notice.cases == ("P01_t1", "P01_t2")
    assert "--patient" in notice.cure
    roles["P01_t1"] = "reference"
    assert follow_ups([files(name) for name in names], roles) == []


def test_nothing_is_guessed_where_the_patient_is_known():
    names = ("P01_t1", "P01_t2", "P02_t1", "P03_t1")
    roles = dict.fromkeys(names, "pool") | {"P01_t1": "test"}
    assert follow_ups([files(name, patient=name) for name in names], roles) == []
