"""The page that asks whether a project is to be made."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_alnt.data import Notice
from napari_alnt.widgets.start import project_question as module
from napari_alnt.widgets.start.project_question import NOT_STRANGE, STRANGE, QuestionPage
from napari_alnt.widgets.start.summary import Summary

NOTICE = Notice(("a",), "the grey values are no HU", "give --window percentile for MR")


@pytest.mark.parametrize(
    ("notices", "warnings", "heading"),
    [((NOTICE,), (), STRANGE), ((), (), NOT_STRANGE), ((), ("None to correct.",), "")],
)
def test_it_shows_what_is_to_be_known(qtbot, monkeypatch, notices, warnings, heading):
    monkeypatch.setattr(module, "summarise", lambda _: Summary("Make it?", warnings))
    page = QuestionPage()
    qtbot.addWidget(page)
    page.show()
    page.show_checked(SimpleNamespace(notices=notices))
    assert page.question.text() == "Make it?"
    assert page.warnings.text() == "\n".join(warnings)
    assert page.heading.text() == heading
    assert page.notices.isVisible() == bool(notices)
    said = [page.notices.item(row).text() for row in range(page.notices.count())]
    assert not any("--" in text for text in said)
    assert len(said) == len(notices)
