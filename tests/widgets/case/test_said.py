"""Which sentence is in sight."""

from __future__ import annotations

import pytest

from napari_alnt.widgets.case.said import Said


def test_a_decision_stays_while_news_come():
    said = Said()
    said.decide("chest_02 accepted.")
    for news in ("Draft kept.", "Your draft is shown."):
        said.say(news)
        assert said.text == "chest_02 accepted."
    said.let_go()
    assert said.text == "Your draft is shown."


def test_without_news_the_decision_goes_on_being_shown():
    said = Said()
    said.decide("chest_02 accepted.")
    said.say("chest_02 accepted.")
    said.let_go()
    assert said.text == "chest_02 accepted."
    said.say("Draft kept.")
    assert said.text == "Draft kept."


@pytest.mark.parametrize("kind", ["warn", "error"])
def test_what_is_wrong_is_said_at_once(kind):
    said = Said()
    said.decide("chest_02 accepted.")
    said.say("Draft kept.")
    said.say("The disk is full.", kind)
    assert (said.text, said.kind) == ("The disk is full.", kind)
    said.let_go()
    assert said.text == "The disk is full."


def test_a_decision_may_be_a_warning():
    said = Said()
    said.decide("chest_02 accepted. The mask has the label 7.", "warn")
    said.say("Draft kept.")
    assert (said.text, said.kind) == ("chest_02 accepted. The mask has the label 7.", "warn")
