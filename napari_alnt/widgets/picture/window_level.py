"""Which grey values are shown: the project's window, a preset, or what the mouse has led to.

What a user has chosen is kept from case to case, and for the next time this user opens the project.
Knows neither Qt nor napari.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from psygnal import Signal

from napari_alnt.data import local
from napari_alnt.settings import WINDOWS

Limits = tuple[float, float]
"""Lowest and highest grey value shown."""
Choice = str | Limits | None
"""The name of a preset, the limits themselves, or None for the project's own window."""
KEPT = "windows"
"""The name under which the choices are kept for a user, by project folder."""
TRAVEL = 300
"""Pixels of a drag that make a window twice as wide, or move it by its width."""
SLOWEST = 1500
"""Part of the project's own window by which one pixel of a drag changes a window at least."""


class WindowLevel:
    """The window of the open case: ``changed`` says that it is another one, or that a drag has
    begun or ended.

    Parameters
    ----------
    own : the project's setting, such as "lung"; any but a preset means percentiles of each case
    chosen : what this user has chosen for the project before
    keep : keeps a choice for the next time

    Attributes
    ----------
    limits : the grey values that are shown
    dragged : whether the mouse changes them at this moment
    """

    changed = Signal()

    def __init__(self, own: str, chosen: Choice, keep: Callable[[Choice], object]) -> None:
        self.own = own
        self.limits: Limits = WINDOWS.get(own, (0.0, 1.0))
        self.dragged = False
        self._chosen = chosen
        self._keep = keep
        self._kept = chosen
        self._own_limits = self.limits
        self._began = self.limits

    @property
    def is_ct(self) -> bool:
        """Whether the values are HU: the project's window is one of a CT."""
        return self.own in WINDOWS

    @property
    def name(self) -> str:
        """The preset that is shown; '' for another window."""
        return next((name for name, limits in WINDOWS.items() if limits == self.limits), "")

    @property
    def text(self) -> str:
        """Width and level as they stand on the picture."""
        low, high = self.limits
        return f"W {number(high - low)}  L {number((low + high) / 2)}"

    def show_case(self, own: Limits) -> None:
        """Begin with another case, whose values in the project's own window are ``own``."""
        self._own_limits = own
        if not self.is_ct and isinstance(self._chosen, tuple):
            self._chosen = None  # the values of an MR are those of one scan
        self._show(own if self._chosen is None else _limits(self._chosen))

    def choose(self, name: str) -> None:
        """Show a preset from now on; '' shows the project's own window."""
        self._choose(name or None)
        self.keep()

    def begin_drag(self) -> None:
        """Begin to change the window with the mouse."""
        self._began = self.limits
        self.dragged = True
        self.changed.emit()

    def end_drag(self) -> None:
        """Keep what the mouse has led to."""
        self.dragged = False
        self.keep()
        self.changed.emit()

    def drag(self, right: float, down: float) -> None:
        """Make the window wider to the right, and its level higher, so darker, down; in pixels."""
        low, high = self._began
        own_low, own_high = self._own_limits
        least = (own_high - own_low) / SLOWEST
        speed = max((high - low) / TRAVEL, least)
        width = max(high - low + right * speed, least)
        level = (low + high) / 2 + down * speed
        if self.is_ct:
            width, level = max(round(width), 1), round(level)
        self._choose((level - width / 2, level + width / 2))

    def take(self, limits: Limits) -> None:
        """Another one has been chosen elsewhere, as with napari's own slider."""
        if limits != self.limits:
            self._choose(limits)

    def keep(self) -> None:
        """Keep what is chosen for the next time, unless it is kept already."""
        chosen = self._chosen
        # such a window fits the values of one scan alone
        passing = isinstance(chosen, tuple) and not self.is_ct
        if not passing and chosen != self._kept:
            self._kept = chosen
            self._keep(chosen)

    def _choose(self, choice: Choice) -> None:
        self._chosen = choice
        self._show(self._own_limits if choice is None else _limits(choice))

    def _show(self, limits: Limits) -> None:
        self.limits = limits
        self.changed.emit()


def _limits(choice: str | Limits) -> Limits:
    return WINDOWS[choice] if isinstance(choice, str) else choice


def number(value: float) -> str:
    """A grey value as it stands on the picture: whole, or with three figures where it is small."""
    text = f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"
    return ("0" if float(text) == 0 else text).replace("-", "\N{MINUS SIGN}")


def load(key: str) -> Choice:
    """What was chosen for the project of a key before; anybody may have edited it."""
    kept = local.load(KEPT)
    found = kept.get(key) if isinstance(kept, dict) else None
    if isinstance(found, str):
        return found if found in WINDOWS else None
    return _pair(found)


def _pair(found: Any) -> Limits | None:
    try:
        low, high = map(float, found)
    # it may be anything
    except (OverflowError, TypeError, ValueError):
        return None
    return (low, high) if math.isfinite(high - low) and low < high else None


def save(key: str, choice: Choice) -> None:
    """Keep a choice for the project of a key; None forgets it.

    Raises
    ------
    AlntError
        If the user's folder cannot be written to.
    """

    def put(found: Any) -> dict[str, Any]:
        others = dict(found) if isinstance(found, dict) else {}
        others.pop(key, None)
        return others | ({} if choice is None else {key: choice})

    local.change(KEPT, put)
