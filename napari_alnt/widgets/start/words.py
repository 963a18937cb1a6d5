"""Sentences of the data's checks in the words of the window, which has no options."""

from __future__ import annotations

import re

WORDS = {
    "give --patient": "fill in the field Patient",
    "with --labels": "in the table of labels",
    "give --window percentile": "choose percentile as the window in the settings",
    "a --window in HU": "a window in HU in the settings",
    "another --window": "another window in the settings",
    "another --ignore-label": "another value for unknown",
    "finer --spacing": "finer training spacing in the settings",
}
"""What the command line's options are in the window."""
OPTION = re.compile(r"--([a-z][a-z-]*)")


def in_window_words(text: str) -> str:
    """A sentence without options of the command line."""
    for option, words in WORDS.items():
        text = text.replace(option, words)
    return OPTION.sub(lambda match: f"the setting {match[1].replace('-', ' ')}", text)
