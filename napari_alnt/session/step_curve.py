"""The loss curve of a run, kept in its folder, so that it is there when the project is reopened."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from napari_alnt.data import write_text
from napari_alnt.data.paths import inside
from napari_alnt.errors import AlntError
from napari_alnt.events import NAN

Step = tuple[int, float, float]
"""A training step, its loss and its expert loss; nan where a loss is not known."""

FILE = "steps.json"
MOST = 2000
"""Steps of a run that are kept; there are fewer pixels."""
LARGEST = 1_000_000
"""Bytes of a file that is read; ours are smaller."""


def add_step(steps: list[Step], new: Step) -> None:
    """Add a step at the end; a resumed training repeats steps, and the later one counts.

    A curve that becomes long is thinned in its place.
    """
    while steps and steps[-1][0] >= new[0]:
        steps.pop()
    steps.append(new)
    if len(steps) > 4 * MOST:
        steps[:] = thinned(steps)


def thinned(steps: Sequence[Step], most: int = MOST) -> list[Step]:
    """At most so many steps, evenly spaced, with the newest.

    What was thinned before is thinned to the same steps again, so no part of the curve becomes
    coarser than the rest.
    """
    if len(steps) <= most:
        return list(steps)
    stride = 1
    while (steps[-1][0] - steps[0][0]) // stride + 2 > most:
        stride *= 2
    newest = steps[-1][0]
    return [one for one in steps if one[0] % stride == 0 or one[0] == newest]


class StepCurve:
    """The steps of one run, as they are made; those of its folder are taken up.

    Parameters
    ----------
    folder : the run's folder
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._steps = read_steps(folder)

    def add(self, step: Step) -> None:
        """Take in one step."""
        add_step(self._steps, step)

    def save(self) -> None:
        """Write the curve to the run's folder."""
        if not self._steps:
            return
        # a training need not end because its picture could not be kept; the table says what is lost
        with contextlib.suppress(AlntError):
            columns = zip(*thinned(self._steps), strict=True)
            names = ("step", "loss", "expert_loss")
            content = {
                name: [_shown(value) for value in column]
                for name, column in zip(names, columns, strict=True)
            }
            write_text(inside(self._folder, FILE), json.dumps(content) + "\n")


def read_steps(folder: Path) -> list[Step]:
    """The steps that a run's folder has; none where there is no file, or none of ours."""
    try:
        path = inside(folder, FILE)
        # a pipe may be waited for without an end
        if not path.is_file() or path.stat().st_size > LARGEST:
            return []
        content = json.loads(path.read_text(encoding="utf-8"))
        columns = [content[name] for name in ("step", "loss", "expert_loss")]
        return _checked(zip(*columns, strict=True))
    except (
        *(AlntError, OSError, ValueError, KeyError),
        *(TypeError, OverflowError, RecursionError),  # a number or a nesting that none of ours has
    ):
        return []


def _checked(rows: Iterable[Sequence[Any]]) -> list[Step]:
    steps: list[Step] = []
    for step, loss, expert_loss in rows:
        if not isinstance(step, int) or not 0 <= step < 2**53:
            raise ValueError(f"{step!r:.40} is no step")
        add_step(steps, (step, _number(loss), _number(expert_loss)))
    return steps


def _shown(value: float) -> float | None:
    """A number for JSON, which knows no nan; a few digits are enough for a picture."""
    if isinstance(value, int):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _number(value: Any) -> float:
    number = NAN if value is None else float(value)
    return number if math.isfinite(number) else NAN
