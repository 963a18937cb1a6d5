"""A session that trains again and again holds no more memory, threads and files at the end.

An attempt is a training of one epoch that goes on from the one before, in a child of its own.
"""

from __future__ import annotations

import dataclasses
import os
from unittest import mock

import psutil
from conftest import TINY, make_balls

from napari_alnt.data.local import FOLDER
from napari_alnt.events import Finished
from napari_alnt.session import Session
from robustness import soak
from robustness.result import Result, Tally
from robustness.work import folder

KINDS = (*soak.KINDS[:3], "not done")
SETTINGS = dataclasses.replace(TINY, epochs=1, steps_per_epoch=2, prefetch_cases=0)


def run(count: int, seed: int, first: int = 0) -> Result:
    """Train ``count`` times in one session."""
    tally = Tally(seed, KINDS)
    held = []
    with folder() as work, mock.patch.dict(os.environ, {FOLDER: str(work / "config")}):
        project = make_balls(work / "balls", settings=SETTINGS).folder
        with Session.open(project) as session:
            for index in range(first, first + count):
                tally.tried()
                last = [*session.train()][-1]
                held.append(soak.Held.now(psutil.Process()))
                if not isinstance(last, Finished):
                    tally.fail("not done", index, last)
    soak.judge(held, first, tally)
    return tally.result()
