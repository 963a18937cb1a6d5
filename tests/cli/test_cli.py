"""The command line as its users meet it: words in, text or JSON out, exit codes, and one-sentence
errors.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_alnt.cli import main
from napari_alnt.cli.main import COMMANDS
from napari_alnt.session import Session
from napari_alnt.settings import Settings


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file of a project with its content, and every row of its table, but for the lock and
    its owner.
    """
    files = (
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("alnt.")
    )
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    table = sqlite3.connect(f"file:{folder / 'alnt.sqlite'}?mode=ro", uri=True)
    rows = "\n".join(line for line in table.iterdump() if "'owner'" not in line)
    table.close()
    return found | {"alnt.sqlite": rows}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stop:
        run(command, "--help")
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert f"napari-alnt {command}" in text
    if command in ("new", "teach", "train"):
        assert all(
            f"--{item.name.replace('_', '-')}" in text for item in dataclasses.fields(Settings)
        )


def test_the_whole_loop_in_words(new_balls, tmp_path, capsys):
    files = new_balls().folder.parent / "files"
    for kind in ("image", "truth", "teacher"):
        (tmp_path / kind).mkdir()
        for path in files.glob(f"*_{kind}.nii.gz"):
            (tmp_path / kind / path.name.replace(f"_{kind}", "")).symlink_to(path)
    for number in range(3, 8):
        (tmp_path / "truth" / f"ball_{number:02d}.nii.gz").unlink()
    project = tmp_path / "p"
    rules = [
        "--images",
        tmp_path / "image" / "*.nii.gz",
        "--expert",
        tmp_path / "truth" / "{case}.nii.gz",
    ]
    tiny = ["--patch", "16", "16", "16", "--batch", "2", "--expert-batch", "2"]
    tiny += ["--epochs", "1", "--steps-per-epoch", "2", "--teacher-steps", "2"]
    roles = ["--seed-cases", "1", "--reference", "1", "--audit", "1", "--labels", "1=ball"]
    assert run("new", project, *rules, *roles, *tiny) == 0
    assert run("teach", project) == 0
    assert run("train", project) == 0
    capsys.readouterr()
    assert run("rank", project, "--top", "1", "--json") == 0
    top = json.loads(capsys.readouterr().out.splitlines()[-1])["case"]
    assert run("predict", project, top) == 0
    assert (project / "runs" / "0002" / "maps" / f"{top}_student.nii.gz").exists()
    assert run("accept", project, top, files / f"{top}_truth.nii.gz", "--minutes", "2") == 0
    assert run("train", project) == 0
    capsys.readouterr()
    assert run("status", project) == 0
    text = capsys.readouterr().out
    assert "accepted" in text
    assert "teacher" in text
    with Session.open(project, write=False) as session:
        assert session.project.versions(top)[0].seconds == 120
        assert [run.job for run in session.project.runs] == ["teach", "train", "train"]


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
            assert session.project.labels == {1: label}
            roles = sorted(case.role for case in session.project.cases)
            assert roles == ["audit", "pool", "reference"]
            assert (session.project.by_role("pool")[0].teacher is not None) == taught


