"""The button that writes the report."""

from __future__ import annotations

import pytest

from napari_alnt.errors import AlntError
from napari_alnt.session import Session
from napari_alnt.session.jobs import call_now
from napari_alnt.widgets.training import report_button as module
from napari_alnt.widgets.training.report_button import ReportButton


@pytest.fixture
def session(balls):
    with Session.open(balls.folder) as opened:
        yield opened


@pytest.fixture
def opened():
    return []


@pytest.fixture
def made(qtbot, session, opened):
    """A button whose browser only writes down what it was to open."""
    button = ReportButton(session, call_now)
    button.show_page = lambda url: opened.append(url) or True
    qtbot.addWidget(button)
    return button


def test_a_click_writes_the_page_and_opens_it(made, opened, qtbot, session):
    with qtbot.waitSignal(made.written) as told:
        made.click()
    (page,) = told.args
    assert "Project " in page.read_text(encoding="utf-8")
    assert [url.toLocalFile() for url in opened] == [str(page)]
    assert page.is_relative_to(session.project.folder)
    assert made.isEnabled()


def test_it_waits_for_the_page_that_is_being_written(session, qtbot, opened):
    calls = []
    button = ReportButton(session, lambda function, **then: calls.append((function, then)))
    qtbot.addWidget(button)
    button.click()
    button.click()
    assert len(calls) == 1
    assert not button.isEnabled()


def test_what_goes_wrong_is_said(made, opened, qtbot, monkeypatch):
    def fail(_):
        raise AlntError("The disk is full.")

    monkeypatch.setattr(module, "write_report", fail)
    with qtbot.waitSignal(made.failed) as told:
        made.click()
    assert told.args == ["The disk is full."]
    assert opened == []
    assert made.isEnabled()


def test_without_a_browser_it_says_where_the_page_is(session, qtbot):
    button = ReportButton(session, call_now)
    button.show_page = lambda _: False
    qtbot.addWidget(button)
    with qtbot.waitSignal(button.failed) as told:
        button.click()
    assert "report.html; no browser was found" in told.args[0]
