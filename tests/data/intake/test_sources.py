"""Where cases come from: patterns, nnU-Net folders, data lists."""

import json
from pathlib import Path

import pytest

from napari_alnt.data import CaseFiles, Datalist, NnUNet, Patterns, Project, Source
from napari_alnt.data.intake.sources import load_json, patient_of
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


def test_a_source_has_nothing_to_add_by_itself():
    class Nothing(Source):
        def cases(self) -> tuple[CaseFiles, ...]:
            return ()

    source = Nothing()
    assert (source.labels(), source.notices(), source.ignore_label()) == ({}, (), None)


# what is left out ---------------------------------------------------------------------------------


def told(source: Source) -> list[str]:
    return [str(notice) for notice in source.notices()]


def test_masks_that_belong_to_no_image_are_said(tmp_path):
    touch(tmp_path, *(f"ct/c{n}.nii.gz" for n in range(4)), "gold/c0.nii.gz", "gold/c1.nii.gz")
    touch(tmp_path, "gold/C2.nii.gz", "gold/c03.nii.gz", "auto/c3.nii.gz", "auto/c2.nii.gz")
    for rule in ("gold", "gold/{case}.nii.gz"):
        source = Patterns(f"{tmp_path}/ct", f"{tmp_path}/{rule}", f"{tmp_path}/auto")
        (notice,) = told(source)
        assert "2 expert masks belong to no image ('C2.nii.gz', 'c03.nii.gz')" in notice
    assert told(Patterns(f"{tmp_path}/ct", teacher=f"{tmp_path}/auto"))[0].startswith("In 2 cases")


def test_images_and_other_masks_in_one_folder_are_not_left_out(tmp_path):
    for number in (1, 2, 3):
        touch(tmp_path, f"d/P{number}_CT.nii.gz", f"d/P{number}_auto.nii.gz")
    touch(tmp_path, "d/P1_seg.nii.gz")
    rules = (f"{tmp_path}/d/{{case}}_{kind}.nii.gz" for kind in ("CT", "seg", "auto"))
    source = Patterns(*rules)
    assert [case.name for case in source.cases()] == ["P1", "P2", "P3"]
    assert told(source) == []
    wide = Patterns(f"{tmp_path}/d/{{case}}_CT.nii.gz", f"{tmp_path}/d/{{case}}_s*.nii.gz")
    assert told(wide) == []


def test_a_missing_teacher_mask_is_a_notice(tmp_path):
    touch(tmp_path, *(f"ct/c{n}.nii.gz" for n in range(4)), "gold/c0.nii.gz", "auto/c1.nii.gz")
    source = Patterns(f"{tmp_path}/ct", f"{tmp_path}/gold", f"{tmp_path}/auto")
    (notice,) = source.notices()
    assert notice.cases == ("c2", "c3")
    assert [case.name for case in source.cases() if case.teacher] == ["c1"]
    assert told(Patterns(f"{tmp_path}/ct", f"{tmp_path}/gold")) == []


def test_images_of_no_known_format_are_said_and_texts_are_not(tmp_path):
    touch(tmp_path, "ct/a.nii.gz", "ct/b.nrrd", "ct/c.MHA", "ct/notes.txt", "ct/list.json")
    (notice,) = told(Patterns(f"{tmp_path}/ct"))
    assert "2 files are of no known format and left out ('b.nrrd', 'c.MHA')" in notice


def test_masks_of_no_known_format_are_named(tmp_path):
    touch(tmp_path, "ct/a.nii.gz", "ct/b.nii.gz", "gold/a.seg.nrrd", "gold/b.seg.nrrd")
    for rule in ("gold", "gold/{case}.seg.nrrd"):
        with pytest.raises(AlntError, match=r"none of the 2 images \(2 files are of no known"):
            Patterns(f"{tmp_path}/ct", f"{tmp_path}/{rule}").cases()


def test_one_name_for_all_images_asks_for_the_case_in_the_pattern(tmp_path):
    for number in (1, 2):
        touch(tmp_path, f"d/case_{number}/imaging.nii.gz", f"d/case_{number}/gold.nii.gz")
    with pytest.raises(AlntError, match=r"Two images.*write \{case\} for what differs"):
        Patterns(f"{tmp_path}/d/*/imaging.nii.gz").cases()
    rule = f"{tmp_path}/d/{{case}}"
    found = Patterns(f"{rule}/imaging.nii.gz", f"{rule}/gold.nii.gz").cases()
    assert [(case.name, case.expert.parent.name) for case in found] == [
        ("case_1", "case_1"),
        ("case_2", "case_2"),
    ]


# JSON and patients --------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom"])
def test_json_is_read_in_every_encoding_of_windows(tmp_path, encoding):
    text = json.dumps({"label": "Läsion"}, ensure_ascii=False)
    is_le = encoding == "utf-16-le-bom"
    content = b"\xff\xfe" + text.encode("utf-16-le") if is_le else text.encode(encoding)
    (tmp_path / "a.json").write_bytes(content)
    assert load_json(tmp_path / "a.json") == {"label": "Läsion"}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_a_sentence(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(AlntError, match=r"a\.json' cannot be read as JSON"):
        load_json(tmp_path / "a.json")


def test_a_group_of_the_patient_that_is_not_there_is_nobody():
    assert patient_of(r"c(\d)?", "c") == ""
