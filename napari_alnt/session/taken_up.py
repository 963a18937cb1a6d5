"""At which steps the training took up corrected masks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from napari_alnt.events import LedgerRow

NO_CORRECTION = ("teacher", "expert")
"""Label versions of masks that came with the project; those of accepted masks are numbers."""


@dataclass(frozen=True)
class TakenUp:
    """The cases whose corrected mask was trained with from a step on."""

    step: int
    cases: tuple[str, ...]


class CorrectionMarks:
    """Finds in the epochs, one after another, which masks are new to the training.

    Attributes
    ----------
    found : what was taken up, oldest first
    """

    def __init__(self) -> None:
        self.found: list[TakenUp] = []
        self._versions: dict[str, str] = {}
        self._end: int | None = None  # step at which the epoch before ended

    def __len__(self) -> int:
        """Number of steps at which masks were taken up."""
        return len(self.found)

    def add(self, step: int, rows: Iterable[LedgerRow]) -> None:
        """Take in the rows of an epoch, and the step at which it ended.

        Corrections that the first epoch begins with are nothing new.
        """
        new = []
        for row in rows:
            if self._versions.get(row.case) == row.label_version:
                continue
            self._versions[row.case] = row.label_version
            if row.label_version not in NO_CORRECTION:
                new.append(row.case)
        if new and self._end is not None:
            self.found.append(TakenUp(self._end, tuple(new)))
        self._end = step

    def clear(self) -> None:
        """Forget all: a new student begins."""
        self.found.clear()
        self._versions.clear()
        self._end = None
