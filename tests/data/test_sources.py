"""Where cases come from: patterns, nnU-Net folders, data lists."""

import json
from pathlib import Path

import pytest

from napari_alnt.data import CaseFiles, Datalist, NnUNet, Patterns, Project, Source
from napari_alnt.errors import AlntError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_patterns_find_images_masks_and_patients(tmp_path: Path) -> None:
    touch(tmp_path, "ct/p1_a.nii.gz", "ct/p1_b.nii", "ct/p2_a.hdr", "ct/p2_a.img", "ct/notes.txt")
    touch(
        tmp_path,
        "gold/p1_a.nii.gz",
        "gold/p1_a2.nii.gz",
        "net/p1_b-pred.nii.gz",
        "net/p2_a-pred.nii.gz",
    )
    cases = Patterns(
        f"{tmp_path}/ct",
        expert=f"{tmp_path}/gold",
        teacher=f"{tmp_path}/net/{{case}}-pred.nii.gz",
        patient=r"^(p\d)_",
    ).cases()
    assert [(case.name, case.patient) for case in cases] == [
        ("p1_a", "p1"),
        ("p1_b", "p1"),
        ("p2_a", "p2"),
    ]
    assert [case.expert.name if case.expert else None for case in cases] == [
        "p1_a.nii.gz",
        None,
        None,
    ]
    assert [case.teacher.name if case.teacher else None for case in cases][1:] == [
        "p1_b-pred.nii.gz",
        "p2_a-pred.nii.gz",
    ]


@pytest.mark.parametrize(
    ("images", "expert", "teacher", "patient", "says"),
    [
        ("none/*.nii.gz", None, None, None, "No images were found"),
        ("ct", "gold/{case}_x.nii.gz", None, None, "found for none of the 2"),
        ("ct", None, "net", None, "Case 'b' has neither"),
        ("ct", None, "net/a.nii.gz", None, "neither a folder"),
        ("ct", None, "ct", None, "its own mask"),
        ("ct", None, None, "(", "no regular expression"),
        ("ct", None, None, r"\d+", "finds nothing"),
        ("ct*", None, None, None, "No images"),
        ("*/a.nii.gz", None, None, None, "Two images have the name 'a'"),
        ("ct", None, "n*/{case}.nii*", None, "Case 'a' has 2 masks"),
    ],
)
def test_what_patterns_do_not_find_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    images: str,
    expert: str | None,
    teacher: str | None,
    patient: str | None,
    says: str,
) -> None:
    touch(tmp_path, "ct/a.nii.gz", "ct/b.nii.gz", "net/a.nii.gz", "nnn/a.nii")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AlntError, match=says.replace("(", r"\(")):
        Patterns(images, expert, teacher, patient).cases()


def test_nnunet_folder(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "imagesTr/liver_1_0000.nii.gz",
        "imagesTr/liver_2_0000.nii.gz",
        "labelsTr/liver_1.nii.gz",
    )
    (tmp_path / "dataset.json").write_text(
        json.dumps({"labels": {"background": 0, "liver": 1, "ignore": 2}})
    )
    first, second = NnUNet(tmp_path).cases()
    assert (first.name, first.expert, second.expert) == (
        "liver_1",
        tmp_path / "labelsTr" / "liver_1.nii.gz",
        None,
    )
    assert NnUNet(tmp_path).labels() == {1: "liver"}
    (tmp_path / "dataset.json").write_text(
        json.dumps({"labels": {"0": "background", "1": "liver"}})
    )
    assert NnUNet(tmp_path).labels() == {1: "liver"}
    touch(tmp_path, "imagesTr/liver_1_0001.nii.gz")
    with pytest.raises(AlntError, match="first channel"):
        NnUNet(tmp_path).cases()


def test_datalist(tmp_path: Path) -> None:
    touch(tmp_path, "i/a.nii.gz", "i/b.nii.gz", "m/a.nii.gz", "m/b.nii.gz")
    content = {
        "training": [{"image": "i/a.nii.gz", "label": "m/a.nii.gz", "patient": 7}],
        "validation": [{"image": "i/b.nii.gz", "pseudo_label": "m/b.nii.gz"}],
    }
    path = tmp_path / "list.json"
    path.write_text(json.dumps(content))
    first, second = Datalist(path).cases()
    assert (first.name, first.patient, first.teacher) == ("a", "7", None)
    assert (second.expert, second.teacher) == (None, tmp_path / "m/b.nii.gz")
    for broken in (
        "{",
        "[]",
        "{}",
        '{"training": [{"label": "x"}]}',
        '{"training": [{"image": "gone.nii"}]}',
    ):
        path.write_text(broken)
        with pytest.raises(AlntError, match=r"list\.json"):
            Datalist(path).cases()


