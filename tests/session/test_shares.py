"""The shares of the training, as pictures of cases × epochs."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.events import NAN, EpochDone, LedgerRow
from napari_alnt.session import History
from napari_alnt.session.shares import SharePicture, Shares, heights


def pool(case, share):
    return LedgerRow(case, "pool", "teacher", 2, 0.1, 0.2, share)


def expert(case, seen=2):
    return LedgerRow(case, "reference", "expert", seen)


@pytest.fixture
def shares():
    made = Shares()
    made.add(1, [pool("a", 0.25), pool("b", 0.75), expert("x", 1), expert("y", 3)])
    made.add(2, [pool("a", 1.0), expert("x", 2), expert("b", 2)])
    return made


def test_a_line_for_each_case_in_the_order_of_the_queue(shares):
    picture = shares.picture(("b", "new", "a"), is_expert=False, rows=50, columns=50)
    assert picture.cases == ("b", "a")
    assert picture.epochs == (1, 2)
    np.testing.assert_allclose(picture.values, [[0.75, np.nan], [0.25, 1.0]])
    assert picture.highest == 1.0
    assert picture.cases_in_a_row == 1


def test_experts_are_apart_and_have_their_part_of_the_expert_patches(shares):
    picture = shares.picture(("b", "a"), is_expert=True, rows=50, columns=50)
    assert picture.cases == ("b", "x", "y")
    np.testing.assert_allclose(
        picture.values, [[np.nan, 0.5], [0.25, 0.5], [0.75, np.nan]], equal_nan=True
    )


def test_a_repeated_epoch_counts_once(shares):
    shares.add(2, [pool("a", 0.5), pool("b", 0.5)])
    assert len(shares) == 2
    picture = shares.picture((), is_expert=False, rows=9, columns=9)
    np.testing.assert_allclose(picture.values[:, 1], 0.5)


def test_what_has_no_share_is_not_drawn():
    made = Shares()
    made.add(1, [pool("a", NAN), LedgerRow("b", "pool", "teacher", 0, share=0.5), pool("c", 0.0)])
    picture = made.picture((), is_expert=False, rows=9, columns=9)
    assert picture.cases == ("c",)
    assert picture.values.tolist() == [[0.0]]


@pytest.mark.parametrize(
    ("cases", "epochs", "rows", "columns"), [(7, 5, 3, 2), (10_000, 12, 90, 5)]
)
def test_more_cases_than_pixels_are_means_over_cases_and_epochs(cases, epochs, rows, columns):
    values = np.random.default_rng(0).random((cases, epochs))
    names = [f"case_{n}" for n in range(cases)]
    made = Shares()
    for epoch in range(epochs):
        made.add(epoch + 1, map(pool, names, values[:, epoch]))
    picture = made.picture(names, is_expert=False, rows=rows, columns=columns)
    assert picture.values.shape == (rows, columns)
    seen_cases, seen_epochs = [], []
    for row in range(rows):
        there = picture.cases_at(row)
        assert 0 < len(there) <= picture.cases_in_a_row
        seen_cases += there
        own = names.index(there[0]) + np.arange(len(there))
        for column in range(columns):
            part = np.array(picture.epochs_at(column)) - 1
            mean = values[np.ix_(own, part)].mean()
            assert picture.values[row, column] == pytest.approx(mean, rel=1e-5)
    for column in range(columns):
        seen_epochs += picture.epochs_at(column)
    assert seen_cases == names
    assert seen_epochs == list(range(1, epochs + 1))


def test_an_empty_picture_has_no_pixels():
    picture = Shares().picture(("a",), is_expert=False, rows=9, columns=9)
    assert isinstance(picture, SharePicture)
    assert picture.values.size == 0
    assert picture.highest == 0


@pytest.mark.parametrize(
    ("pool_cases", "experts", "expected"),
    [(0, 0, (0, 0)), (4, 0, (100, 0)), (0, 3, (0, 100)), (6, 4, (60, 40)), (9999, 1, (80, 20))],
)
def test_pool_and_experts_share_the_room(pool_cases, experts, expected):
    assert heights(100, pool_cases, experts) == expected


def test_the_history_has_them_live_and_after_reopening(session):
    epochs = [
        EpochDone(1, 3, 0.5, 0.4, (pool("ball_04", 0.25), pool("ball_05", 0.75))),
        EpochDone(2, 6, 0.5, 0.4, (pool("ball_04", 1.0), expert("ball_00"))),
    ]
    for epoch in epochs:
        session.history.apply(epoch)
        session.project.runs.add_ledger(1, epoch)
    reopened = History.of(session.project, session.project.runs.get(1))
    for history in (session.history, reopened):
        picture = history.shares.picture((), is_expert=False, rows=9, columns=9)
        np.testing.assert_allclose(picture.values, [[0.25, 1.0], [0.75, np.nan]])
        assert history.shares.cases(is_expert=True) == ["ball_00"]
    session.history.restart()
    assert not session.history.shares
