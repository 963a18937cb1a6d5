"""The bar of the open case."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_alnt.widgets.actions import ACTIONS, Place
from napari_alnt.widgets.case_bar import CaseBar

LEFT = Qt.MouseButton.LeftButton
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
    assert enabled(bar) == set(ACTIONS)
    assert (bar._name.text(), bar._note.text()) == ("case_001", "from teacher")


def test_who_only_looks_is_offered_nothing_that_writes(bar):
    bar.set_open("case_001", "from teacher", writable=False)
    assert enabled(bar) == {action.id for action in ACTIONS.values() if not action.needs_write}
    assert not any(chip.isEnabled() for chip in bar.chips.values())


@pytest.mark.parametrize("name", list(ACTIONS))
def test_a_press_asks_for_its_action(bar, qtbot, name):
    bar.set_open("case_001", "")
    with qtbot.waitSignal(bar.asked) as asked:
        qtbot.mouseClick(bar.buttons[name], LEFT)
    assert asked.args == [ACTIONS[name]]


@pytest.mark.parametrize("name", list(ACTIONS))
def test_the_tip_says_what_and_names_the_key(bar, name):
    action = ACTIONS[name]
    assert bar.buttons[name].toolTip() == f"{action.tip}  [{action.key_text}]"


def test_buttons_of_a_kind_stand_in_a_row(bar):
    for place in Place:
        widgets = [bar.buttons[a.id] for a in ACTIONS.values() if a.place is place]
        assert len({widget.y() for widget in widgets}) == 1
        assert [w.x() for w in widgets] == sorted(w.x() for w in widgets)


def test_no_text_of_a_button_is_cut(bar):
    for widget in bar.buttons.values():
        assert widget.width() >= widget.fontMetrics().horizontalAdvance(widget.text())


def test_a_chip_chooses_its_label(bar, qtbot):
    bar.set_open("case_001", "")
    with qtbot.waitSignal(bar.label_chosen) as told:
        qtbot.mouseClick(bar.chips[5], LEFT)
    assert told.args == [5]


def test_one_chip_is_checked_at_a_time(bar):
    for value in (1, 5, 99):
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
