"""New projects from each source, and the requests that are refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from cli.shell import json_lines, one_sentence, run, save
from data.files import write_cases

from napari_alnt.cli.new import New
from napari_alnt.data import Datalist, NnUNet, Patterns
from napari_alnt.errors import AlntError
from napari_alnt.session import Session


def test_a_project_from_an_nnunet_folder_and_from_a_datalist(balls, tmp_path):
    files = balls.folder.parent / "files"
    for name in ("imagesTr", "labelsTr"):
        (tmp_path / name).mkdir()
    for number in range(3):
        (tmp_path / "imagesTr" / f"ball_{number}_0000.nii.gz").symlink_to(
            files / f"ball_0{number}_image.nii.gz"
        )
        if number < 2:
            (tmp_path / "labelsTr" / f"ball_{number}.nii.gz").symlink_to(
                files / f"ball_0{number}_truth.nii.gz"
            )
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "a ball": 1}}))
    pairs = [
        {"image": f"imagesTr/ball_{n}_0000.nii.gz", "label": f"labelsTr/ball_{n}.nii.gz"}
        for n in range(2)
    ]
    pairs.append(
        {
            "image": "imagesTr/ball_2_0000.nii.gz",
            "pseudo_label": str(files / "ball_02_truth.nii.gz"),
        }
    )
    (tmp_path / "list.json").write_text(json.dumps({"training": pairs}))
    assert run("new", tmp_path / "a", "--nnunet", tmp_path) == 0
    assert (
        run("new", tmp_path / "b", "--datalist", tmp_path / "list.json", "--labels", "1=ball") == 0
    )
    for name, label, taught in (("a", "a ball", False), ("b", "ball", True)):
        with Session.open(tmp_path / name, write=False) as session:
            assert session.project.label_names == {1: label}
            roles = sorted(case.role for case in session.project.cases)
            assert roles == ["pool", "reference", "test"]
            assert (session.project.by_role("pool")[0].teacher is not None) == taught


def test_options_that_a_source_cannot_use_are_refused(balls, tmp_path, capsys):
    assert (
        run(
            "new",
            tmp_path / "p",
            "--datalist",
            tmp_path / "list.json",
            "--teacher",
            "auto/{case}.nii.gz",
        )
        == 1
    )
    assert "--teacher goes with" in capsys.readouterr().err
    assert run("new", tmp_path / "p", "--nnunet", tmp_path, "--expert", "gold/{case}.nii.gz") == 1
    assert "--expert goes with" in capsys.readouterr().err


def test_bad_projects_are_refused_and_leave_nothing(balls, tmp_path, capsys):
    folder = tmp_path / "in"
    for kind in ("image", "gold", "auto"):
        (folder / kind).mkdir(parents=True)
    files = balls.folder.parent / "files"
    for number in range(5):
        name = f"ball_{number:02d}"
        (folder / "image" / f"{name}.nii.gz").symlink_to(files / f"{name}_image.nii.gz")
        (folder / "auto" / f"{name}.nii.gz").symlink_to(files / f"{name}_teacher.nii.gz")
    (folder / "gold" / "ball_00.nii.gz").symlink_to(files / "ball_00_truth.nii.gz")
    rules = ["--images", folder / "image", "--teacher", folder / "auto" / "{case}.nii.gz"]
    rules += ["--expert", folder / "gold" / "{case}.nii.gz"]
    project = tmp_path / "p"

    assert run("new", project, *rules) == 1  # one expert case cannot be both reference and test
    said = capsys.readouterr().err.strip()
    assert "test" in said
    assert one_sentence(said)
    assert not project.exists()

    (folder / "gold" / "ball_01.nii.gz").symlink_to(files / "ball_01_truth.nii.gz")
    (folder / "auto" / "ball_04.nii.gz").unlink()
    save(folder / "auto" / "ball_04.nii.gz", files / "ball_04_teacher.nii.gz", lambda a: a[1:])
    assert run("new", project, *rules) == 1  # a teacher mask on another grid
    said = capsys.readouterr().err.strip()
    assert "ball_04" in said
    assert one_sentence(said)
    assert not project.exists()


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({"images": "ct/*.nii.gz"}, Patterns("ct/*.nii.gz")),
        (
            {"images": "ct", "expert": "gold", "teacher": "auto", "patient": "(.*)_"},
            Patterns("ct", "gold", "auto", "(.*)_"),
        ),
        ({"nnunet": Path("raw"), "teacher": "auto"}, NnUNet(Path("raw"), "auto")),
        ({"datalist": Path("l.json"), "patient": "x"}, Datalist(Path("l.json"), "x")),
    ],
)
def test_every_source_gets_its_options(options, source):
    assert New(Path("p"), **options).source() == source


@pytest.mark.parametrize("options", [{}, {"images": "ct", "nnunet": Path("raw")}])
def test_one_source_is_needed(options):
    with pytest.raises(AlntError, match="one of --images, --nnunet or --datalist"):
        New(Path("p"), **options).source()


@pytest.mark.parametrize("label", ["lesion", "1", "1=", "x=lesion"])
def test_a_label_without_value_or_name_is_refused(label, balls, tmp_path, capsys):
    images = balls.folder.parent / "files" / "*_image.nii.gz"
    assert run("new", tmp_path / "p", "--images", images, "--labels", label) == 1
    said = capsys.readouterr().err.strip()
    assert f"'{label}' is not of the form value=name" in said
    assert not (tmp_path / "p").exists()


# what is strange about the files ------------------------------------------------------------------


def without_intercept(voxels):
    return (voxels + 1024).clip(0, 4095)


def rules(folder: Path, **changes) -> list[str | Path]:
    """The options for a project of a few written cases."""
    write_cases(folder, **changes)
    for path in folder.glob("*_image.nii.gz"):
        (folder / "ct").mkdir(exist_ok=True)
        path.rename(folder / "ct" / path.name.replace("_image", ""))
    for number in range(8):
        kind = "gold" if number < 4 else "auto"
        (folder / kind).mkdir(exist_ok=True)
        (folder / f"c{number}_mask.nii.gz").rename(folder / kind / f"c{number}.nii.gz")
    return ["--images", folder / "ct", "--expert", folder / "gold", "--teacher", folder / "auto"]


def test_notices_are_lines_beside_the_table(tmp_path, capsys):
    assert run("new", tmp_path / "p", *rules(tmp_path / "in", image=without_intercept)) == 0
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith("In 8 cases ('c0', 'c1', 'c2' and 5 more) the grey values are no HU")
    assert "--window percentile" in line
    assert one_sentence(line)
    assert "pool" in said.out
    assert run("status", tmp_path / "p") == 0
    assert capsys.readouterr().err.splitlines() == [line]


def test_a_strict_project_is_not_made_of_strange_files(tmp_path, capsys):
    options = rules(tmp_path / "in", image=without_intercept, only=(1, 5))
    assert run("new", tmp_path / "p", *options, "--strict") == 1
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("In 2 cases ('c1', 'c5')")
    assert last.startswith("Nothing was made, as notices count as errors here: In 2 cases")
    assert not (tmp_path / "p").exists()
    assert run("new", tmp_path / "p", *options, "--strict", "--json") == 1
    notice, error = json_lines(capsys.readouterr().out)
    assert (notice["kind"], notice["cases"]) == ("Notice", ["c1", "c5"])
    assert error["kind"] == "Error"


def test_of_good_files_nothing_is_said(tmp_path, capsys):
    assert run("new", tmp_path / "p", *rules(tmp_path / "in"), "--strict") == 0
    assert capsys.readouterr().err == ""
    assert run("status", tmp_path / "p") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kinds", [("expert", "teacher"), ("teacher",), ("expert",)])
def test_masks_of_0_and_255_make_no_project(tmp_path, capsys, kinds):
    changes = dict.fromkeys(kinds, lambda labels: labels * 255)
    options = rules(tmp_path / "in", **changes)
    assert run("new", tmp_path / "p", *options) == 1
    said = capsys.readouterr().err.strip()
    assert "255 is the ignore label" in said
    assert ("'c4'" if "teacher" in kinds else "'c0'") in said
    assert one_sentence(said)
    assert not (tmp_path / "p").exists()
    if len(kinds) == 2:
        assert run("new", tmp_path / "p", *options, "--ignore-label", "254") == 0


def test_a_correction_of_0_and_255_is_not_accepted(tmp_path, capsys):
    assert run("new", tmp_path / "p", *rules(tmp_path / "in")) == 0
    mask = tmp_path / "in" / "auto" / "c4.nii.gz"
    save(tmp_path / "fix.nii.gz", mask, lambda labels: labels * 255)
    capsys.readouterr()
    assert run("accept", tmp_path / "p", "c4", tmp_path / "fix.nii.gz") == 1
    said = capsys.readouterr().err.strip()
    assert "fix.nii.gz' holds no value but 0 and 255" in said
    assert one_sentence(said)
    with Session.open(tmp_path / "p", write=False) as session:
        assert session.project.case("c4").role == "pool"


def test_a_correction_with_the_ignore_label_in_it_is_accepted_with_a_notice(tmp_path, capsys):
    assert run("new", tmp_path / "p", *rules(tmp_path / "in")) == 0

    def partly(labels):
        labels = labels.copy()
        labels[10:13, 10:13, 10:13] = 255
        return labels

    save(tmp_path / "fix.nii.gz", tmp_path / "in" / "auto" / "c4.nii.gz", partly)
    capsys.readouterr()
    assert run("accept", tmp_path / "p", "c4", tmp_path / "fix.nii.gz") == 0
    assert "The mask has parts of the value 255" in capsys.readouterr().err


# what was found and left out ----------------------------------------------------------------------


def test_a_missing_teacher_mask_is_a_notice(tmp_path, capsys):
    options = rules(tmp_path / "in")
    (tmp_path / "in" / "auto" / "c6.nii.gz").unlink()
    assert run("new", tmp_path / "p", *options, "--strict") == 1
    assert not (tmp_path / "p").exists()
    capsys.readouterr()
    assert run("new", tmp_path / "p", *options) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("In case 'c6' there is neither a teacher mask")
    assert one_sentence(line)


def test_experts_masks_of_other_names_are_named(tmp_path, capsys):
    options = rules(tmp_path / "in")
    gold = tmp_path / "in" / "gold"
    (gold / "c2.nii.gz").rename(gold / "C2.nii.gz")
    (gold / "c3.nii.gz").rename(gold / "c03.nii.gz")
    assert run("new", tmp_path / "p", *options) == 0
    first, second = capsys.readouterr().err.splitlines()
    assert "2 expert masks belong to no image ('C2.nii.gz', 'c03.nii.gz')" in first
    assert second.startswith("In 2 cases ('c2', 'c3')")


def test_the_ignore_label_of_nnunet_becomes_the_projects(tmp_path):
    for case in write_cases(tmp_path / "in", cases=4, experts=4):
        for folder, path, name in (
            ("imagesTr", case.image, f"{case.name}_0000.nii.gz"),
            ("labelsTr", case.expert, f"{case.name}.nii.gz"),
        ):
            (tmp_path / "D" / folder).mkdir(parents=True, exist_ok=True)
            path.rename(tmp_path / "D" / folder / name)
    save(
        tmp_path / "D" / "labelsTr" / "c0.nii.gz",
        tmp_path / "D" / "labelsTr" / "c0.nii.gz",
        lambda labels: np.where(np.arange(24) < 6, 2, labels).astype(np.uint8),
    )
    labels = {"background": 0, "a": 1, "ignore": 2}
    (tmp_path / "D" / "dataset.json").write_text(json.dumps({"labels": labels}))
    assert run("new", tmp_path / "p", "--nnunet", tmp_path / "D") == 0
    with Session.open(tmp_path / "p", write=False) as session:
        assert session.project.settings.ignore_label == 2
        assert session.project.label_names == {1: "a"}
    # what is asked for goes first, and then 2 has no name
    assert run("new", tmp_path / "q", "--nnunet", tmp_path / "D", "--ignore-label", "9") == 1


# names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "folder", ["CT [chest]", "[bold]x", "ct{a}", "ct*b", "ct?c", "100% #1 & more", "ct '2"]
)
def test_odd_folders_are_read_and_shown_as_they_are(tmp_path, monkeypatch, capsys, folder):
    root = tmp_path / folder
    options = rules(root)
    assert run("new", root / "p", *options) == 0
    monkeypatch.chdir(root)
    rest = ["--expert", f"{root}/gold/{{case}}.nii.gz", "--teacher", "auto/{case}.nii.gz"]
    assert run("new", root / "p [1]", "--images", "ct", *rest) == 0
    capsys.readouterr()
    assert run("status", root / "p [1]") == 0
    assert "Project 'p [1]'" in capsys.readouterr().out
    assert run("status", root / "none [1]") == 1
    assert str(root / "none [1]") in capsys.readouterr().err


def test_cases_with_brackets_and_dashes_can_be_named(tmp_path, capsys):
    folder = tmp_path / "in"
    options = rules(folder)
    for number, name in ((4, "a [left]"), (5, "-dash"), (6, "--json"), (7, "[red]x")):
        for kind in ("ct", "auto"):
            (folder / kind / f"c{number}.nii.gz").rename(folder / kind / f"{name}.nii.gz")
    assert run("new", tmp_path / "p", *options) == 0
    assert run("accept", tmp_path / "p", "a [left]", "--confirm") == 0
    assert "Case 'a [left]' is now an expert case" in capsys.readouterr().out
    mask = folder / "auto" / "-dash.nii.gz"
    assert run("accept", tmp_path / "p", "-dash", mask) == 1
    said = capsys.readouterr().err.strip()
    assert "knows no '-dash'" in said
    assert "a name that begins with a dash after --" in said
    assert one_sentence(said)
    assert run("accept", tmp_path / "p", "--", "-dash", mask) == 0
    assert run("accept", tmp_path / "p", "--confirm", "--", "--json") == 0
    said = capsys.readouterr().out
    assert "Case '-dash' is now" in said
    assert "Case '--json' is now" in said
    assert run("status", tmp_path / "p") == 0
    assert "[red]x " in capsys.readouterr().out


@pytest.mark.parametrize("ending", [".NII.GZ", ".Nii.Gz", ".nii.GZ", ".NII", ".Nii"])
def test_an_ending_is_read_in_any_case_of_letters(tmp_path, ending):
    options = rules(tmp_path / "in")
    for path in (tmp_path / "in").glob("*/*.nii.gz"):
        new = path.with_name(path.name.replace(".nii.gz", ending))
        if ending.lower().endswith("gz"):
            path.rename(new)
        else:
            new.write_bytes(gzip.decompress(path.read_bytes()))
            path.unlink()
    assert run("new", tmp_path / "p", *options, "--strict") == 0
    with Session.open(tmp_path / "p", write=False) as session:
        assert [case.name for case in session.project.cases] == [f"c{n}" for n in range(8)]


def test_a_pattern_that_the_shell_has_expanded_is_recognised(tmp_path, capsys):
    _, _, *others = rules(tmp_path / "in")
    images = sorted((tmp_path / "in" / "ct").iterdir())
    assert run("new", tmp_path / "p", "--images", *images, *others) == 1
    said = capsys.readouterr().err.strip()
    assert "into quotes" in said
    assert one_sentence(said)


def test_a_tilde_in_quotes_is_home(tmp_path, monkeypatch):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    rules(tmp_path / "in")
    options = ["--images", "~/in/ct/*.nii.gz", "--expert", "~/in/gold/{case}.nii.gz"]
    assert run("new", "~/p", *options, "--teacher", "~/in/auto") == 0
    assert run("status", "~/p") == 0
    assert (tmp_path / "p").is_dir()
    assert not (tmp_path / "~").exists()
