"""How long a human has worked on the cases."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data import Project
from napari_alnt.data.time_spent import time_on_case, time_spent


@pytest.fixture
def project(balls):
    with Project.open(balls.folder) as opened:
        yield opened


def test_the_longest_time_of_a_case_counts(project):
    assert time_spent(project) == {}
    assert time_on_case(project, "ball_04") == 0
    mask = np.zeros((24, 28, 26), np.uint8)
    mask[4:8, 4:8, 4:8] = 1
    project.labels.accept("ball_04", mask, seconds=100)
    project.labels.accept("ball_04", mask, seconds=160)
    project.labels.accept("ball_05", mask)  # from a file
    project.drafts.save("ball_06", mask, seconds=30)
    assert time_spent(project) == {"ball_04": 160, "ball_06": 30}
    # a version that was taken back took its time even so
    project.labels.revert("ball_04")
    assert time_on_case(project, "ball_04") == 160
    project.drafts.save("ball_04", mask, seconds=200)
    assert time_on_case(project, "ball_04") == 200
