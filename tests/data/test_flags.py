"""Flags with notes, which stay while a case is skipped."""

from __future__ import annotations

import pytest

from napari_alnt.data import Project
from napari_alnt.data.flags import LONGEST, read_flags, set_flag, skip
from napari_alnt.data.table import put
from napari_alnt.errors import AlntError, ReadOnly

CASE = "ball_04"


@pytest.fixture
def project(balls):
    with Project.open(balls.folder) as opened:
        yield opened


def status(project):
    return project.case(CASE).status


def test_a_flag_carries_a_note_of_one_line(project, balls):
    set_flag(project, CASE, " ask Anna \n about this ")
    assert read_flags(project) == {CASE: "ask Anna about this"}
    assert status(project) == "flagged"
    set_flag(project, CASE, "x" * 2 * LONGEST)
    with Project.open(balls.folder, write=False) as reader:
        assert read_flags(reader) == {CASE: "x" * LONGEST}
    set_flag(project, CASE, None)
    assert read_flags(project) == {}
    assert status(project) == "new"


def test_skip_keeps_the_flag(project):
    set_flag(project, CASE, "ask Anna")
    skip(project, CASE)
    assert (status(project), read_flags(project)) == ("skipped", {CASE: "ask Anna"})
    set_flag(project, CASE, None)
    assert (status(project), read_flags(project)) == ("skipped", {})


def test_skip_keeps_a_flag_that_has_no_note(project):
    project.set_status(CASE, "flagged")  # as by an earlier version
    assert read_flags(project) == {CASE: ""}
    skip(project, CASE)
    assert (status(project), read_flags(project)) == ("skipped", {CASE: ""})


def test_a_case_without_a_flag_gets_none_by_skip(project):
    skip(project, CASE)
    assert read_flags(project) == {}


@pytest.mark.parametrize("case", ["ball_00", "nobody"])
def test_only_cases_of_the_pool_are_flagged(project, case):
    with pytest.raises(AlntError):
        set_flag(project, case, "why")
    assert read_flags(project) == {}


def test_a_reader_flags_nothing(balls):
    with Project.open(balls.folder, write=False) as reader, pytest.raises(ReadOnly):
        set_flag(reader, CASE, "why")


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, "null", '{"ball_04": 7}', "no JSON"])
def test_what_somebody_else_wrote_there_is_left_out(project, text):
    with project.change() as table:
        put(table, "meta", key="flags", value=text)
    assert read_flags(project) == {}
