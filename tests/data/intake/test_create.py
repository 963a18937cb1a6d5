"""Making a project: which files are refused, which labels it has, who gets which role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.data import CaseFiles, Project, read_grid, write_labels
from napari_alnt.data.images.volume import Grid
from napari_alnt.data.intake.contents import image_content
from napari_alnt.data.intake.create import check_roles, draw_roles, name_labels
from napari_alnt.data.intake.inspection import Inspected
from napari_alnt.errors import AlntError
from napari_alnt.simulation import PhantomCase

# files --------------------------------------------------------------------------------------------


def other_grid(phantom: PhantomCase, folder: Path) -> CaseFiles:
    image = nib.load(phantom.truth)
    image.header.set_sform(image.affine + np.eye(4)[:, [3, 3, 3, 0]] * 0.8, 1)
    nib.save(
        nib.Nifti1Image(np.asanyarray(image.dataobj), None, image.header), folder / "moved.nii.gz"
    )
    return CaseFiles("x", phantom.image, folder / "moved.nii.gz")


def strange_value(phantom: PhantomCase, folder: Path) -> CaseFiles:
    grid = read_grid(phantom.image)
    write_labels(folder / "seven.nii.gz", np.full(grid.shape, 7), grid)
    return CaseFiles("x", phantom.image, folder / "seven.nii.gz")


def cut_short(phantom: PhantomCase, folder: Path) -> CaseFiles:
    (folder / "cut.nii.gz").write_bytes(phantom.image.read_bytes()[:-900])
    return CaseFiles("x", folder / "cut.nii.gz")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (other_grid, r"moved\.nii\.gz.*chest_01"),
        (strange_value, r"seven\.nii\.gz.*label 7"),
        (cut_short, r"cut\.nii\.gz.*cut short"),
        (lambda phantom, _: CaseFiles("a/b", phantom.image), "'a/b' cannot name"),
        (lambda phantom, _: CaseFiles("CHEST_02", phantom.image), "Two cases"),
    ],
)
def test_a_case_that_will_not_do_leaves_no_project(
    tmp_path: Path, phantoms: list[PhantomCase], spoil: Any, says: str
) -> None:
    cases = [*(case.files(expert=True) for case in phantoms[:3]), spoil(phantoms[0], tmp_path)]
    with pytest.raises(AlntError, match=says):
        Project.create(tmp_path / "project", cases, labels={1: "a", 2: "b"})
    assert not (tmp_path / "project").exists()


# labels -------------------------------------------------------------------------------------------


def inspected(**values: str) -> Inspected:
    grid = Grid.new((1, 1, 1), (1, 1, 1))
    held = {int(name[1:]): file for name, file in values.items()}
    image = image_content(np.zeros((1, 1, 1)))
    return Inspected(grid, "", "", "", None, None, None, held, image, {})


def test_labels_are_those_found_or_those_given():
    found = [inspected(_2="a"), inspected(_1="b", _2="c"), inspected()]
    assert name_labels(found, None, 255) == {1: "label 1", 2: "label 2"}
    given = {3: "vessel", 1: "lesion", 2: "node"}
    assert list(name_labels(found, given, 255).items()) == [
        (1, "lesion"),
        (2, "node"),
        (3, "vessel"),
    ]


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (None, "no label at all"),
        ({}, "above 0"),
        ({0: "air"}, "above 0"),
        ({255: "x"}, "not 255"),
        ({-1: "x"}, "above 0"),
        ({2**31: "x"}, "above 0"),
    ],
)
def test_labels_that_cannot_be_are_refused(labels, says):
    with pytest.raises(AlntError, match=says):
        name_labels([inspected()], labels, 255)


def test_the_file_that_first_has_an_unnamed_value_is_named():
    with pytest.raises(AlntError, match="'first' holds the label 2"):
        name_labels([inspected(_2="first"), inspected(_2="second")], {1: "a"}, 255)


# roles --------------------------------------------------------------------------------------------


def files(name: str, patient: str, expert: bool) -> CaseFiles:
    return CaseFiles(name, Path(name), None, Path(name) if expert else None, patient)


def count(roles: Any, role: str) -> int:
    return sum(one == role for one in roles.values())


def test_roles_are_drawn_by_patient_and_stay(tmp_path: Path) -> None:
    cases = [files(f"c{i}{half}", f"p{i}", expert=i < 8) for i in range(12) for half in "lr"]
    drawn = [
        draw_roles(cases, teacher_training=4, reference=4, test=4, seed=seed) for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    roles = drawn[0]
    assert [
        sum(role == kind for role in roles.values())
        for kind in ("test", "teacher_training", "reference", "pool")
    ] == [4, 4, 8, 8]
    assert all(roles[f"c{i}l"] == roles[f"c{i}r"] for i in range(12))


def test_the_order_of_the_files_decides_nothing():
    cases = [files(f"c{i}", "", expert=True) for i in range(9)]
    drawn = [
        draw_roles(order, teacher_training=2, reference=0, test=0, seed=5)
        for order in (cases, cases[::-1])
    ]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("experts", "asked", "got"),
    [
        (6, (0, 0, 0), (0, 3, 3)),
        (7, (0, 0, 0), (0, 4, 3)),
        (7, (2, 0, 0), (2, 3, 2)),
        (7, (0, 1, 0), (0, 4, 3)),
        (7, (0, 6, 0), (0, 6, 1)),
        (7, (0, 0, 5), (0, 2, 5)),
        (7, (1, 2, 2), (1, 4, 2)),
        (2, (0, 0, 0), (0, 1, 1)),
    ],
)
def test_what_is_not_asked_for_is_shared_and_the_rest_is_reference(experts, asked, got):
    cases = [files(f"c{i}", "", expert=True) for i in range(experts)]
    training, reference, test = asked
    roles = draw_roles(cases, teacher_training=training, reference=reference, test=test, seed=0)
    assert tuple(count(roles, role) for role in ("teacher_training", "reference", "test")) == got


def test_patients_of_several_cases_exceed_a_count_by_as_little_as_can_be():
    sizes = {"p": 3, "q": 2, "r": 4}
    cases = [
        files(f"{patient}{i}", patient, True) for patient in sizes for i in range(sizes[patient])
    ]
    for seed in range(6):
        roles = draw_roles(cases, teacher_training=0, reference=4, test=1, seed=seed)
        assert {name[0] for name in roles if roles[name] == "test"} == {"q"}


def test_a_patient_of_the_pool_is_never_held_out() -> None:
    cases = [files("a1", "a", True), files("a2", "a", False), files("b", "b", True)]
    for seed in range(5):
        assert draw_roles(cases, teacher_training=0, reference=0, test=0, seed=seed)["b"] == "test"
    followed = [files(f"{patient}{i}", patient, i == 1) for patient in "ab" for i in (1, 2)]
    with pytest.raises(AlntError, match="cannot be held out"):
        draw_roles(followed, teacher_training=0, reference=0, test=1, seed=0)


@pytest.mark.parametrize(
    ("experts", "counts"), [(1, (0, 0, 0)), (3, (2, 0, 0)), (4, (0, 3, 2)), (0, (0, 0, 0))]
)
def test_too_few_experts_say_how_many_are_needed(
    experts: int, counts: tuple[int, int, int]
) -> None:
    cases = [files(f"c{i}", "", expert=i < experts) for i in range(6)]
    teacher_training, reference, test = counts
    with pytest.raises(AlntError, match=f"but there are {experts}"):
        draw_roles(cases, teacher_training=teacher_training, reference=reference, test=test, seed=0)


def test_a_negative_count_is_refused():
    with pytest.raises(AlntError, match="must not be negative"):
        draw_roles([files("a", "", True)], teacher_training=0, reference=-1, test=0, seed=0)


GIVEN = {"a": "test", "b": "reference", "c": "teacher_training"}


def test_roles_that_are_given_are_taken():
    cases = [*(files(name, "", True) for name in GIVEN), files("d", "", False)]
    assert check_roles(cases, {**GIVEN, "d": "test"}) == {**GIVEN, "d": "pool"}


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ({"b": "reference"}, "'a' has the role 'None'"),
        ({**GIVEN, "a": "pool"}, "'a' has the role 'pool'"),
        ({**GIVEN, "a": "reference"}, "No case has the role test"),
        ({**GIVEN, "b": "teacher_training"}, "No case has the role reference"),
    ],
)
def test_given_roles_that_will_not_do_are_refused(roles, says):
    with pytest.raises(AlntError, match=says):
        check_roles([files(name, "", True) for name in GIVEN], roles)


@pytest.mark.parametrize("other", ["b", "d"])
def test_a_given_role_does_not_split_a_patient_of_the_test(other):
    cases = [files(name, "p" if name in ("a", other) else "", name != "d") for name in "abcd"]
    with pytest.raises(AlntError, match=f"'{other}' is a .* but its patient has a held-out test"):
        check_roles(cases, GIVEN)
