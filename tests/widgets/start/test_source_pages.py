"""What the form of a new project asks for, and the source that comes of it."""

from __future__ import annotations

import pytest

from napari_alnt.data import Datalist, NnUNet, Patterns
from napari_alnt.errors import AlntError
from napari_alnt.widgets.start.source_pages import COMMON, LABELS, PAGES, ROLES

TEXTS = {name: "" for page in PAGES for name in page.rows} | {"patient": "", "project": ""}


def test_every_row_has_a_name_of_its_own_and_is_where_its_files_come_from():
    names = [name for page in PAGES for name in page.rows] + list(COMMON)
    assert len(set(names)) == len(names)
    assert set(LABELS) == set(names)
    for page in PAGES:
        assert set(page.origin) == {"image", "expert", "teacher"}
        assert set(page.origin.values()) == set(page.rows)


@pytest.mark.parametrize("place", range(len(PAGES)))
def test_each_page_says_what_it_needs_first(place):
    page = PAGES[place]
    assert page.is_empty(TEXTS)
    with pytest.raises(AlntError, match="Say where the"):
        page.source(TEXTS)
    assert not page.is_empty(TEXTS | {page.asked[0]: "x"})


def test_texts_become_the_options_of_their_source():
    texts = TEXTS | {"images": "ct", "expert": "gold", "patient": "^P"}
    assert PAGES[0].source(texts) == Patterns("ct", expert="gold", patient="^P")
    assert PAGES[1].source(TEXTS | {"nnunet": "raw"}) == NnUNet("raw")
    assert PAGES[2].source(TEXTS | {"datalist": "l.json"}) == Datalist("l.json")


def test_the_roles_are_told_in_plain_words():
    assert set(ROLES) == {"reference", "test", "teacher_training"}
    for words in ROLES.values():
        said = f"{words.title} {words.line} {words.one} {words.many}".lower()
        assert not any(jargon in said for jargon in ("reference", "gradient", "audit", "test"))
