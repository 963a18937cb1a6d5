"""New projects from each source, and the requests that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.shell import one_sentence, run, save

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
    assert run("new", project, *rules) == 1  # a missing teacher mask
    said = capsys.readouterr().err.strip()
    assert "ball_04" in said
    assert one_sentence(said)
    assert not project.exists()

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
