"""Teacher masks by a command, and from a folder."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest
from conftest import make_balls

from napari_alnt.errors import AlntError
from napari_alnt.events import Finished, Progress, TeacherWritten
from napari_alnt.session import Session, by_command, by_folder


def test_a_teacher_by_command_and_by_folder(balls):
    with Session.open(balls.folder) as session:
        files = balls.folder.parent / "files"
        events = list(by_folder(session, str(files / "{case}_truth.nii.gz")))
        assert sum(isinstance(event, TeacherWritten) for event in events) == 4
        np.testing.assert_array_equal(
            session.project.teacher(session.project.case("ball_05")).voxels,
            balls.true_labels("ball_05"),
        )
        with pytest.raises(AlntError, match="lacks"):
            next(by_command(session, "tool {image}"))
        with pytest.raises(AlntError, match="has a mask"):
            next(by_folder(session, "nowhere/{case}.nii.gz"))
        with pytest.raises(AlntError, match=r"neither a folder .* \{case\}"):
            next(by_folder(session, "nowhere/mask.nii.gz"))


def test_a_command_makes_the_masks_that_are_missing(new_balls):
    balls = new_balls(pool=1, experts=2, taught=False)
    copy = f"{sys.executable} -c 'import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])'"
    with Session.open(balls.folder) as session:
        with pytest.raises(AlntError, match="run teach first"):
            session.start("train")
        with pytest.raises(AlntError, match="exit code 1"):
            list(by_command(session, f"{copy} nowhere {{label}} {{image}}"))
        with pytest.raises(AlntError, match="cannot be started"):
            list(by_command(session, "no-such-tool {image} {label}"))
        events = list(by_command(session, f"{copy} {balls.truth['ball_02']} {{label}} {{image}}"))
        assert [event.case for event in events if isinstance(event, TeacherWritten)] == ["ball_02"]
        assert events[0] == Progress("teaching", 0, 1)
        teacher = session.project.teacher(session.project.case("ball_02"))
        np.testing.assert_array_equal(teacher.voxels, balls.true_labels("ball_02"))
        assert list(by_command(session, "tool {image} {label}")) == [Finished(0)]


def test_scores_of_a_replaced_teacher_mask_do_not_hold(session, balls, rank):
    rank()
    list(by_folder(session, str(balls.folder.parent / "files" / "{case}_truth.nii.gz")))
    assert session.history.scores == {}
    # the other two masks were right, and are the same file again
    assert [score.case for score in session.project.runs.scores()] == ["ball_04", "ball_06"]


PROGRAM = """
import sys
from pathlib import Path
import nibabel, numpy

image, label = map(Path, sys.argv[1:])
loaded = nibabel.load(image)
voxels = numpy.zeros(loaded.shape, numpy.uint8)
voxels[5:10, 5:10, 5:10] = 1


def save(path=label, voxels=voxels):
    nibabel.save(nibabel.Nifti1Image(voxels, loaded.affine, loaded.header), path)


