"""A version in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_alnt.data import LabelVersion
from napari_alnt.widgets.case.version_words import when, words


def version(number=2, **given):
    made = {
        "author": "anna", "seconds": 180.0, "confirmed": False, "parent": "teacher", "model": "",
        "created": "2026-03-01T12:30:00+00:00", "reverted": False,
    }  # fmt: skip
    return LabelVersion("chest_02", number, Path("0002.nii.gz"), "", **(made | given))


def test_it_says_who_when_and_how_long():
    text = words(version(), now=2)
    assert text.startswith("Version 2 (in use)  ·  anna  ·  ")
    assert text.endswith("  ·  3 min  ·  from the teacher's mask")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reverted": True}, "(set aside)"), ({"confirmed": True}, "unchanged"),
        ({"source": "version 1"}, "from version 1"), ({"parent": "0001"}, "from version 1"),
        ({"parent": ""}, "from an empty mask"), ({"source": "student"}, "the student's mask"),
    ],
)  # fmt: skip
def test_what_became_of_it_and_what_it_was_made_from(given, said):
    assert said in words(version(**given), now=7)


def test_what_is_not_known_is_left_out():
    assert "  ·    ·  " not in words(version(author="", seconds=0.0), now=7)


def test_a_time_that_is_none_is_shown_as_it_is():
    assert when("yesterday") == "yesterday"
    assert when("2026-03-01T12:30:00+00:00").endswith("0")
