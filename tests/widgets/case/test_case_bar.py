"""The bar of the open case."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QRect, Qt

from napari_alnt.widgets.actions import ACTIONS, Place
from napari_alnt.widgets.case.case_bar import CaseBar

LEFT = Qt.MouseButton.LeftButton
BUTTONS = [name for name, action in ACTIONS.items() if action.place is not Place.KEY]
LABELS = {1: "lung", 2: "tumour", 5: "rib", 7: "heart"}


@pytest.fixture
def bar(qtbot):
    made = CaseBar()
    made.set_labels(LABELS, dict.fromkeys(LABELS, "#ff0000"))
    qtbot.addWidget(made)
    made.resize(430, 260)
    made.show()
    return made


def enabled(bar):
    return {name for name, widget in bar.buttons.items() if widget.isEnabled()}


def test_without_a_case_nothing_can_be_pressed(bar):
    assert enabled(bar) == set()
    assert not any(chip.isEnabled() for chip in bar.chips.values())
    assert bar._name.text() == "No case is open"


def test_an_open_case_offers_all(bar):
    bar.set_open("case_001", "from teacher")
    assert enabled(bar) == set(BUTTONS)
    assert (bar._name.text(), bar._note.text()) == ("case_001", "from teacher")


def test_who_only_looks_is_offered_nothing_that_writes(bar):
    bar.set_open("case_001", "from teacher", writable=False)
    assert enabled(bar) == {name for name in BUTTONS if not ACTIONS[name].needs_write}
    assert not any(chip.isEnabled() for chip in bar.chips.values())


@pytest.mark.parametrize("name", BUTTONS)
def test_a_press_asks_for_its_action(bar, qtbot, name):
    bar.set_open("case_001", "")
    with qtbot.waitSignal(bar.asked) as asked:
        qtbot.mouseClick(bar.buttons[name], LEFT)
    assert asked.args == [ACTIONS[name]]


@pytest.mark.parametrize("name", BUTTONS)
def test_the_tip_says_what_and_names_the_key(bar, name):
    action = ACTIONS[name]
    assert bar.buttons[name].toolTip() == f"{action.tip}  [{action.key_text}]"


def test_buttons_of_a_kind_stand_in_their_order(bar):
    for place in set(Place) - {Place.KEY}:
        widgets = [bar.buttons[name] for name in BUTTONS if ACTIONS[name].place is place]
        seen = [(widget.y(), widget.x()) for widget in widgets]
        assert seen == sorted(seen)
        if place in (Place.DECISION, Place.STEP):
            assert len({y for y, _ in seen}) == 1


def test_no_button_covers_another(bar):
    widgets = [*bar.buttons.values(), *bar.chips.values()]
    places = [(w, w.mapTo(bar, w.rect().topLeft()), w.size()) for w in widgets]
    rects = [QRect(corner, size) for _, corner, size in places]
    for number, one in enumerate(rects):
        assert bar.rect().contains(one)
        assert not any(one.intersects(other) for other in rects[number + 1 :])


def test_no_text_of_a_button_is_cut(bar):
    for widget in bar.buttons.values():
        assert widget.width() >= widget.fontMetrics().horizontalAdvance(widget.text())


def test_a_chip_chooses_its_label(bar, qtbot):
    bar.set_open("case_001", "")
    with qtbot.waitSignal(bar.label_chosen) as told:
        qtbot.mouseClick(bar.chips[5], LEFT)
    assert told.args == [5]


def test_one_chip_is_checked_at_a_time(bar):
    for value in (1, 5):
        bar.check_label(value)
    assert [value for value, chip in bar.chips.items() if chip.isChecked()] == [5]


def test_other_labels_replace_the_chips(bar):
    bar.set_labels({3: "liver"}, {3: "#00ff00"})
    assert {value: chip.text() for value, chip in bar.chips.items()} == {3: "liver"}


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (9.7, "0:09"), (605, "10:05")])
def test_the_time_is_shown_in_minutes(bar, seconds, text):
    bar.set_time(seconds)
    assert bar._time.text() == text
    bar.set_open("", "")
    assert bar._time.text() == ""


def test_what_cannot_be_done_says_why(bar):
    bar.set_open("case_001", "", refused={"skip": "It has an expert mask.", "flag": "No."})
    assert enabled(bar) == set(BUTTONS) - {"skip", "flag"}
    assert bar.buttons["skip"].toolTip().startswith("It has an expert mask.\n")
    assert not bar.note.isEnabled()
    bar.set_open("case_002", "")
    assert bar.buttons["skip"].toolTip() == ACTIONS["skip"].full_tip


def test_no_button_moves_whatever_is_shown(bar, qtbot):
    def places():
        qtbot.wait(1)
        return {
            name: widget.geometry().getRect()
            for name, widget in {**bar.buttons, **bar.chips, "undo": bar.line.undo}.items()
        }

    bar.set_open("case_001", "from teacher")
    before = places()
    bar.line.decide("case_001 accepted as version 1.")
    assert places() == before
    bar.say("The disk is full, so nothing was saved; make room and try again. " * 5, "error")
    assert places() == before
    bar.set_open("a_case_with_a_name_that_is_longer_than_the_dock_is_wide_" * 3, "accepting …")
    bar.set_time(36_000)
    assert places() == before
    bar.line.let_go()
    bar.set_open("", "")
    assert places() == before
