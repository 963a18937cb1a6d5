"""What a harness has found: how many were tried, and how many failed in each way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

KEPT = 20
"""Failures that are kept with their text; all are counted."""


@dataclass(frozen=True)
class Failure:
    """One failure; ``python tests/robustness NAME --seed SEED --first INDEX --count 1`` repeats it.

    Attributes
    ----------
    kind : one of the keys of :attr:`Result.failures`
    seed, index : of the attempt
    text : what happened, without names of folders
    """

    kind: str
    seed: int
    index: int
    text: str


@dataclass(frozen=True)
class Result:
    """Counts of a harness.

    Attributes
    ----------
    tried : attempts
    failures : how many failed, by kind; every kind is there and must be 0
    counted : what is counted beside and is no failure, such as files refused with a sentence
    first : the first failures
    """

    tried: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    first: tuple[Failure, ...] = ()

    @property
    def failed(self) -> int:
        """Failures of all kinds."""
        return sum(self.failures.values())

    def __add__(self, other: Result) -> Result:
        """The counts of both."""
        return Result(
            self.tried + other.tried,
            _sum(self.failures, other.failures),
            _sum(self.counted, other.counted),
            (*self.first, *other.first)[:KEPT],
        )

    @classmethod
    def of(cls, row: dict[str, Any]) -> Result:
        """From a row of ``results/NAME.json``."""
        first = tuple(Failure(**one) for one in row["first"])
        return cls(row["tried"], row["failures"], row["counted"], first)


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


class Tally:
    """Counts while a harness runs.

    Parameters
    ----------
    seed : of the run
    kinds : all ways to fail
    """

    def __init__(self, seed: int, kinds: Sequence[str]) -> None:
        self._seed = seed
        self._tried = 0
        self._failures = dict.fromkeys(kinds, 0)
        self._counted: dict[str, int] = {}
        self._first: list[Failure] = []

    def tried(self) -> None:
        """Count one attempt."""
        self._tried += 1

    def fail(self, kind: str, index: int, text: object = "") -> None:
        """Count one failure of a kind that was named at the start."""
        self._failures[kind] += 1
        if len(self._first) < KEPT:
            self._first.append(Failure(kind, self._seed, index, str(text)[:300]))

    def count(self, name: str, more: int = 1) -> None:
        """Count what is no failure."""
        self._counted[name] = self._counted.get(name, 0) + more

    def result(self) -> Result:
        """The counts so far."""
        return Result(self._tried, self._failures, self._counted, tuple(self._first))
