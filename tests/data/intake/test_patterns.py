"""Files by patterns, and masks that are given out to cases by their names."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from napari_alnt.data.intake.patterns import MaskRule, Pattern, find_images
from napari_alnt.errors import AlntError


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def names(text: str) -> list[str]:
    return sorted(find_images(text).values())


def masks(rule: str, *cases: str) -> dict[str, str]:
    """The names of the masks of cases, for those that have one."""
    found = MaskRule(rule, cases)
    given = {case: found.mask(case, Path("none")) for case in cases}
    return {case: mask.name for case, mask in given.items() if mask}


# patterns -----------------------------------------------------------------------------------------

ODD = [
    "CT [chest]",
    "ct{a}",
    "ct*b",
    "ct?c",
    "100% #1 & more",
    "Übung Lunge",
    "ct '2",
    "[a-z]",
    "-x",
]


@pytest.mark.parametrize("folder", ODD)
def test_a_folder_that_exists_is_no_pattern(folder, tmp_path):
    touch(f"{folder}/ct/a.nii.gz", f"{folder}/ct/b [1].nii.gz", f"{folder}/gold/b [1].nii.gz")
    touch("ctxb/ct/a.nii.gz", "CT c/ct/a.nii.gz", "a/ct/a.nii.gz")
    for start in ("", f"{tmp_path}/"):
        for rest in ("ct", "ct/", "ct/*", "ct/*.nii.gz", "**/ct/*.nii.gz", "ct/{case}.nii.gz"):
            assert names(f"{start}{folder}/{rest}") == ["a", "b [1]"], rest
        assert names(f"{start}{folder}/ct/b [1].nii.gz") == ["b [1]"]
        for rule in ("gold", "gold/{case}.nii.gz", "g*/{case}.nii.gz"):
            found = masks(f"{start}{folder}/{rule}", "a", "b [1]")
            assert found == {"b [1]": "b [1].nii.gz"}, rule


def test_brackets_choose_letters_where_nothing_is_called_so():
    touch("ct/c1.nii.gz", "ct/c2.nii.gz", "ct/c3.nii.gz", "gold/c1.nii.gz", "gold/c2.nii.gz")
    assert names("ct/c[12].nii.gz") == ["c1", "c2"]
    assert masks("gol[a-d]/{case}.nii.gz", "c1", "c2", "c3") == {
        "c1": "c1.nii.gz",
        "c2": "c2.nii.gz",
    }
    touch("ct/c[12].nii.gz")
    assert names("ct/c[12].nii.gz") == ["c[12]"]
    touch("in/[c1]_mask.nii.gz")
    assert masks("in/[{case}]_mask.nii.gz", "c1") == {"c1": "[c1]_mask.nii.gz"}


def test_home_is_a_tilde_also_in_quotes(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    touch("home/ct/a.nii.gz", "home/gold/a.nii.gz")
    assert names("~/ct") == names("~/ct/*.nii.gz") == ["a"]
    assert masks("~/gold/{case}.nii.gz", "a") == masks("~/gold", "a") == {"a": "a.nii.gz"}
    with pytest.raises(AlntError, match="No images"):
        names("~nobody-of-that-name/ct")


def test_a_case_may_be_the_name_of_a_folder():
    for number in (1, 2):
        touch(f"d/case_{number}/imaging.nii.gz", f"d/case_{number}/segmentation.nii.gz")
    assert names("d/{case}/imaging.nii.gz") == ["case_1", "case_2"]
    assert names("d/case_{case}/imaging.nii.gz") == ["1", "2"]
    assert masks("d/{case}/segmentation.nii.gz", "case_1", "case_9") == {
        "case_1": "segmentation.nii.gz"
    }
    touch("sub-01/ses-1/sub-01_ct.nii.gz", "sub-02/ses-1/sub-01_ct.nii.gz")
    assert names("{case}/ses-*/{case}_ct.nii.gz") == ["sub-01"]


def test_a_part_of_the_name_may_be_left_out():
    touch("d/P1_CT.nii.gz", "d/P1_seg.nii.gz", "d/P2_CT.nii.gz", "d/P2_auto.nii.gz")
    assert names("d/{case}_CT.nii.gz") == ["P1", "P2"]
    assert masks("d/{case}_seg.nii.gz", "P1", "P2") == {"P1": "P1_seg.nii.gz"}


def test_hidden_files_are_passed_over():
    touch("ct/a.nii.gz", "ct/._a.nii.gz", "gold/a.nii.gz", "gold/._a.nii.gz")
    assert names("ct") == names("ct/*") == ["a"]
    assert masks("gold", "a") == masks("gold/{case}.nii.gz", "a") == {"a": "a.nii.gz"}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            ["a.nrrd", "b.seg.nrrd"],
            r"2 files are of no known format: 'a\.nrrd', 'b\.seg\.nrrd'; ex",
        ),
        (["IM0001"], "1 file is of no known format: 'IM0001'; export NIfTI"),
        (["a.dcm", "b.dcm", "c.dcm"], r"3 files are of no known format: 'a\.dcm', 'b\.dcm', …;"),
        ([], "No images were found by 'ct' from"),
    ],
)
def test_what_is_there_and_no_image_is_told(files, says):
    Path("ct").mkdir()
    touch(*(f"ct/{name}" for name in files))
    with pytest.raises(AlntError, match=says):
        find_images("ct")


def test_paths_are_absolute_and_sorted(tmp_path):
    touch("ct/b.nii.gz", "ct/a.nii", "ct/c.hdr", "ct/c.img", "ct/notes.txt")
    assert list(find_images("ct")) == [
        tmp_path / "ct" / name for name in ("a.nii", "b.nii.gz", "c.hdr")
    ]
    assert Pattern("ct/*").is_folder is False
    assert Pattern("ct").is_folder is True


# masks --------------------------------------------------------------------------------------------


def test_one_mask_is_of_one_case():
    touch("gold/scan10_rater1.nii.gz", "gold/scan2_rater1.nii.gz", "gold/scan3-a.nii.gz")
    rule = "gold/{case}*.nii.gz"
    cases = ("scan1", "scan10", "scan2", "scan3")
    assert masks(rule, *cases) == {
        "scan10": "scan10_rater1.nii.gz",
        "scan2": "scan2_rater1.nii.gz",
        "scan3": "scan3-a.nii.gz",
    }
    # also where the longer name is no case
    assert "scan1" not in masks(rule, "scan1", "scan2")
    touch("auto/x11.nii.gz")
    assert masks("auto/*{case}.nii.gz", "1", "11") == {"11": "x11.nii.gz"}


def test_of_two_names_the_longer_has_the_mask():
    touch("gold/P1_a_seg.nii.gz", "gold/P1_seg.nii.gz")
    assert masks("gold/{case}_*.nii.gz", "P1", "P1_a") == {
        "P1": "P1_seg.nii.gz",
        "P1_a": "P1_a_seg.nii.gz",
    }


def test_several_masks_of_a_case_are_refused():
    touch("gold/a_1.nii.gz", "gold/a_2.nii.gz")
    with pytest.raises(AlntError, match="'a' has 2 masks"):
        masks("gold/{case}_*.nii.gz", "a")


def test_masks_of_nobody_are_listed():
    touch("gold/c1.nii.gz", "gold/C2.nii.gz", "gold/c03.nii.gz", "gold/c4.nrrd")
    for rule in ("gold", "gold/{case}.nii.gz", "gold/{case}*"):
        found = MaskRule(rule, ["c1", "c2", "c3", "c4"])
        assert [path.name for path in found.unclaimed] == ["C2.nii.gz", "c03.nii.gz"]
    assert [path.name for path in found.unknown] == ["c4.nrrd"]


@pytest.mark.parametrize("files", ["NFC", "NFD"])
@pytest.mark.parametrize("cases", ["NFC", "NFD"])
def test_an_umlaut_is_the_same_in_one_or_two_characters(files, cases):
    written = unicodedata.normalize(files, "Müller")
    asked = unicodedata.normalize(cases, "Müller")
    touch(f"gold/{written}.nii.gz", f"ct/{written}.nii.gz")
    for rule in ("gold", "gold/{case}.nii.gz", "gold/{case}*.nii.gz"):
        found = MaskRule(rule, [asked]).mask(asked, Path("none"))
        assert found is not None
        assert os.path.samefile(found, f"gold/{written}.nii.gz")
    assert names("ct") == [unicodedata.normalize("NFC", "Müller")]


def test_the_image_itself_is_no_mask(tmp_path):
    touch("ct/a.nii.gz")
    with pytest.raises(AlntError, match="its own mask"):
        MaskRule("ct", ["a"]).mask("a", tmp_path / "ct" / "a.nii.gz")


@pytest.mark.parametrize("rule", ["gold", "ct/a.nii.gz", "ct/*.nii.gz"])
def test_a_rule_without_a_case_is_a_folder(rule):
    touch("ct/a.nii.gz")
    with pytest.raises(AlntError, match="neither a folder"):
        MaskRule(rule, ["a"])


@pytest.mark.parametrize(
    "text",
    [
        "ct/c[z-a].nii.gz",
        "ct/[",
        "ct/c[1",
        "ct/]",
        "ct/[!]",
        "ct/(",
        "ct/\\",
        "x" * 5000,
        "a\0b",
        "",
    ],
)
def test_a_pattern_that_makes_no_sense_finds_nothing(text):
    touch("ct/c1.nii.gz")
    for ask in (text, f"{text}/*", f"{text}/{{case}}.nii.gz", f"ct/{{case}}{text}"):
        try:
            found = MaskRule(ask, ["c1"]) if "{case}" in ask else find_images(ask)
        except AlntError as error:
            assert ask in str(error)  # noqa: PT017
        else:
            assert found
