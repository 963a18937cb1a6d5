"""Names of cases cut to a width so that no two of them look the same. Knows no Qt."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Measure = Callable[[str], float]
"""The width of a text, in whatever unit the room is given in."""

DOTS = "…"
SIGNS = "#№§¶"
"""What may stand before a case's number, where no name fits."""
WHOLE = 1 << 30
"""The level of a part that is shown in full."""
STAGES = (3, 1, 0, -1)
"""Lowest levels that are tried one after another, so that each part keeps some letters at first."""
_TOP = "\U0010ffff"  # sorts after every letter
_PRIVATE = 0xF0000  # the first of many code points that stand for no letter
_JOINER = "\u200d"
_LEFT_TO_RIGHT = "\u200e"
_TURNS = {
    "\u061c",
    *map(chr, (*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))),
}
# words written from right to left, with what stands between them; n is neutral, m a mark
_WORDS = re.compile("Rm*(?:[nm]*Rm*)*")
_UNSEEN = {"\u034f", *map(chr, range(0xFE00, 0xFE10))}  # they only choose how a letter is drawn


@dataclass(frozen=True)
class _Part:
    """A piece of a name between two places at which other names part from it.

    Attributes
    ----------
    start, end : which letters of the name it is
    shared : how many names have it
    common : whether all names begin with it
    """

    start: int
    end: int
    shared: int
    common: bool


@dataclass(frozen=True)
class _Name:
    """One name: ``letters`` as they are drawn, and ``code`` with one character for each letter.

    Letters that look the same have the same character.
    """

    letters: tuple[str, ...]
    code: str


class ShortNames:
    """Short forms of names that can be told apart at every width.

    Names part from each other at certain letters. Each name keeps the letter at which it parts from
    another; what is left out stands between such letters, and first of all in what most names
    share. So two short forms always differ, whatever their widths.

    Parameters
    ----------
    numbers : the number of each case by its name; it is shown where the name has no room at all
    """

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = dict(numbers)
        self._codes: dict[str, str] = {}
        self._names = self._distinct()
        self._sorted = sorted(name.code for name in self._names.values())
        first = {name.letters[0] for name in self._names.values() if name.letters}
        self._sign = next((sign for sign in SIGNS if sign not in first), SIGNS[0])

    def full(self, name: str) -> str:
        """A name in full; of names that look alike, all but the first have a mark behind them."""
        return in_place("".join(self._names[name].letters))

    def has(self, name: str) -> bool:
        """Whether it is one of the names."""
        return name in self._names

    def short(self, name: str, room: float, measure: Measure) -> str:
        """A name as it can be shown in a room, in full where that fits."""
        if measure("".join(self._names[name].letters)) <= room:
            return self.full(name)
        parts = self._parts(self._names[name].code)
        form = _Form(self._names[name].letters, parts, [WHOLE] * len(parts))
        for stage in STAGES:
            if form.squeeze(stage, room, measure):
                return in_place(form.text())
        return f"{self._sign}{self._numbers[name]}"

    def _distinct(self) -> dict[str, _Name]:
        """Every name in letters; of those that look alike, all but the first get a mark."""
        taken: set[str] = set()
        names: dict[str, _Name] = {}
        for name in self._numbers:
            read = self._read(name.strip())
            count = 1
            while read.code in taken:
                count += 1
                read = self._read(f"{name.strip()} ·{count}")
            taken.add(read.code)
            names[name] = read
        return names

    def _read(self, text: str) -> _Name:
        if text.isascii() and text.isprintable():
            return _Name(tuple(text), text)
        letters = split_letters(text)
        return _Name(letters, "".join(map(self._code, letters)))

    def _code(self, letter: str) -> str:
        look = _look(letter)
        if len(look) == 1:
            return look
        return self._codes.setdefault(look, chr(_PRIVATE + len(self._codes)))

    def _parts(self, code: str) -> tuple[_Part, ...]:
        """The parts of a name, which together are all of it."""
        everyone = len(self._sorted)
        low, high, start = 0, everyone, 0
        parts = []
        while high - low > 1:
            # in sorted order, what the first and the last share is shared by all between
            fork = _shared(self._sorted[low], self._sorted[high - 1], start)
            if fork > start:
                parts.append(_Part(start, fork, high - low, high - low == everyone))
            start = fork
            if fork == len(code):  # the others go on where this name ends
                break
            below = code[: fork + 1]
            low, high = (
                bisect_left(self._sorted, below, low, high),
                bisect_left(self._sorted, below + _TOP, low, high),
            )
        if start < len(code):
            parts.append(_Part(start, len(code), 1, everyone == 1))
        return tuple(parts)


