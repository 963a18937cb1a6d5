"""Teacher masks by a command, and from a folder."""

from __future__ import annotations

import sys

import numpy as np
import pytest

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
        with pytest.raises(AlntError, match=r"lacks \{case\}"):
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


@pytest.mark.parametrize("bad", ["tool '{image} {label}", 'x "{label} {image}'])
def test_an_unclosed_quote_is_explained(session, bad):
    with pytest.raises(AlntError, match="quotation"):
        next(by_command(session, bad))
