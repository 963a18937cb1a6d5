"""What stands below the training's bar, in two lines."""

from __future__ import annotations

import pytest

from napari_alnt.widgets.training.job_lines import JobLines

FACTS = {"left": "2 min", "device": "cpu", "memory": "2.3 GB", "step": ""}
NOTHING = dict.fromkeys(FACTS, "")
LONG = "Memory ran out; make the patch smaller and train again. " * 3


@pytest.fixture
def lines(qtbot):
    made = JobLines()
    qtbot.addWidget(made)
    made.resize(400, made.sizeHint().height())
    made.show()
    return made


def test_a_running_job_says_how_far_it_is(lines):
    lines.show_job("Epoch 1 · step 5 / 50", FACTS, running=True)
    assert lines.stage.isVisible()
    texts = {name: fact.text() for name, fact in lines.facts.items() if fact.isVisible()}
    assert texts == {"left": "2 min left", "device": "cpu", "memory": "2.3 GB", "step": ""}


def test_a_message_leaves_the_stage_in_sight_while_a_job_runs(lines):
    lines.show_job("Epoch 1 · step 5 / 50", FACTS, running=True)
    lines.say(LONG, "warn")
    assert lines.stage.isVisible()
    assert lines.facts["left"].isVisible()
    assert not lines.facts["memory"].isVisible()
    assert lines._short.isVisible()
    assert lines._short.toolTip() == lines.text() == LONG
    lines.say("")
    assert lines.facts["memory"].isVisible()


def test_between_jobs_a_message_has_both_lines(lines):
    lines.show_job("Not training", NOTHING, running=False)
    assert lines.stage.isVisible()
    lines.say(LONG, "error")
    assert not lines.stage.isVisible()
    assert lines._long.isVisible()
    assert lines.kind == "error"


def test_it_is_as_high_whatever_is_shown(lines, qtbot):
    heights = set()
    for text in ("", "Short.", LONG):
        for running in (False, True):
            lines.say(text, "warn")
            lines.show_job("Epoch 1 · step 5 / 50", FACTS, running)
            qtbot.wait(1)
            heights.add((lines.height(), lines.sizeHint().height(), lines.minimumSizeHint()))
    assert len(heights) == 1