@dataclass
class _Form:
    """A name that is being shortened: a level for each part, the lower the shorter.

    At level n a part keeps n + 1 letters at its beginning and n at its end. Forms of two names that
    share a part differ in it if its levels do, and else where the names part.
    """

    letters: tuple[str, ...]
    parts: tuple[_Part, ...]
    levels: list[int]

    def squeeze(self, stage: int, room: float, measure: Measure) -> bool:
        """Shorten part after part, down to the level ``stage``, until it fits; whether it does."""
        for place in sorted(range(len(self.parts)), key=lambda n: -self.parts[n].shared):
            part = self.parts[place]
            lowest = stage if part.common else max(stage, 0)
            # from this level on the part would be shown in full
            highest = min(self.levels[place], (part.end - part.start - 1) // 2)
            if highest <= lowest:
                continue
            self.levels[place] = lowest
            if measure(self.text()) <= room:
                self._widen(place, highest, room, measure)
                return True
        return False

    def _widen(self, place: int, highest: int, room: float, measure: Measure) -> None:
        """Give a part as many letters as there is room for, below the level ``highest``."""
        fits = self.levels[place]
        while highest - fits > 1:
            self.levels[place] = (fits + highest) // 2
            if measure(self.text()) <= room:
                fits = self.levels[place]
            else:
                highest = self.levels[place]
        self.levels[place] = fits

    def text(self) -> str:
        """The name with what is left out replaced by dots."""
        return "".join(map(self._shown, self.parts, self.levels))

    def _shown(self, part: _Part, level: int) -> str:
        letters = self.letters[part.start : part.end]
        if level >= (len(letters) - 1) // 2:
            return "".join(letters)
        return "".join((*letters[: level + 1], DOTS, *letters[len(letters) - max(level, 0) :]))


def _shared(one: str, other: str, start: int) -> int:
    """How many characters two texts share at their beginning; ``start`` of them are known."""
    pairs = enumerate(zip(one[start:], other[start:], strict=False), start)
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def split_letters(text: str) -> tuple[str, ...]:
    """A text as the letters that a reader sees: accents and joined signs stay with theirs."""
    letters: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        if char in _TURNS:  # they would draw a name in an order that is not its own
            continue
        kind = unicodedata.category(char)
        if letters and (
            kind in ("Mn", "Mc", "Me", "Cf")
            or letters[-1].endswith(_JOINER)
            or not _look(letters[-1])
        ):
            letters[-1] += char
        else:
            letters.append(" " if kind == "Cc" else char)
    # signs for several letters, as ligatures are, are written out
    return tuple(
        one for letter in letters for one in (_look(letter) if _is_several(letter) else (letter,))
    )


def in_place(text: str) -> str:
    """A text in which words written from right to left stay where they are in it.

    Numbers beside them would else change sides, and "א_1" look like "1_א".
    """
    if text.isascii():
        return text
    kinds = "".join(map(_direction, text))
    pieces, end = [], 0
    for words in _WORDS.finditer(kinds):
        pieces += [text[end : words.start()], _LEFT_TO_RIGHT]
        pieces += [text[words.start() : words.end()], _LEFT_TO_RIGHT]
        end = words.end()
    return "".join((*pieces, text[end:]))


def _direction(char: str) -> str:
    """The kind of a letter: R to the left, m a mark of the one before it, n neither, L other."""
    kind = unicodedata.bidirectional(char)
    if kind in ("R", "AL"):
        return "R"
    return {"NSM": "m", "L": "L", "EN": "L", "AN": "L"}.get(kind, "n")


def _look(letter: str) -> str:
    """A letter without what cannot be seen of it."""
    return "".join(
        char
        for char in unicodedata.normalize("NFKC", letter)
        if unicodedata.category(char) != "Cf" and char not in _UNSEEN
    )


def _is_several(letter: str) -> bool:
    plain = unicodedata.normalize("NFKC", letter)
    return plain != letter and sum(not unicodedata.combining(char) for char in plain) > 1
