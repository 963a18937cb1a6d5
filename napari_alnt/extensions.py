"""Networks and rankings of other packages, found by the entry points that they declare."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from napari_alnt.errors import AlntError

NETWORKS = "napari_alnt.networks"
"""Group of entry points that are a :class:`napari_alnt.core.Builder`."""
RANKINGS = "napari_alnt.rankings"
"""Group of entry points that are a function of the scores, see :mod:`napari_alnt.ranking`."""


@cache
def names(group: str) -> tuple[str, ...]:
    """The names that installed packages declare in a group, sorted; nothing is imported."""
    return tuple(sorted({point.name for point in entry_points(group=group)}))


def load(group: str, name: str) -> Any:
    """What an installed package declares under a name.

    Raises
    ------
    AlntError
        If no package declares it, or its import fails.
    """
    found = entry_points(group=group, name=name)
    if not found:
        raise AlntError(
            f"No installed package declares '{name}' under the entry points '{group}'; install the"
            " package that has it."
        )
    point = next(iter(found))
    try:
        return point.load()
    except Exception as error:  # anything may happen in a module of somebody else
        raise AlntError(
            f"'{name}' of the package '{point.dist.name if point.dist else '?'}' cannot be loaded"
            f" ({type(error).__name__}: {error}); update or remove that package."
        ) from error
