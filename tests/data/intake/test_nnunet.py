"""Cases and labels of nnU-Net's folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_alnt.data import NnUNet
from napari_alnt.errors import AlntError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


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


def test_nnunet_cases_take_a_teacher_and_a_patient(tmp_path):
    touch(tmp_path, "imagesTr/a1_0000.nii.gz", "labelsTr/b1.nii.gz", "net/a1.nii.gz")
    (case,) = NnUNet(tmp_path, teacher=str(tmp_path / "net"), patient="^.").cases()
    assert (case.name, case.patient, case.expert) == ("a1", "a", None)
    assert case.teacher == tmp_path / "net" / "a1.nii.gz"


def labels_of(folder: Path, labels: object, **others: object) -> tuple[dict[int, str], int | None]:
    (folder / "dataset.json").write_text(json.dumps({"labels": labels, **others}))
    return NnUNet(folder).labels(), NnUNet(folder).ignore_label()


@pytest.mark.parametrize(
    ("labels", "names", "ignored"),
    [
        ({"background": 0, "a": 1, "b": 2}, {1: "a", 2: "b"}, None),
        ({"0": "background", "1": "a", "2": "b"}, {1: "a", 2: "b"}, None),
        ({"background": "0", "a": "1", "b": "2"}, {1: "a", 2: "b"}, None),
        ({"0": "background", "1": "1", "2": "2"}, {1: "1", 2: "2"}, None),
        (["background", "a", "b"], {1: "a", 2: "b"}, None),
        ({"background": 0, "a": 1.0}, {1: "a"}, None),
        ({"background": 0, "whole": [1, 2], "core": [2]}, {1: "whole", 2: "core"}, None),
        ({"background": 0, "whole": [1, 2], "core": 2}, {1: "whole", 2: "core"}, None),
        ({"background": 0, "whole": [1, 2]}, {1: "whole 1", 2: "whole 2"}, None),
        ({"background": 0, "whole": [1, 2], "core": [2], "ignore": 3}, {1: "whole", 2: "core"}, 3),
        ({"background": 0, "a": 1, "ignore": 2}, {1: "a"}, 2),
        ({"background": 0, "a": 1, "Ignore": "2"}, {1: "a"}, 2),
        ({"0": "background", "1": "a", "2": "ignore"}, {1: "a"}, 2),
        (["background", "a", "ignore"], {1: "a"}, 2),
        ({}, {}, None),
    ],
)
def test_the_names_of_labels_in_every_form(tmp_path, labels, names, ignored):
    assert labels_of(tmp_path, labels) == (names, ignored)


@pytest.mark.parametrize(
    "labels",
    [
        3, None, "liver", [1, 2], [["a"]], {"a": None}, {"a": {"b": 1}}, {"a": True}, {"a": -1},
        {"a": 1.5}, {"a": "one"}, {"a": [1, [2]]}, {"a": [None]}, {"a": 1e400}, {"ignore": "x"},
        {"a": "1" * 5000}, {"1" * 5000: "a"}, {"a": "²"}, {"²": "a"},
    ],
)  # fmt: skip
def test_labels_in_no_form_are_one_sentence(tmp_path, labels):
    with pytest.raises(AlntError, match=r"dataset\.json"):
        labels_of(tmp_path, labels)


@pytest.mark.parametrize("content", ["[]", "3", "null", "{", '{"labels": null}'])
def test_a_broken_dataset_json_is_one_sentence(tmp_path, content):
    (tmp_path / "dataset.json").write_text(content)
    for ask in (NnUNet(tmp_path).labels, NnUNet(tmp_path).ignore_label):
        with pytest.raises(AlntError, match=r"dataset\.json"):
            ask()


def test_without_a_dataset_json_nothing_is_known(tmp_path):
    assert (NnUNet(tmp_path).labels(), NnUNet(tmp_path).ignore_label()) == ({}, None)


def test_masks_without_an_image_and_cases_without_a_mask_are_said(tmp_path):
    touch(tmp_path, "imagesTr/a_0000.nii.gz", "imagesTr/b_0000.nii.gz", "imagesTr/c_0000.nii.gz")
    touch(tmp_path, "labelsTr/a.nii.gz", "labelsTr/B.nii.gz", "auto/b.nii.gz")
    found = [str(one) for one in NnUNet(tmp_path, teacher=f"{tmp_path}/auto").notices()]
    assert "1 expert mask belongs to no image ('B.nii.gz')" in found[0]
    assert found[1].startswith("In case 'c' there is neither a teacher mask")
    assert len(found) == 2


def test_images_that_are_no_nifti_are_named(tmp_path):
    touch(tmp_path, "imagesTr/a_0000.png", "imagesTr/b_0000.png")
    with pytest.raises(AlntError, match=r"2 files are of no known format: 'a_0000\.png'"):
        NnUNet(tmp_path).cases()
