"""Which rows of the queue are shown, and in which order."""

from __future__ import annotations

import math
import unicodedata

import pytest

from napari_alnt.session import QueueRow
from napari_alnt.widgets.queue.queue_rows import (
    Filter,
    ShownRows,
    has_flag,
    places_by,
    plain,
    text_of,
    unknown,
)

ROWS = tuple(
    QueueRow(case, number, status)
    for number, (case, status) in enumerate(
        [
            ("chest_1", "new"),
            ("chest_2", "flagged"),
            ("Thorax_3", "draft"),
            ("chest_4", "accepted"),
        ],
        start=1,
    )
)


def shown(text="", statuses=None, order=None):
    return ShownRows(ROWS, order, Filter.of(text, statuses))


def names(table):
    return [table.rows[place].case for place in table.shown]


def test_unknown_values_are_last_either_way():
    keys = [0.5, math.nan, 0.9, 0.1, math.nan]
    assert places_by(keys, descending=False) == [3, 0, 2, 1, 4]
    assert places_by(keys, descending=True) == [2, 0, 3, 1, 4]
    assert not unknown("nan")


def test_equal_values_stay_in_turn():
    assert places_by([1, 0, 1, 0], descending=False) == [1, 3, 0, 2]
    assert places_by([1, 0, 1, 0], descending=True) == [0, 2, 1, 3]


@pytest.mark.parametrize(
    ("text", "statuses", "found"),
    [
        ("", None, ["chest_1", "chest_2", "Thorax_3", "chest_4"]),
        ("chest", None, ["chest_1", "chest_2", "chest_4"]),
        ("THORAX", None, ["Thorax_3"]),
        ("flagged", None, ["chest_2"]),
        ("chest new", None, ["chest_1"]),
        ("1new", None, []),
        ("", ["draft", "new"], ["chest_1", "Thorax_3"]),
        ("chest", ["draft", "new"], ["chest_1"]),
    ],
)
def test_words_match_the_name_and_the_status(text, statuses, found):
    assert names(shown(text, statuses)) == found


def test_a_search_does_not_depend_on_how_accents_are_stored():
    assert plain(unicodedata.normalize("NFD", "Röntgen")) == plain("RÖNTGEN")


def test_a_filter_knows_whether_it_is_on():
    assert not Filter.of("  ").is_on
    assert Filter.of("a").is_on
    assert Filter.of("", ["new"]).is_on


def test_neighbours_are_those_that_are_shown():
    table = shown("chest", order=[3, 2, 1, 0])
    assert names(table) == ["chest_4", "chest_2", "chest_1"]
    assert table.neighbour("chest_4", 1) == "chest_2"
    assert table.neighbour("chest_1", 1) == ""
    # of a case that is left out, those around its place
    assert table.neighbour("Thorax_3", 1) == "chest_2"
    assert table.neighbour("Thorax_3", -1) == "chest_4"
    assert table.neighbour("nobody", 1) == "chest_4"
    assert shown("nothing").neighbour("chest_1", 1) == ""


def test_the_next_undecided_is_among_those_that_are_shown():
    table = shown("chest")
    assert table.next_undecided("chest_1") == "chest_2"
    assert table.next_undecided("chest_4") == "chest_1"  # from the top again
    assert table.next_undecided("Thorax_3") == "chest_1"
    assert table.next_undecided("nobody") == "chest_1"
    assert shown("accepted").next_undecided("chest_4") == ""


def test_another_filter_keeps_the_order():
    table = shown(order=[3, 2, 1, 0]).chosen(Filter.of("chest"))
    assert names(table) == ["chest_4", "chest_2", "chest_1"]
    assert names(table.chosen(Filter())) == ["chest_4", "Thorax_3", "chest_2", "chest_1"]
    assert names(table.arranged([0, 1, 2, 3])) == ["chest_1", "chest_2", "chest_4"]
    assert table.where("Thorax_3") == -1
    assert table.where("chest_1") == 2


def test_a_row_is_looked_up_once_for_many_steps():
    class Counting(list):
        looks = 0

        def __getitem__(self, place):
            Counting.looks += 1
            return super().__getitem__(place)

    rows = Counting(QueueRow(f"c{n}", n, "new") for n in range(1000))
    table = ShownRows(rows)
    case = "c0"
    for _ in range(50):
        case = table.neighbour(case, 1)
    assert case == "c50"
    assert Counting.looks < 2 * len(rows)


def test_a_flag_beside_a_status_is_found():
    rows = (*ROWS, QueueRow("chest_5", 5, "skipped"), QueueRow("chest_6", 6, "skipped"))
    notes = {"chest_2", "chest_4", "chest_5"}
    # the status of one says it, and the other has been decided on
    assert [row.case for row in rows if has_flag(row, notes)] == ["chest_5"]
    texts = [text_of(row, notes) for row in rows]

    def found(*chosen):
        return names(ShownRows(rows, None, Filter.of(*chosen), texts))

    assert found("", ["flagged"]) == found("flagged") == ["chest_2", "chest_5"]
    assert found("5", ["flagged"]) == ["chest_5"]
    assert found("", ["skipped"]) == ["chest_5", "chest_6"]
    assert found("", ["new", "draft", "flagged"]) == ["chest_1", "chest_2", "Thorax_3"]