"""


@pytest.fixture
def untaught(new_balls):
    """A project with three cases in the pool and no teacher mask, open."""
    with Session.open(new_balls(pool=3, experts=2, taught=False).folder) as session:
        yield session


@pytest.fixture
def tool(tmp_path):
    """A command that reads an image, makes a mask, and does what it is told with it."""

    def tool(then: str) -> str:
        script = tmp_path / "a tool.py"
        script.write_text(PROGRAM + then)
        return f"'{sys.executable}' '{script}' {{image}} {{label}}"

    return tool


def teach(session, command: str) -> tuple[list[str], str]:
    """The cases that a command makes masks for, and the sentence at its end."""
    made = []
    try:
        events = by_command(session, command)
        made.extend(event.case for event in events if isinstance(event, TeacherWritten))
    except AlntError as error:
        return made, str(error)
    return made, ""


def kept(session) -> list[str]:
    """All files below the folder of masks."""
    folder = session.project.folder / "teacher"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_one_case_that_fails_does_not_stop_the_others(untaught, tool):
    fails = "sys.exit('odd things') if 'ball_03' in image.name else save()"
    made, said = teach(untaught, tool(fails))
    assert made == ["ball_02", "ball_04"]
    assert "failed on 1 of 3 cases, and the others are done;" in said
    assert "('ball_03': exit code 1, odd things)" in said
    assert kept(untaught) == ["0003.nii.gz", "0005.nii.gz"]
    assert teach(untaught, tool("save()")) == (["ball_03"], "")


def test_cases_that_fail_alike_are_told_together(untaught, tool):
    made, said = teach(untaught, tool("sys.exit(3)"))
    assert made == []
    together = "'ball_02', 'ball_03', 'ball_04': exit code 3, and it printed nothing"
    assert said.endswith(f"on 3 of 3 cases; mend it and run teach again ({together}).")


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ("", "it left no mask at {label}, which is one file *.nii.gz"),
        ("save(str(label)[:-3])", "but wrote *.nii"),
        ("label.mkdir(); save(label / 'lung.nii.gz')", "but wrote *.nii.gz (a folder)"),
        ("save(voxels=voxels * 5)", "The mask '{label}' holds the label 5"),
        ("save(voxels=voxels[1:])", "The mask '{label}' does not lie on the grid"),
        ("label.write_text('no mask')", "'{label}'"),
        ("import os; print('x' * 10**7); os.kill(os.getpid(), 9)", "signal 9, xxx"),
        (r"sys.stderr.buffer.write(b'\xff oh'); sys.exit(1)", "exit code 1, � oh"),
    ],
)
def test_what_is_no_mask_is_not_taken(untaught, tool, then, words):
    made, said = teach(untaught, tool(then))
    assert made == []
    assert words in said
    assert len(said) < 3000
    assert all(case.teacher is None for case in untaught.project.by_role("pool"))
    assert kept(untaught) == []


def test_a_mask_of_before_is_not_credited(untaught, tool, balls):
    folder = untaught.project.folder / "teacher"
    folder.mkdir()
    for name in ("ball_02.nii.gz", "0003.nii.gz"):
        shutil.copy(balls.truth["ball_02"], folder / name)
    made, said = teach(untaught, tool(""))
    assert made == []
    assert "left no mask" in said


def test_a_path_with_a_placeholder_is_not_filled_again(tmp_path, tool):
    balls = make_balls(tmp_path / "a {label} {image} b;touch canary;c $(touch canary)", 1, 2, False)
    with Session.open(balls.folder) as session:
        assert teach(session, tool("save()")) == (["ball_02"], "")
    assert not list(tmp_path.rglob("canary"))


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'cp {image} {label}'",
        "bash -ec 'cp \"{image}\" {label}'",
        "env sh -c 'cp {image} {label}'",
        "ssh nowhere cp {image} {label}",
        f"'{sys.executable}' -c 'open(\"{{image}}\"), \"{{label}}\"'",
    ],
)
def test_a_shell_of_the_users_is_given_no_odd_names(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    balls = make_balls(tmp_path / "a;touch canary;b", 1, 2, False)
    with Session.open(balls.folder) as session:
        made, said = teach(session, command)
    assert made == []
    assert "would read the name of its file as a command" in said
    assert not list(tmp_path.rglob("canary"))


def test_a_shell_of_the_users_may_get_names_as_arguments(tmp_path, untaught, tool):
    balls = make_balls(tmp_path / "a;touch canary;b", 1, 2, False)
    words = tool("save()").removesuffix(" {image} {label}").replace("'", '"')
    command = f'sh -c \'{words} "$1" "$2"\' sh {{image}} {{label}}'
    with Session.open(balls.folder) as session:
        assert teach(session, command) == (["ball_02"], "")
    # plain names may stand in its text
    inside = tool("save()").replace("'", '"')
    assert teach(untaught, f"sh -c '{inside}'")[0] == ["ball_02", "ball_03", "ball_04"]


def test_no_mask_is_written_out_of_the_project(untaught, tool, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (untaught.project.folder / "teacher").symlink_to(outside)
    (outside / ".0123456789ab-new").mkdir()
    made, said = teach(untaught, tool("save()"))
    assert made == []
    assert "leads out of" in said
    assert [path.name for path in outside.iterdir()] == [".0123456789ab-new"]


def test_a_folder_of_masks_and_a_wildcard_are_rules_too(untaught, balls, tmp_path):
    for number in (2, 3):
        name = f"ball_{number:02d}"
        shutil.copy(balls.truth[name], tmp_path / f"{name}.nii.gz")
    shutil.copy(balls.truth["ball_04"], tmp_path / "ball_04_pred.nii.gz")
    taken = [e.case for e in by_folder(untaught, str(tmp_path)) if isinstance(e, TeacherWritten)]
    assert taken == ["ball_02", "ball_03"]
    rule = str(tmp_path / "{case}_pred*")
    taken = [e.case for e in by_folder(untaught, rule) if isinstance(e, TeacherWritten)]
    assert taken == ["ball_04"]


def test_one_bad_mask_of_a_folder_does_not_stop_the_others(untaught, balls, tmp_path):
    for name in ("ball_02", "ball_04"):
        shutil.copy(balls.truth[name], tmp_path / f"{name}.nii.gz")
    (tmp_path / "ball_03.nii.gz").write_text("no mask")
    taken = []
    with pytest.raises(AlntError, match=r"on 1 of 3 cases.*'ball_03': .*ball_03\.nii\.gz"):
        taken.extend(by_folder(untaught, str(tmp_path)))
    pool = untaught.project.by_role("pool")
    assert [case.name for case in pool if case.teacher] == ["ball_02", "ball_04"]


@pytest.mark.parametrize("bad", ["tool '{image} {label}", 'x "{label} {image}'])
def test_an_unclosed_quote_is_explained(session, bad):
    with pytest.raises(AlntError, match="quotation"):
        next(by_command(session, bad))
