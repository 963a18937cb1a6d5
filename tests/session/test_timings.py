"""A user's timings, from the versions of a project."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.events import NAN
from napari_alnt.session import timings as timings_module
from napari_alnt.session.mask_work import work_between
from napari_alnt.session.minutes import Work
from napari_alnt.session.timings import read_timings


def teacher(session, case: str) -> np.ndarray:
    return session.project.teacher(session.project.case(case)).voxels.copy()


def test_a_timing_is_what_a_version_changed_and_the_minutes_since_the_one_before(session, balls):
    mask = teacher(session, "ball_05")
    truth = balls.true_labels("ball_05")
    session.accept("ball_05", truth, seconds=90, author="me", source="teacher")
    session.accept("ball_05", mask, seconds=150, author="me", source="1")
    session.history.minutes["ball_04"] = 2.5
    session.confirm("ball_04", seconds=30, author="me")
    found = read_timings(session.project)
    # those of the same second are in the order of the cases
    found = sorted(found, key=lambda one: -one.minutes)
    assert [(one.case, one.minutes) for one in found] == [
        ("ball_05", 1.5), ("ball_05", 1.0), ("ball_04", 0.5),
    ]  # fmt: skip
    assert found[0].work == work_between(mask, truth, (3.0, 2.5, 2.0), 255)
    assert found[0].work.regions > 0
    assert found[1].work.cm2 == pytest.approx(found[0].work.cm2)
    assert found[2].work == Work()
    assert [one.estimated for one in found] == pytest.approx([NAN, NAN, 2.5], nan_ok=True)


def test_versions_of_others_without_a_time_or_of_a_passing_source_do_not_count(session, balls):
    truth = balls.true_labels("ball_05")
    session.accept("ball_05", truth, seconds=60, author="other", source="teacher")
    session.accept("ball_06", truth, seconds=0, author="me", source="file")
    session.accept("ball_07", truth, seconds=60, author="me", source="student")
    assert read_timings(session.project, "me") == ()
    assert [one.case for one in read_timings(session.project)] == ["ball_05"]


def test_what_was_measured_once_is_not_measured_again(session, balls, monkeypatch):
    truth = balls.true_labels("ball_05")
    session.accept("ball_05", truth, seconds=60, source="teacher")
    found = read_timings(session.project)
    monkeypatch.setattr(timings_module, "work_between", None)
    assert read_timings(session.project) == found


def test_a_lost_file_takes_its_timing_with_it(session, balls):
    version = session.accept("ball_05", balls.true_labels("ball_05"), seconds=60, source="teacher")
    version.file.unlink()
    assert read_timings(session.project) == ()
