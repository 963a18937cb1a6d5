"""Trust against informativeness, and the lasso that chooses cases."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt

from napari_alnt.events import SampleWeighed, StepDone
from napari_alnt.session import History, QueueRow
from napari_alnt.widgets.training.scatter import EMPTY, RANKED, WEIGHED, Scatter

LEFT = Qt.MouseButton.LeftButton
ROWS = (
    QueueRow("a", 1, "new", trust=0.2, informativeness=0.1),
    QueueRow("b", 2, "flagged", trust=0.7, informativeness=0.4),
    QueueRow("c", 3, "new"),
    QueueRow("d", 4, "new", trust=0.75, informativeness=0.38),
)


def weighed(trust=-0.5):
    made = History()
    samples = (SampleWeighed("a", trust, 0.1, 1.0, 1.0),)
    made.apply(StepDone(1, 1, 0.5, 0.4, 1e-3, 1.0, samples=samples))
    return made


@pytest.fixture
def scatter(qtbot):
    made = Scatter()
    qtbot.addWidget(made)
    made.resize(450, 300)
    made.show()
    return made


def place(scatter, trust, informativeness):
    """Where values lie on the screen."""
    view = scatter.picture.view
    return view.mapFromScene(scatter.plot.vb.mapViewToScene(QPointF(trust, informativeness)))


def drag(scatter, qtbot, *values):
    """A line through some values with the left button held, by real events."""
    port = scatter.picture.view.viewport()
    places = [place(scatter, *value) for value in values]
    qtbot.mouseMove(port, places[0])
    qtbot.mousePress(port, LEFT, pos=places[0])
    for before, after in itertools.pairwise(places):
        for part in (0.5, 1):
            qtbot.mouseMove(port, before + (after - before) * part)
            qtbot.wait(12)  # pyqtgraph passes over moves that come more often
    qtbot.mouseRelease(port, LEFT, pos=places[-1])


@pytest.mark.parametrize("case", ["a", "b"])
def test_a_click_on_a_point_chooses_its_case(scatter, qtbot, case):
    scatter.redraw(History(), ROWS, opened="b")
    qtbot.wait(50)
    assert len(scatter.points.points()) == 3
    row = ROWS["ab".index(case)]
    with qtbot.waitSignal(scatter.chosen) as told:
        qtbot.mouseMove(scatter.picture.view.viewport(), QPoint(5, 5))
        at = place(scatter, row.trust, row.informativeness)
        qtbot.mouseClick(scatter.picture.view.viewport(), LEFT, pos=at)
    assert told.args == [case]


def test_a_line_around_points_chooses_their_cases_and_show_all_lets_them_go(scatter, qtbot):
    scatter.redraw(History(), ROWS, opened="")
    qtbot.wait(50)
    before = {one: one.geometry() for one in (scatter.view, scatter.picture, scatter.meaning)}
    chosen = []
    scatter.chosen.connect(chosen.append)
    with qtbot.waitSignal(scatter.selected) as told:
        drag(scatter, qtbot, (0.6, 0.3), (0.9, 0.3), (0.9, 0.42), (0.6, 0.42))
    assert told.args == [("b", "d")]
    assert chosen == []
    assert scatter.all.text() == "2 chosen: show all"
    qtbot.wait(10)
    assert {one: one.geometry() for one in before} == before
    faint = {point.data(): point.brush().color().alpha() < 255 for point in scatter.points.points()}
    assert faint == {"a": True, "b": False, "d": False}
    with qtbot.waitSignal(scatter.selected) as told:
        qtbot.mouseClick(scatter.all, LEFT)
    assert told.args == [()]
    assert not scatter.all.isVisible()
    assert scatter.note.isVisible()
    assert {one: one.geometry() for one in before} == before


def test_a_line_around_nothing_shows_all_again(scatter, qtbot):
    scatter.redraw(History(), ROWS, opened="")
    qtbot.wait(50)
    with qtbot.waitSignal(scatter.selected) as told:
        drag(scatter, qtbot, (0.3, 0.3), (0.4, 0.3), (0.4, 0.35))
    assert told.args == [()]


def test_an_unsteady_click_is_no_line(scatter, qtbot):
    scatter.redraw(History(), ROWS, opened="")
    qtbot.wait(50)
    told = []
    scatter.selected.connect(told.append)
    port, at = scatter.picture.view.viewport(), place(scatter, 0.4, 0.2)
    qtbot.mousePress(port, LEFT, pos=at)
    qtbot.mouseMove(port, at + QPoint(3, 2))
    qtbot.mouseRelease(port, LEFT, pos=at + QPoint(3, 2))
    assert told == []


def test_without_a_number_a_sentence_stands_in_its_place(scatter):
    scatter.redraw(History(), (QueueRow("a", 1, "new"),), opened="")
    assert not scatter.picture.drawn
    assert scatter.picture.sentence.text() == EMPTY


def test_before_a_ranking_the_newest_patches_are_shown_and_said(scatter):
    scatter.redraw(weighed(), (QueueRow("a", 1, "new"), QueueRow("b", 2, "new")), opened="")
    (point,) = scatter.points.points()
    assert (point.pos().x(), point.pos().y()) == (-0.5, 0.1)
    assert scatter.picture.caption.text().endswith(f"→ {WEIGHED}")
    scatter.redraw(weighed(), ROWS, opened="")
    assert len(scatter.points.points()) == 3
    assert scatter.picture.caption.text().endswith(f"→ {RANKED}")


def test_a_single_case_has_axes_that_mean_something(scatter, qtbot):
    scatter.redraw(History(), ROWS[:1], opened="")
    qtbot.wait(50)
    (left, right), (low, high) = scatter.plot.vb.viewRange()
    assert left <= 0
    assert right >= 1
    assert low <= 0
    assert high >= 0.1


def test_the_open_case_has_a_ring(scatter):
    for opened in ("b", "a", "c", ""):
        scatter.redraw(History(), ROWS, opened)
        places = [(one.pos().x(), one.pos().y()) for one in scatter._ring.points()]
        assert places == [
            (row.trust, row.informativeness) for row in ROWS[:2] if row.case == opened
        ]


def test_what_has_not_changed_is_not_drawn_again(scatter, monkeypatch):
    scatter.redraw(History(), ROWS, "a")
    drawn = []
    monkeypatch.setattr(scatter.points, "setData", lambda **_: drawn.append(1))
    scatter.redraw(weighed(), ROWS, "b")
    assert drawn == []
    scatter.redraw(History(), (*ROWS[:1], dataclasses.replace(ROWS[1], status="accepted")), "b")
    assert drawn == [1]


@pytest.mark.parametrize("width", [400, 450, 900])
def test_titles_are_not_cut(scatter, qtbot, width):
    scatter.resize(width, 200)
    scatter.redraw(weighed(), (QueueRow("a", 1, "new"),), opened="")
    scatter.show_all()
    qtbot.wait(20)
    for one in (scatter.picture.caption, scatter.note):
        assert one.sizeHint().width() <= one.width()
        assert one.sizeHint().height() <= one.height()
