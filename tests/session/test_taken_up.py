"""At which steps corrections were taken up."""

from __future__ import annotations

from napari_alnt.events import EpochDone, LedgerRow
from napari_alnt.session import History
from napari_alnt.session.taken_up import CorrectionMarks, TakenUp


def row(case, version="teacher"):
    return LedgerRow(case, "pool" if version == "teacher" else "reference", version, 2, share=0.5)


def test_a_correction_is_marked_where_the_epoch_that_has_it_begins():
    marks = CorrectionMarks()
    marks.add(25, [row("a"), row("b"), row("x", "expert"), row("y", "0001")])
    assert marks.found == []
    marks.add(50, [row("a", "0001"), row("b", "0001"), row("z", "expert")])
    marks.add(75, [row("a", "0001"), row("b")])
    marks.add(100, [row("a", "0002"), row("b", "0002"), row("y", "0001")])
    assert marks.found == [TakenUp(25, ("a", "b")), TakenUp(75, ("a", "b"))]
    marks.clear()
    marks.add(25, [row("a", "0002")])
    assert not marks


def test_the_history_has_them_live_and_after_reopening(session):
    epochs = [
        EpochDone(1, 3, 0.5, 0.4, (row("ball_04"),)),
        EpochDone(2, 6, 0.5, 0.4, (row("ball_04", "0001"),)),
    ]
    for epoch in epochs:
        session.history.apply(epoch)
        session.project.runs.add_ledger(1, epoch)
    reopened = History.of(session.project, session.project.runs.get(1))
    for history in (session.history, reopened):
        assert history.taken_up.found == [TakenUp(3, ("ball_04",))]
