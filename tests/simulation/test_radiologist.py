"""The simulated radiologist gives the true mask, on the case's own grid, and nothing else."""

import numpy as np
import pytest

from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.simulation import Radiologist


def test_a_corrected_case_has_its_true_mask_and_joins_the_reference(balls):
    case = balls.wrong[0]
    with Session.open(balls.folder) as session:
        version = Radiologist(balls.truth).correct(session, case)
        assert (version.number, version.author) == (1, "simulated radiologist")
        kept = session.project.labels.read_mask(case, version.file)
        np.testing.assert_array_equal(kept.voxels, balls.true_labels(case))
        assert session.project.case(case).role == "reference"


def test_a_case_without_a_known_truth_is_refused_and_stays_in_the_pool(balls):
    with Session.open(balls.folder) as session:
        with pytest.raises(AlntError, match="no truth for case 'ball_05'"):
            Radiologist({}).correct(session, "ball_05")
        assert session.project.case("ball_05").role == "pool"


def test_later_changes_of_the_callers_table_do_not_reach_him(balls):
    truth = dict(balls.truth)
    radiologist = Radiologist(truth)
    truth.clear()
    with Session.open(balls.folder) as session:
        assert radiologist.correct(session, "ball_05").number == 1
