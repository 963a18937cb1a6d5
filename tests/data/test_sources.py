import json
from pathlib import Path

import pytest

from napari_alnt.data import from_datalist, from_nnunet, from_patterns, nnunet_labels
from napari_alnt.data.case import CaseFiles
from napari_alnt.data.create import draw_roles
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
    cases = from_patterns(
        f"{tmp_path}/ct",
        expert=f"{tmp_path}/gold",
        teacher=f"{tmp_path}/net/{{case}}-pred.nii.gz",
        patient=r"^(p\d)_",
    )
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
    touch(tmp_path, "ct/a.nii.gz", "ct/b.nii.gz", "net/a.nii.gz")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AlntError, match=says.replace("(", r"\(")):
        from_patterns(images, expert, teacher, patient)


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
    first, second = from_nnunet(tmp_path)
    assert (first.name, first.expert, second.expert) == (
        "liver_1",
        tmp_path / "labelsTr" / "liver_1.nii.gz",
        None,
    )
    assert nnunet_labels(tmp_path) == {1: "liver"}
    (tmp_path / "dataset.json").write_text(
        json.dumps({"labels": {"0": "background", "1": "liver"}})
    )
    assert nnunet_labels(tmp_path) == {1: "liver"}
    touch(tmp_path, "imagesTr/liver_1_0001.nii.gz")
    with pytest.raises(AlntError, match="first channel"):
        from_nnunet(tmp_path)


def test_datalist(tmp_path: Path) -> None:
    touch(tmp_path, "i/a.nii.gz", "i/b.nii.gz", "m/a.nii.gz", "m/b.nii.gz")
    content = {
        "training": [{"image": "i/a.nii.gz", "label": "m/a.nii.gz", "patient": 7}],
        "validation": [{"image": "i/b.nii.gz", "pseudo_label": "m/b.nii.gz"}],
    }
    path = tmp_path / "list.json"
    path.write_text(json.dumps(content))
    first, second = from_datalist(path)
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
            from_datalist(path)


def files(name: str, patient: str, expert: bool) -> CaseFiles:
    return CaseFiles(name, Path(name), None, Path(name) if expert else None, patient)


def test_roles_are_drawn_by_patient_and_stay(tmp_path: Path) -> None:
    cases = [files(f"c{i}{half}", f"p{i}", expert=i < 8) for i in range(12) for half in "lr"]
    drawn = [draw_roles(cases, seed_cases=4, reference=4, audit=4, seed=seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    roles = drawn[0]
    assert [
        sum(role == kind for role in roles.values())
        for kind in ("audit", "seed", "reference", "pool")
    ] == [4, 4, 8, 8]
    assert all(roles[f"c{i}l"] == roles[f"c{i}r"] for i in range(12))


def test_a_patient_of_the_pool_is_never_audited() -> None:
    cases = [files("a1", "a", True), files("a2", "a", False), files("b", "b", True)]
    for seed in range(5):
        assert draw_roles(cases, seed_cases=0, reference=0, audit=0, seed=seed)["b"] == "audit"
    with pytest.raises(AlntError, match="cannot be audited"):
        draw_roles([files("a1", "a", True), files("b1", "b", True), files("a2", "a", False), files("b2", "b", False)],
                   seed_cases=0, reference=0, audit=1, seed=0)  # fmt: skip


@pytest.mark.parametrize(
    ("experts", "counts"), [(1, (0, 0, 0)), (3, (2, 0, 0)), (4, (0, 3, 2)), (0, (0, 0, 0))]
)
def test_too_few_experts_say_how_many_are_needed(
    experts: int, counts: tuple[int, int, int]
) -> None:
    cases = [files(f"c{i}", "", expert=i < experts) for i in range(6)]
    seed_cases, reference, audit = counts
    with pytest.raises(AlntError, match=f"but there are {experts}"):
        draw_roles(cases, seed_cases=seed_cases, reference=reference, audit=audit, seed=0)
