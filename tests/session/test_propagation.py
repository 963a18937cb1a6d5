"""A propagation as it is asked for, and whether its answer still holds."""

from __future__ import annotations

import pytest

from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Propagated
from napari_alnt.session.propagation import is_current, propagate_command


def test_the_command_has_the_slices_sorted(session):
    found = propagate_command(session.project, "ball_05", [9, 3, 9], axis=1)
    assert found == Command("propagate", ("ball_05",), 1, (3, 9))


@pytest.mark.parametrize(
    ("case", "slices", "axis"), [("nobody", [1], 0), ("ball_05", [], 0), ("ball_05", [1], 7)]
)
def test_what_cannot_be_propagated_is_refused_before_anything_starts(session, case, slices, axis):
    with pytest.raises(AlntError) as refused:
        session.propagate(case, slices, axis)
    assert "\n" not in str(refused.value)
    assert session.engine is None
    with pytest.raises(AlntError, match="train first"):
        session.propagate("ball_05", [3])
    with pytest.raises(AlntError, match="name both"):
        session.start("propagate", cases=["ball_05"])


def test_a_proposal_holds_until_the_mask_is_another(session, balls):
    case = session.project.case("ball_05")
    proposal = Propagated("ball_05", "p.nii.gz", 0, (3,), case.label_sha256, 6, 1.0)
    assert is_current(session.project, proposal)
    session.save_draft("ball_05", balls.true_labels("ball_05"))
    assert not is_current(session.project, proposal)
