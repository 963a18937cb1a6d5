"""The rows of the queue in the order, and in the choice, in which they are shown. Knows no Qt."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

DECIDED = ("accepted", "skipped", "expert")
"""The statuses of cases that need no decision."""
FLAG = "\nflagged"
"""The end of the text of a case that is flagged beside its status."""
FLAGGED = frozenset({"flagged"})


class Row(Protocol):
    """What every row has, whichever list it is of."""

    @property
    def case(self) -> str:
        """The case's name."""

    @property
    def status(self) -> str:
        """How far the work on it has come."""


@dataclass(frozen=True)
class Filter:
    """Which rows are shown: those with all words in their name or status, and one of the statuses.

    Attributes
    ----------
    words : as :func:`plain` writes them
    statuses : None takes any
    cases : the cases that were chosen elsewhere; None takes any
    """

    words: tuple[str, ...] = ()
    statuses: frozenset[str] | None = None
    cases: frozenset[str] | None = None

    @classmethod
    def of(cls, text: str, statuses: Sequence[str] | None = None) -> Filter:
        """The filter that a line of text and a choice of statuses ask for."""
        return cls(tuple(plain(text).split()), None if statuses is None else frozenset(statuses))

    @property
    def is_on(self) -> bool:
        """Whether it can leave anything out."""
        return bool(self.words) or self.statuses is not None or self.cases is not None

    def passes(self, row: Row, text: str) -> bool:
        """Whether a row is shown, of which ``text`` is that of :func:`text_of`."""
        if self.statuses is not None and row.status not in self.statuses:
            # a skipped case keeps its flag, and is found by it
            return self.statuses == FLAGGED and text.endswith(FLAG) and self._finds(row, text)
        return self._finds(row, text)

    def _finds(self, row: Row, text: str) -> bool:
        if self.cases is not None and row.case not in self.cases:
            return False
        return all(word in text for word in self.words)


NO_FILTER = Filter()
"""The filter that leaves nothing out."""


def plain(text: str) -> str:
    """A text without what a search should not depend on: capitals, and how accents are stored."""
    return unicodedata.normalize("NFKC", text).casefold()


def has_flag(row: Row, notes: Collection[str]) -> bool:
    """Whether a row has a flag that its status does not tell; ``notes`` are the flagged cases."""
    return row.case in notes and row.status in ("new", "draft", "skipped")


def text_of(row: Row, notes: Collection[str] = ()) -> str:
    """What of a row can be searched for; ``notes`` are the flagged cases."""
    text = plain(f"{row.case} {row.status}")
    return text + FLAG if notes and has_flag(row, notes) else text


def unknown(value: Any) -> bool:
    """Whether a value is not known."""
    return isinstance(value, float) and math.isnan(value)


def places_by(keys: Sequence[Any], descending: bool) -> list[int]:
    """The places of keys in sorted order; equal ones stay in turn, unknown ones are last."""
    # only nan differs from itself; ten thousand calls of unknown() would be seen
    known = [place for place, key in enumerate(keys) if key == key]
    last = [place for place, key in enumerate(keys) if key != key]
    known.sort(key=keys.__getitem__, reverse=descending)
    return known + last


class ShownRows:
    """Rows by number, and which of them stand where on the screen; it does not change.

    Attributes
    ----------
    rows : all rows, by number
    order : their places in ``rows`` in the order of the screen, also of those left out
    shown : those that pass the filter, in that order
    """

    def __init__(
        self,
        rows: Sequence[Any] = (),
        order: Sequence[int] | None = None,
        chosen: Filter = NO_FILTER,
        texts: Sequence[str] | None = None,
    ) -> None:
        if texts is None:
            texts = [text_of(row) for row in rows]
        self.rows = rows
        self.order = range(len(rows)) if order is None else order
        self.filter = chosen
        self._texts = texts
        self.shown = self.order
        if chosen.is_on:
            self.shown = [place for place in self.order if chosen.passes(rows[place], texts[place])]

    def arranged(self, order: Sequence[int]) -> ShownRows:
        """The same rows in another order."""
        return ShownRows(self.rows, order, self.filter, self._texts)

    def chosen(self, chosen: Filter) -> ShownRows:
        """The same rows through another filter."""
        return ShownRows(self.rows, self.order, chosen, self._texts)

    @cached_property
    def _where(self) -> dict[str, int]:
        return {self.rows[place].case: n for n, place in enumerate(self.shown)}

    def where(self, case: str) -> int:
        """The place of a case on the screen; −1 if it is not shown."""
        return self._where.get(case, -1)

    def neighbour(self, case: str, step: int) -> str:
        """The case ``step`` rows below another, '' where they end; the first for none.

        A case that is left out has the neighbours it would have if it were shown.
        """
        where = self.where(case)
        if where < 0:
            where = self._above(case)
            if where < 0:
                return self._name(0)
            step -= step > 0  # the row below the gap is one step away
        return self._name(where + step)

    def next_undecided(self, case: str) -> str:
        """The next case below another that is still to be decided, else the first, else ''."""
        where = self.where(case)
        above = where if where >= 0 else max(self._above(case), 0)
        others = [*self.shown[above + (where >= 0) :], *self.shown[:above]]
        rows = (self.rows[place] for place in others)
        return next((row.case for row in rows if row.status not in DECIDED), "")

    def _above(self, case: str) -> int:
        """How many rows are shown above the place of a case that is left out; −1 for none."""
        above = 0
        for place in self.order:
            name = self.rows[place].case
            if name == case:
                return above
            above += name in self._where
        return -1

    def _name(self, where: int) -> str:
        inside = 0 <= where < len(self.shown)
        return str(self.rows[self.shown[where]].case) if inside else ""