def test_json_lines_are_all_json(balls, capsys):
    assert run("train", balls.folder, "--json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"StepDone", "Validated", "RankingDone"} <= {json.loads(line)["kind"] for line in lines}


def test_options_may_come_before_the_project(balls):
    assert run("train", "--epochs", "1", balls.folder) == 0
    with Session.open(balls.folder, write=False) as session:
        assert session.project.settings.epochs == 1
        assert session.project.settings.patch == (16, 16, 16)


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


def test_settings_given_once_are_remembered(balls):
    assert run("train", balls.folder, "--epochs", "1", "--mu", "0.5") == 0
    with Session.open(balls.folder, write=False) as session:
        assert (session.project.settings.epochs, session.project.settings.mu) == (1, 0.5)
        assert session.project.settings.batch == 2


def save(
    path: Path,
    like: Path,
    change: Callable[[np.ndarray], np.ndarray],
    affine: np.ndarray | None = None,
) -> Path:
    image = nib.load(like)
    changed = change(np.asanyarray(image.dataobj))
    nib.save(nib.Nifti1Image(changed, image.affine if affine is None else affine), path)
    return path


def another_grid(truth: Path, folder: Path) -> Path:
    return save(folder / "grid.nii.gz", truth, lambda a: a[:-2])


def shifted_grid(truth: Path, folder: Path) -> Path:
    affine = nib.load(truth).affine.copy()
    affine[:3, 3] += 5
    return save(folder / "shifted.nii.gz", truth, lambda a: a, affine)


def float_labels(truth: Path, folder: Path) -> Path:
    return save(folder / "float.nii.gz", truth, lambda a: (a * 0.7).astype(np.float32))


def unknown_values(truth: Path, folder: Path) -> Path:
    return save(folder / "values.nii.gz", truth, lambda a: a * 9)


def not_3d(truth: Path, folder: Path) -> Path:
    return save(folder / "flat.nii.gz", truth, lambda a: a[:, :, 3])


def truncated(truth: Path, folder: Path) -> Path:
    path = folder / "short.nii.gz"
    raw = truth.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    return path


def missing(truth: Path, folder: Path) -> Path:
    return folder / "nowhere.nii.gz"


def text(truth: Path, folder: Path) -> Path:
    path = folder / "text.nii.gz"
    path.write_bytes(gzip.compress(b"this is no image"))
    return path


BAD = [another_grid, shifted_grid, float_labels, unknown_values, not_3d, truncated, missing, text]


@pytest.mark.parametrize("spoil", BAD)
def test_a_bad_mask_is_named_and_changes_nothing(spoil, balls, tmp_path, capsys):
    mask = spoil(balls.truth["ball_05"], tmp_path)
    before = fingerprint(balls.folder)
    assert run("accept", balls.folder, "ball_05", mask) == 1
    said = capsys.readouterr().err.strip()
    assert mask.name in said
    assert one_sentence(said)
    assert fingerprint(balls.folder) == before


def one_sentence(said: str) -> bool:
    return (
        "\n" not in said
        and said.endswith(".")
        and "Traceback" not in said
        and ". " not in said.rstrip(".")
    )


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

    assert run("new", project, *rules) == 1  # one expert case cannot be both reference and audit
    said = capsys.readouterr().err.strip()
    assert "audit" in said
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


def test_words_that_are_not_known(balls, capsys):
    before = fingerprint(balls.folder)
    assert run("train", balls.folder, "--epoch", "3") == 1
    assert "--epochs" in capsys.readouterr().err
    assert run("train", balls.folder, "--trust-share", "7") == 1
    said = capsys.readouterr().err.strip()
    assert "trust_share" in said
    assert "between 0 and 1" in said
    assert run("trian", balls.folder) == 2
    assert run("accept", balls.folder, "ball_99", "--confirm") == 1
    assert "ball_99" in capsys.readouterr().err
    assert run("status", balls.folder.parent) == 1
    assert fingerprint(balls.folder) == before


def test_a_second_writer_is_told(balls, capsys):
    with Session.open(balls.folder):
        assert run("accept", balls.folder, "ball_05", "--confirm") == 1
        assert one_sentence(capsys.readouterr().err.strip())
        assert run("status", balls.folder) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="file modes of POSIX")
def test_a_read_only_project_is_named(balls, tmp_path, capsys):
    """As another user than root, whom file modes do not stop."""
    before = fingerprint(balls.folder)
    for path in (balls.folder, *balls.folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    words = [
        sys.executable,
        "-m",
        "napari_alnt",
        "accept",
        str(balls.folder),
        "ball_05",
        "--confirm",
    ]
    if os.getuid() == 0:
        if not Path("/usr/bin/setpriv").exists():
            pytest.skip("root is not stopped by file modes, and setpriv is missing")
        words = [
            "/usr/bin/setpriv",
            "--bounding-set=-dac_override,-dac_read_search",
            "--inh-caps=-all",
            *words,
        ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert one_sentence(done.stderr.strip()), done.stderr
    assert fingerprint(balls.folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_stops_after_the_step_and_keeps_the_run(balls):
    words = [
        sys.executable,
        "-m",
        "napari_alnt",
        "train",
        str(balls.folder),
        "--json",
        "--epochs",
        "50",
    ]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    steps = []
    for line in child.stdout:
        event = json.loads(line)
        if event["kind"] == "StepDone":
            steps.append(event["step"])
            if event["step"] == 4:
                child.send_signal(signal.SIGINT)
    assert child.wait() == 0
    assert steps[-1] < 150
    with Session.open(balls.folder) as session:
        run = session.project.runs[-1]
        assert (run.state, run.step) == ("stopped", steps[-1])
