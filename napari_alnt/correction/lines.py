"""Lines of straight parts, as they are drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from napari_alnt.correction.boxes import Array


def run_through(line: Array) -> Array:
    """The pixels or voxels that a line runs through, looked at twice in each of them.

    Parameters
    ----------
    line : corners (N, 2) or (N, 3) in pixels or voxels, at least one

    Returns
    -------
    places (M, 2) or (M, 3) in their order; none is farther than one from the next along an axis
    """
    places = [line[:1]]
    for start, end in pairwise(line):
        steps = max(int(np.ceil(2 * np.abs(end - start).max())), 1)
        shares = np.arange(steps + 1)[:, None] / steps
        places.append(start + shares * (end - start))
    return np.floor(np.concatenate(places) + 0.5).astype(int)


def mark(where: Array, places: Array) -> None:
    """Make places (M, D) true in an array of D axes, in place; those outside it are passed over."""
    own = places[np.all((places >= 0) & (places < where.shape), axis=1)]
    where[tuple(own.T)] = True
