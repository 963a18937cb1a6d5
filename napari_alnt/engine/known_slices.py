"""What is known on the training grid where only some slices of a case are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_alnt.core import IGNORE, resample_labels


def known_target(
    classes: NDArray[np.int16], shape: Sequence[int], axis: int, slices: Sequence[int]
) -> NDArray[np.int16]:
    """The classes of the known slices on another grid over the same volume, ``IGNORE`` elsewhere.

    Parameters
    ----------
    classes : ``(Z, Y, X)`` class indices on the case's own grid
    shape : of the other grid, (D, H, W)
    axis, slices : the known slices of the own grid
    """
    target = np.full(shape, IGNORE, np.int16)
    # a view: what is written into it is written into the target
    planes = np.moveaxis(target, axis, 0)
    own = np.moveaxis(classes, axis, 0)
    for plane, number in sources(len(own), len(planes), slices).items():
        planes[plane] = resample_labels(own[number][None], (1, *planes.shape[1:]))[0]
    return target


def sources(old: int, new: int, slices: Sequence[int]) -> dict[int, int]:
    """The slices of a new axis that are known, and which known slice of the old axis each shows.

    A new slice shows the old one that its centre lies in. Where the new ones are thicker, one that
    holds the centre of a known slice shows it though its own centre lies in another.
    """
    nearest = {plane: (2 * plane + 1) * old // (2 * new) for plane in range(new)}
    found = {plane: number for plane, number in nearest.items() if number in set(slices)}
    for number in slices:
        found.setdefault((2 * number + 1) * new // (2 * old), number)
    return found


def centres_of(
    target: NDArray[np.int16], classes: int, rng: np.random.Generator, most: int = 2000
) -> NDArray[np.int32]:
    """Known voxels ``(n, 3)`` to centre patches on: equally many of each class that is there, a
    class with few repeated.
    """
    found = [np.argwhere(target == index) for index in range(classes)]
    drawn = [rng.choice(voxels, most) for voxels in found if len(voxels)]
    return np.concatenate([np.zeros((0, 3)), *drawn]).astype(np.int32)