def test_brackets_in_a_name_are_no_pattern(tmp_path):
    touch(tmp_path, "ct/a[1].nii.gz", "net/a[1]_seg.nii.gz", "net/a1_seg.nii.gz")
    (case,) = Patterns(f"{tmp_path}/ct", teacher=f"{tmp_path}/net/{{case}}_seg.nii.gz").cases()
    assert case.teacher == tmp_path / "net" / "a[1]_seg.nii.gz"


def test_the_patient_is_the_first_group_or_all(tmp_path):
    touch(tmp_path, "p1_left.nii.gz")
    for rule, patient in ((r"p(\d)", "1"), (r"p\d", "p1"), (None, "")):
        assert Patterns(str(tmp_path), patient=rule).cases()[0].patient == patient


def test_a_folder_in_a_folder_is_found_by_two_stars(tmp_path):
    touch(tmp_path, "x/y/a.nii.gz", "x/b.nii.gz")
    found = Patterns(f"{tmp_path}/**/*.nii.gz").cases()
    assert [case.name for case in found] == ["b", "a"]
    assert all(case.image.is_absolute() for case in found)


def test_nnunet_cases_take_a_teacher_and_a_patient(tmp_path):
    touch(tmp_path, "imagesTr/a1_0000.nii.gz", "labelsTr/b1.nii.gz", "net/a1.nii.gz")
    (case,) = NnUNet(tmp_path, teacher=str(tmp_path / "net"), patient="^.").cases()
    assert (case.name, case.patient, case.expert) == ("a1", "a", None)
    assert case.teacher == tmp_path / "net" / "a1.nii.gz"


def test_regions_are_no_labels(tmp_path):
    labels = {"background": 0, "whole": [1, 2], "core": 2, "ignore": 3}
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    assert NnUNet(tmp_path).labels() == {2: "core"}
    assert NnUNet(tmp_path / "none").labels() == {}


def test_a_data_list_that_repeats_a_name_or_lacks_a_mask_is_refused(tmp_path):
    touch(tmp_path, "i/a.nii.gz", "j/A.nii.gz", "m/a.nii.gz")
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"training": ["i/a.nii.gz", {"image": "j/A.nii.gz"}]}))
    with pytest.raises(AlntError, match="Two images have the name 'A'"):
        Datalist(path).cases()
    path.write_text(json.dumps({"training": [{"image": "i/a.nii.gz", "label": "m/b.nii.gz"}]}))
    with pytest.raises(AlntError, match=r"list\.json.*b\.nii\.gz"):
        Datalist(path).cases()


# sources as records -------------------------------------------------------------------------------


def test_each_source_finds_the_case_under_its_own_name(tmp_path):
    touch(tmp_path, "imagesTr/a_0000.nii.gz", "labelsTr/a.nii.gz")
    labels = {"labels": {"background": 0, "liver": 1}}
    (tmp_path / "dataset.json").write_text(json.dumps(labels))
    (tmp_path / "list.json").write_text(json.dumps({"training": ["imagesTr/a_0000.nii.gz"]}))
    images = str(tmp_path / "imagesTr")
    expected = [
        (Patterns(images), "a_0000", {}),
        (NnUNet(tmp_path), "a", {1: "liver"}),
        (Datalist(tmp_path / "list.json"), "a_0000", {}),
    ]
    for source, name, names in expected:
        (case,) = source.cases()
        assert case.name == name
        assert case.image.name == "a_0000.nii.gz"
        assert source.labels() == names


def test_a_source_of_ones_own_makes_a_project(tmp_path, phantoms):
    class Phantoms(Source):
        def cases(self) -> tuple[CaseFiles, ...]:
            return tuple(case.files(expert=True) for case in phantoms[:2])

    source = Phantoms()
    labels = source.labels() or None
    with Project.create(tmp_path / "project", source.cases(), labels=labels) as project:
        assert [case.role for case in project.cases].count("test") == 1
