"""No sentence in the window names an option of the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import napari_alnt.data
from napari_alnt.widgets.start.words import WORDS, in_window_words

TEXTS = [
    path.read_text(encoding="utf-8")
    for path in Path(napari_alnt.data.__file__).parent.rglob("*.py")
]


@pytest.mark.parametrize("option", WORDS)
def test_each_option_has_its_words_and_is_still_in_use(option):
    assert in_window_words(f"Or {option} for it.") == f"Or {WORDS[option]} for it."
    assert any(option in text for text in TEXTS)


def test_an_option_without_words_is_a_setting():
    assert in_window_words("give --new-thing 3, but not - or --") == (
        "give the setting new thing 3, but not - or --"
    )


def test_every_option_that_the_data_name_has_words():
    named = {match for text in TEXTS for match in re.findall(r"\s(--[a-z][a-z-]*)", text)}
    # a project that is there names the command that mends it
    assert named - {"--folder"} == {re.search(r"--[a-z-]+", option)[0] for option in WORDS}
