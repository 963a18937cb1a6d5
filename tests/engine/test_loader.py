from __future__ import annotations

import threading

import pytest
import torch

from napari_alnt.core import Batch
from napari_alnt.engine.loader import Loader


def _pair(step: int) -> tuple[Batch, Batch]:
    batch = Batch(
        torch.full((1, 1, 2, 2, 2), float(step)),
        torch.zeros(1, 2, 2, 2, dtype=torch.int64),
        (str(step),),
    )
    return batch, batch


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_every_step_gets_its_own(threads: int) -> None:
    loader = Loader(_pair, threads)
    assert [loader.take(step, 5)[0].cases for step in (0, 1, 2, 4)] == [
        ("0",),
        ("1",),
        ("2",),
        ("4",),
    ]
    loader.close()


def test_the_next_are_made_meanwhile_and_none_beyond_the_last() -> None:
    made, ready = [], threading.Event()

    def make(step: int) -> tuple[Batch, Batch]:
        made.append(step)
        if step == 4:
            ready.set()
        return _pair(step)

    loader = Loader(make, 2)
    loader.take(2, 5)
    assert ready.wait(10)
    assert sorted(made) == [2, 3, 4]
    loader.take(3, 5)
    loader.take(4, 5)
    loader.close()
    assert sorted(made) == [2, 3, 4]


def test_what_was_made_of_other_cases_is_dropped() -> None:
    cases = ["old"]

    def make(step: int) -> tuple[Batch, Batch]:
        batch = Batch(
            torch.zeros(1, 1, 2, 2, 2), torch.zeros(1, 2, 2, 2, dtype=torch.int64), (cases[0],)
        )
        return batch, batch

    loader = Loader(make, 2)
    loader.take(0, 9)
    cases[0] = "new"
    loader.forget()
    assert loader.take(1, 9)[0].cases == ("new",)
    loader.close()


def test_a_failure_reaches_the_step_and_threads_leave_the_main_ones_alone() -> None:
    def make(step: int) -> tuple[Batch, Batch]:
        if step == 1:
            raise OSError("the disk is gone")
        return _pair(step)

    before = torch.get_num_threads()
    loader = Loader(make, 1)
    loader.take(0, 3)
    with pytest.raises(OSError, match="disk"):
        loader.take(1, 3)
    loader.close()
    assert torch.get_num_threads() == before
