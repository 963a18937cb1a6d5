"""Which actions can be used, as the window of a project finds out; what they do is tested there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_alnt.data import Project
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.case import case_actions


def loop(case=None, status="new", made=(), busy="", writable=True):
    """As much of a window as is asked."""
    opened = case and SimpleNamespace(case=case, origin="teacher", is_fixed=False)
    rows = [SimpleNamespace(case=case.name, status=status)] if case else []
    said, bar = [], {}
    return SimpleNamespace(
        layers=SimpleNamespace(opened=opened),
        session=SimpleNamespace(project=SimpleNamespace(writable=writable)),
        correction=SimpleNamespace(deciding=busy, decider=SimpleNamespace(made=list(made))),
        _by_priority=rows,
        flags={case.name: "ask Anna"} if case else {},
        case_bar=SimpleNamespace(
            say=lambda text, kind: said.append((text, kind)),
            set_open=lambda *given: bar.update(given=given),
            note=SimpleNamespace(show_note=lambda note: bar.update(note=note)),
        ),
        said=said,
        bar=bar,
    )


@pytest.fixture
def case(balls):
    with Project.open(balls.folder, write=False) as project:
        return project.case("ball_04")


def act(window, name):
    done = []
    ran = SimpleNamespace(id=name, run=done.append)
    case_actions.act(window, ran)
    return bool(done)


def test_what_cannot_be_done_is_not_done_and_says_why(case):
    window = loop(case, status="accepted")
    assert not act(window, "skip")
    assert window.said == [("ball_04 has an expert mask already, so it is not waiting in the"
                            " queue.", "warn")]  # fmt: skip
    assert act(window, "accept")
    assert act(window, "next")


def test_while_something_is_done_a_key_says_nothing(case):
    window = loop(case, busy="accepting …")
    assert not act(window, "accept")
    assert window.said == []


def test_the_bar_shows_the_state_and_the_note(case):
    window = loop(case)
    case_actions.show_state(window)
    name, words, writable, refused = window.bar["given"]
    assert (name, words, writable) == ("ball_04", "from teacher · flagged", True)
    assert set(refused) == {"undo_decision"}
    assert window.bar["note"] == "ask Anna"


def test_without_a_case_all_that_writes_is_refused():
    window = loop()
    case_actions.show_state(window)
    assert window.bar["given"] == ("", "")
    refused = case_actions.refused(case_actions.situation(window))
    assert {name for name, one in ACTIONS.items() if one.needs_write} <= set(refused)
