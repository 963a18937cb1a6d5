"""What is measured of the queue."""

from __future__ import annotations

from benchmark import queue_speed


def test_names_and_numbers_are_those_of_the_cases():
    rows = queue_speed.rows(50)
    assert len({row.case for row in rows}) == len({row.number for row in rows}) == 50
    assert rows != queue_speed.rows(50, seed=1)
    assert {row.case for row in rows} == {row.case for row in queue_speed.rows(50, seed=1)}


def test_every_action_has_its_time_and_its_limit(qapp):
    table = list(queue_speed.queue(60))
    assert [row["action"] for row in table][:3] == ["open", "sort by a column", "filter"]
    for row in table:
        assert 0 <= row["median ms"] <= row["worst ms"]
        assert row["limit ms"] in (50, 1000)
