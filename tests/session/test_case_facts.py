"""What a project knows of a case, gathered for its card."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_alnt.data import make_folder, write_labels
from napari_alnt.events import EpochDone, LedgerRow, Predicted
from napari_alnt.session.case_card import Series, case_card
from napari_alnt.session.case_facts import case_facts, pool_standings, student_mask
from napari_alnt.session.mask_traits import TraitsReader


@pytest.fixture
def predicted(session, balls):
    """Writes a student's mask of a case, as the engine does."""

    def predicted(name: str, mask: np.ndarray | None = None) -> Predicted:
        project = session.project
        case = project.case(name)
        run = project.runs.all[-1]
        run.checkpoint.parent.mkdir(exist_ok=True)
        run.checkpoint.touch()  # so that there is a student
        make_folder(run.maps)
        file = run.maps / f"{case.number:04d}_student.nii.gz"
        mask = balls.true_labels(name) if mask is None else mask
        write_labels(file, mask.astype(np.uint8), project.grid(case))
        place = file.relative_to(project.folder).as_posix()
        found = Predicted(name, 6, place, place, 3, 0.5, case.label_sha256)
        session.history.apply(found)
        return found

    return predicted


def facts(session, name: str):
    project, history = session.project, session.history
    reader = TraitsReader(project)
    return case_facts(project, history, name, reader, pool_standings(project, history))


def test_all_that_is_known_of_a_wrong_case(session, rank, predicted, balls):
    rank()
    predicted("ball_07")
    rows = (LedgerRow("ball_07", "pool", "teacher", 3, 0.2, 0.1, 0.3),)
    session.project.runs.add_ledger(1, EpochDone(1, 3, 0.5, 0.5, rows))
    session.project.runs.add_ledger(1, EpochDone(2, 6, 0.5, 0.5, rows))
    found = facts(session, "ball_07")
    assert [one.name for one in found.standings][:2] == ["trust", "agreement"]
    assert {one.kind for one in found.regions} == {"missed", "extra"}
    assert found.mask.structures[1].ml == pytest.approx(found.student.structures[1].ml, rel=0.01)
    assert len(found.experts) == 2
    assert found.trust == Series((3, 6), (0.2, 0.2))
    assert found.informativeness == Series((3, 6), (0.1, 0.1))
    assert found.minutes.timings == 0
    card = case_card(found)
    assert card.sentence.startswith("The student sees 1 region the teacher lacks, ")
    assert "Agreement is lower than in every other case of the pool." in card.sentence
    assert card.slices


def test_before_a_student_there_is_little(session):
    found = facts(session, "ball_04")
    assert (found.standings, found.regions, found.student, found.minutes) == ((), None, None, None)
    assert found.mask is not None
    assert case_card(found).sentence == ""


def test_a_prediction_of_another_mask_or_a_lost_one_is_none(session, predicted):
    old = predicted("ball_06")
    project, history = session.project, session.history
    case = project.case("ball_06")
    assert student_mask(project, history, case) is not None
    history.predictions["ball_06"] = dataclasses.replace(old, mask_sha256="other")
    assert student_mask(project, history, case) is None
    history.predictions["ball_06"] = old
    (project.folder / old.student).unlink()
    assert student_mask(project, history, case) is None


def test_a_case_whose_own_mask_is_lost_has_no_card_but_its_numbers(session, rank, predicted):
    rank()
    predicted("ball_05")
    session.project.case("ball_05").teacher.unlink()
    found = facts(session, "ball_05")
    assert (found.mask, found.minutes, found.regions) == (None, None, None)
    assert found.standings


def test_an_accepted_case_is_no_expert_for_itself(session, predicted, balls):
    session.accept("ball_05", balls.true_labels("ball_05"))
    predicted("ball_05")
    found = facts(session, "ball_05")
    assert found.drawer == "accepted mask"
    assert "ball_05" not in found.experts
    assert case_card(found).sentence.startswith("Student and accepted mask differ nowhere")
