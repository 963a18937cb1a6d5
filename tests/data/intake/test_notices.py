"""What the user is told of the files of a project."""

from __future__ import annotations

import pytest

from napari_alnt.data.intake.notices import Implausible, Notice, from_json, require_none, to_json
from napari_alnt.errors import AlntError

NOTICE = Notice(("a",), "the image is grey", "export it again")


def test_a_notice_is_one_sentence_that_names_the_first_cases():
    assert str(NOTICE) == "In case 'a' the image is grey; export it again."
    three = Notice(("a", "b", "c"), "the image is grey", "export it again")
    assert str(three).startswith("In 3 cases ('a', 'b', 'c') the image is grey;")
    many = Notice(tuple("abcdefg"), "the image is grey", "export it again")
    assert str(many).startswith("In 7 cases ('a', 'b', 'c' and 4 more) the image is grey;")
    assert str(Notice((), "All is grey", "look again")) == "All is grey; look again."


def test_nothing_in_a_notice_moves_a_terminals_cursor():
    notice = Notice((), "'a\x1b[2J\n\udcff'", "look\tagain")
    assert str(notice) == "'a?[2J??'; look?again."
    assert from_json(to_json([notice])) == (notice,)


def test_notices_come_back_from_the_table():
    notices = (NOTICE, Notice((), "All is grey", "look again"))
    assert from_json(to_json(notices)) == notices
    assert from_json(to_json(())) == ()


@pytest.mark.parametrize(
    "text",
    [
        "{", "3", "null", "[3]", "[{}]", '[{"cases": 3, "text": "a", "cure": "b"}]',
        '[{"cases": ["\\u001b[2J"], "text": "a", "cure": "b"}]',
    ],
)  # fmt: skip
def test_what_is_no_notice_is_damage(text):
    with pytest.raises(AlntError, match="damaged"):
        from_json(text)


def test_notices_may_count_as_errors():
    require_none(())
    with pytest.raises(Implausible) as raised:
        require_none((NOTICE, NOTICE, NOTICE))
    assert raised.value.notices == (NOTICE, NOTICE, NOTICE)
    said = str(raised.value)
    assert "In case 'a' the image is grey; export it again (and 2 more notices)." in said
    with pytest.raises(Implausible, match=r"again\.$"):
        require_none((NOTICE,))
