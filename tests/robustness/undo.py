"""Sequences of tools, undo and redo, against a list of whole copies of the mask.

An attempt draws a small case and a sequence of moves, and keeps a history of edits beside a list of
copies; after every move the mask must be the copy, voxel by voxel.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from correction.tools import TOOLS, Scene, limits, scene

from napari_alnt.correction import Array, Edit
from robustness.result import Result, Tally

KINDS = ("other mask", "mask changed by a tool", "box not the smallest", "untyped")
MOVES = (*TOOLS, "undo", "redo", "merge")
"""A tool, or what is done with the history; ``merge`` makes one step of the two newest."""
LONGEST = 30


def run(count: int, seed: int, first: int = 0) -> Result:
    """Attempts ``first`` to ``first + count - 1``, one after another."""
    tally = Tally(seed, KINDS)
    for index in range(first, first + count):
        tally.tried()
        rng = np.random.default_rng([seed, index])
        # as many ways back and forth as tools
        moves = [MOVES[rng.integers(len(MOVES))] for _ in range(rng.integers(1, LONGEST))]
        backs = [("undo", "redo")[rng.integers(2)] for _ in moves]
        chosen = [pair[rng.integers(2)] for pair in zip(moves, backs, strict=True)]
        tally.count("moves", len(chosen))
        try:
            wrong = play(chosen, [seed, index])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            tally.fail("untyped", index, f"{type(error).__name__}: {error}")
            continue
        if wrong:
            tally.fail(wrong, index, chosen)
    return tally.result()


def play(moves: Sequence[str], seed: int | Sequence[int]) -> str:
    """Make moves on a case drawn from a seed; what went wrong, or ''."""
    rng = np.random.default_rng(seed)
    case = scene(rng)
    history = _History(case.mask)
    for move in moves:
        if move in TOOLS:
            before = case.mask.copy()
            drawn = dataclasses.replace(case, limits=limits(rng, case.image))
            edit = TOOLS[move](drawn, rng)
            if not np.array_equal(case.mask, before):
                return "mask changed by a tool"
            if not _is_smallest(edit):
                return "box not the smallest"
            history.add(edit)
        else:
            getattr(history, move)()
        if not history.is_right(case):
            return "other mask"
    return ""


def _is_smallest(edit: Edit) -> bool:
    """Whether a voxel changes at each of the six faces of an edit's box."""
    if edit.is_empty:
        return not edit.before.size
    faces = (np.moveaxis(edit.changed, axis, 0)[[0, -1]] for axis in range(3))
    return all(face.any(axis=(1, 2)).all() for face in faces)


class _History:
    """Steps done and undone, beside whole copies; the mask is changed in place by edits alone."""

    def __init__(self, mask: Array) -> None:
        self._mask = mask
        self._copies = [mask.copy()]
        self._steps: list[Edit] = []
        self._place = 0

    def add(self, edit: Edit) -> None:
        wanted = self._mask.copy()
        wanted[edit.box][edit.changed] = edit.after[edit.changed]
        edit.apply(self._mask)
        del self._steps[self._place :], self._copies[self._place + 1 :]
        self._steps.append(edit)
        self._copies.append(wanted)
        self._place += 1

    def undo(self) -> None:
        if self._place:
            self._place -= 1
            self._steps[self._place].undo(self._mask)

    def redo(self) -> None:
        if self._place < len(self._steps):
            self._steps[self._place].apply(self._mask)
            self._place += 1

    def merge(self) -> None:
        if self._place >= 2:
            first, second = self._steps[self._place - 2 : self._place]
            self._steps[self._place - 2 : self._place] = [first.merge(second)]
            del self._copies[self._place - 1]
            self._place -= 1

    def is_right(self, case: Scene) -> bool:
        return bool(np.array_equal(case.mask, self._copies[self._place]))
