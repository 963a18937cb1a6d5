"""Cases of MONAI's data lists, in the forms in which they are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from napari_alnt.data import CaseFiles, Datalist
from napari_alnt.errors import AlntError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


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


def test_a_data_list_that_repeats_a_name_or_lacks_a_mask_is_refused(tmp_path):
    touch(tmp_path, "i/a.nii.gz", "j/A.nii.gz", "m/a.nii.gz")
    path = tmp_path / "list.json"
    touch(tmp_path, "i/b.nii.gz")
    path.write_text(json.dumps({"training": ["i/a.nii.gz", "j/A.nii.gz", "i/b.nii.gz"]}))
    with pytest.raises(AlntError, match="Two images have the name 'A'"):
        Datalist(path).cases()
    path.write_text(json.dumps({"training": [{"image": "i/a.nii.gz", "label": "m/b.nii.gz"}]}))
    with pytest.raises(AlntError, match=r"list\.json.*b\.nii\.gz"):
        Datalist(path).cases()


@pytest.fixture
def items(tmp_path) -> list[dict[str, Any]]:
    """Entries of eight cases, of which four have a label and four a pseudo-label."""
    found = []
    for number in range(8):
        kind, key = ("gold", "label") if number < 4 else ("auto", "pseudo_label")
        touch(tmp_path, f"ct/c{number}.nii.gz", f"{kind}/c{number}.nii.gz")
        found.append({"image": f"ct/c{number}.nii.gz", key: f"{kind}/c{number}.nii.gz"})
    return found


def read(folder: Path, content: object, encoding: str = "utf-8") -> tuple[CaseFiles, ...]:
    (folder / "l.json").write_text(json.dumps(content), encoding=encoding)
    return Datalist(folder / "l.json").cases()


def changed(items: list[dict[str, Any]], change: Any) -> list[Any]:
    return [{key: change(value) for key, value in item.items()} for item in items]


@pytest.mark.parametrize(
    ("make", "encoding"),
    [
        (lambda items: {"training": items}, "utf-8-sig"),
        (lambda items: {"training": items}, "utf-16"),
        (lambda items: items, "utf-8"),
        (lambda items: {"training": None, "validation": items}, "utf-8"),
        (lambda items: {"training": items[:4], "testing": items[4:]}, "utf-8"),
        (lambda items: {"training": items[:4], "test": items[4:]}, "utf-8"),
        (lambda items: {"training": items, "validation": [items[0]]}, "utf-8"),
        (lambda items: {"training": items, "validation": [{"image": items[0]["image"]}]}, "utf-8"),
        (lambda items: changed(items, lambda name: [name]), "utf-8"),
        (lambda items: changed(items, lambda name: name.replace("/", "\\")), "utf-8"),
        (lambda items: [{"teacher": None, "label": "", **item} for item in items], "utf-8"),
        (lambda items: [{"fold": 1, "spacing": [1, 1, 1], **item} for item in items], "utf-8"),
    ],
)
def test_a_list_is_read_in_every_form(tmp_path, items, make, encoding):
    cases = read(tmp_path, make(items), encoding)
    assert [case.name for case in cases] == [f"c{number}" for number in range(8)]
    assert [case.expert is not None for case in cases] == [True] * 4 + [False] * 4
    assert [case.teacher is not None for case in cases] == [False] * 4 + [True] * 4
    assert all(case.image.is_file() for case in cases)


def test_images_alone_are_the_pool(tmp_path, items):
    pool = [item["image"] for item in items[4:]]
    cases = read(tmp_path, {"training": items[:4], "test": pool})
    assert [case.expert is None and case.teacher is None for case in cases[4:]] == [True] * 4


def test_absolute_paths_and_numbers_of_patients(tmp_path, items):
    absolute = changed(items, lambda name: str(tmp_path / name))
    cases = read(tmp_path, [{**item, "patient": n // 2} for n, item in enumerate(absolute)])
    assert [case.patient for case in cases] == ["0", "0", "1", "1", "2", "2", "3", "3"]


def test_where_all_images_are_called_alike_the_folder_is_the_case(tmp_path):
    for number in range(3):
        touch(tmp_path, f"d/case_{number}/imaging.nii.gz", f"d/case_{number}/seg.nii.gz")
    cases = read(
        tmp_path,
        [
            {"image": f"d/case_{n}/imaging.nii.gz", "seg": f"d/case_{n}/seg.nii.gz"}
            for n in range(3)
        ],
    )
    assert [case.name for case in cases] == ["case_0", "case_1", "case_2"]
    assert all(case.expert for case in cases)


@pytest.mark.parametrize(
    "content",
    [
        None, 3, "a", [], {}, {"training": None}, {"training": []}, {"training": {"0": "a"}},
        {"training": 3}, {"training": "ct/c0.nii.gz"}, {"other": ["ct/c0.nii.gz"]}, [None], [3],
        [[]], [{}], [{"image": None}], [{"image": 3}], [{"image": []}], [{"image": {"a": 1}}],
        [{"image": ["ct/c0.nii.gz", "ct/c1.nii.gz"]}], [{"image": "ct/c0.nii.gz", "label": 1}],
        [{"image": "ct/c0.nii.gz", "label": ["gold/c0.nii.gz", "gold/c1.nii.gz"]}],
        [{"image": "ct/c0.nii.gz", "label": True}], ["ct/zz.nii.gz"], ["x" * 5000], ["a\0b"],
        ["\ud800"],
        [{"image": "ct/c0.nii.gz", "label": "gold/zz.nii.gz"}],
        [{"image": "ct/c0.nii.gz", "label": "gold/c0.nii.gz"},
         {"image": "ct/c0.nii.gz", "label": "gold/c1.nii.gz"}],
    ],
)  # fmt: skip
def test_what_is_no_list_of_cases_is_one_sentence(tmp_path, items, content):
    with pytest.raises(AlntError, match=r"data list '.*l\.json'") as raised:
        read(tmp_path, content)
    assert str(raised.value).endswith(".")
