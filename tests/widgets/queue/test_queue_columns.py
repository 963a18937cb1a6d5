"""Which columns have room; how they look is in ``test_queue``."""

from __future__ import annotations

from napari_alnt.widgets.queue.queue_columns import EXPENDABLE, columns_that_fit
from napari_alnt.widgets.queue.queue_model import COLUMNS

PLACE = {column.field: place for place, column in enumerate(COLUMNS)}
WIDTHS = {
    PLACE[field]: 60
    for field in ("status", "trust", "share", "informativeness", "dice", "priority")
}


def fields(places):
    return {COLUMNS[place].field for place in places}


def test_all_are_shown_where_there_is_room():
    assert columns_that_fit(WIDTHS, 360) == WIDTHS.keys()


def test_those_that_matter_least_go_first():
    assert fields(WIDTHS.keys() - columns_that_fit(WIDTHS, 300)) == {"share"}
    assert fields(WIDTHS.keys() - columns_that_fit(WIDTHS, 299)) == {"share", "informativeness"}


def test_some_are_never_left_out():
    assert fields(columns_that_fit(WIDTHS, 0)) == {"status", "trust"}
    assert fields(columns_that_fit(WIDTHS, 0, ["share"])) == {"status", "trust", "share"}


def test_what_can_be_left_out_are_columns():
    assert set(EXPENDABLE) <= PLACE.keys()
