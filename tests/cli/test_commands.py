"""The commands on a project: what they do, what they say, and what they refuse."""

from __future__ import annotations

import gzip
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from unittest.mock import ANY

import nibabel as nib
import numpy as np
import pytest
from cli.shell import fingerprint, json_lines, one_sentence, run, save

from napari_alnt import ranking
from napari_alnt.events import Finished, Predicted
from napari_alnt.session import Session


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
    roles = ["--teacher-training", "1", "--reference", "1", "--test", "1", "--labels", "1=ball"]
    assert run("new", project, *rules, *roles, *tiny) == 0
    assert run("teach", project) == 0
    capsys.readouterr()
    assert run("train", project) == 0
    assert re.search(r"^Test Dice \d\.\d{3} at step 2\.$", capsys.readouterr().out, re.MULTILINE)
    assert run("rank", project, "--top", "1", "--json") == 0
    row = json.loads(capsys.readouterr().out.splitlines()[-1])
    top, number = row["case"], row["number"]
    assert run("predict", project, top) == 0
    assert (project / "runs" / "0002" / "maps" / f"{number:04d}_student.nii.gz").exists()
    assert run("accept", project, top, files / f"{top}_truth.nii.gz", "--minutes", "2") == 0
    assert run("train", project) == 0
    capsys.readouterr()
    assert run("status", project) == 0
    text = capsys.readouterr().out
    assert "accepted" in text
    assert "teacher" in text
    with Session.open(project, write=False) as session:
        assert session.project.labels.versions(top)[0].seconds == 120
        assert [run.job for run in session.project.runs.all] == ["teach", "train", "train"]


def test_json_lines_are_all_json(balls, capsys):
    assert run("train", balls.folder, "--json") == 0
    events = json_lines(capsys.readouterr().out)
    assert {"StepDone", "Tested", "RankingDone"} <= {event["kind"] for event in events}


def test_settings_given_once_are_remembered(balls):
    assert run("train", balls.folder, "--epochs", "1", "--mu", "0.5") == 0
    with Session.open(balls.folder, write=False) as session:
        assert (session.project.settings.epochs, session.project.settings.mu) == (1, 0.5)
        assert session.project.settings.batch == 2


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


def test_rank_prints_the_top_of_the_queue_by_any_ranking(trained, monkeypatch, capsys):
    monkeypatch.setattr(Session, "rank", lambda _: iter([Finished(6, "done")]))
    assert run("rank", trained, "--top", "2", "--by", "random", "--json") == 0
    finished, *queue = json_lines(capsys.readouterr().out)
    assert finished["kind"] == "Finished"
    with Session.open(trained, write=False) as session:
        assert [row["case"] for row in queue] == [row.case for row in session.queue("random")[:2]]


def test_a_ranking_that_is_not_known_is_told_before_the_pool_is_scored(trained, capsys):
    before = fingerprint(trained)
    assert run("rank", trained, "--by", "randon") == 1
    said = capsys.readouterr()
    assert all(name in said.err for name in ("'randon'", *ranking.names()))
    assert said.out == ""
    assert fingerprint(trained) == before


def test_the_rankings_there_are_stand_in_the_help(capsys):
    with pytest.raises(SystemExit):
        run("rank", "--help")
    text = capsys.readouterr().out
    assert all(name in text for name in ranking.names())


def test_predict_without_cases_takes_the_whole_pool(trained, monkeypatch, capsys):
    def predict(session, cases):
        for case in cases[1:]:  # the first could not be predicted
            session.history.predictions[case] = Predicted(case, 6, f"{case}.nii", "t.nii", 3, 0.5)
        return iter([Finished(6, "done")])

    monkeypatch.setattr(Session, "predict", predict)
    assert run("predict", trained, "--json") == 0
    rows = json_lines(capsys.readouterr().out)[1:]
    with Session.open(trained, write=False) as session:
        pool = [case.name for case in session.project.by_role("pool")]
    assert rows == [
        {"kind": "Prediction", "case": n, "student": f"{n}.nii", "trust_map": "t.nii", "dice": 0.5}
        for n in pool[1:]
    ]


def test_a_teacher_by_folder_and_by_command(new_balls, tmp_path, capsys):
    balls = new_balls(pool=2, experts=2, taught=False)
    files = balls.folder.parent / "files"
    for name in ("ball_02", "ball_03"):
        (tmp_path / f"{name}.nii.gz").symlink_to(files / f"{name}_teacher.nii.gz")
    assert run("teach", balls.folder, "--folder", tmp_path / "{case}.nii.gz") == 0
    assert "2 of 2 cases in the pool have a teacher mask." in capsys.readouterr().out
    copy = f"{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])'"
    truth = files / "ball_02_truth.nii.gz"
    assert run("teach", balls.folder, "--command", f"{copy} {truth} {{label}}") == 1
    assert "{image}" in capsys.readouterr().err


def test_accept_needs_either_a_mask_or_a_confirmation(balls, capsys):
    before = fingerprint(balls.folder)
    assert run("accept", balls.folder, "ball_05") == 1
    assert run("accept", balls.folder, "ball_05", balls.truth["ball_05"], "--confirm") == 1
    assert capsys.readouterr().err.count("either a corrected mask or --confirm") == 2
    assert fingerprint(balls.folder) == before


def test_a_confirmed_mask_is_the_teachers_with_its_author_and_time(balls, capsys):
    words = ["--confirm", "--author", "A. Reader", "--minutes", "1.5", "--json"]
    assert run("accept", balls.folder, "ball_05", *words) == 0
    (accepted,) = json_lines(capsys.readouterr().out)
    assert accepted == {"kind": "Accepted", "case": "ball_05", "version": 1, "file": ANY}
    with Session.open(balls.folder, write=False) as session:
        (version,) = session.project.labels.versions("ball_05")
        assert (version.author, version.seconds, version.confirmed) == ("A. Reader", 90, True)


def test_a_failing_engine_is_exit_code_3(balls, capsys):
    assert run("train", balls.folder, "--launcher", "false", "--json") == 3
    error = json_lines(capsys.readouterr().out)[-1]
    assert (error["kind"], error["code"]) == ("Error", 3)
