"""Trees of vessels and airways that grow from the root of a lung to its edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_alnt.data import Array
from napari_alnt.simulation.anatomy.space import Point
from napari_alnt.simulation.anatomy.tubes import Tube


@dataclass(frozen=True)
class Growth:
    """How a tree grows.

    Attributes
    ----------
    thick : radius in mm at the root
    taper : mm from the root within which the radius falls to 0.37 of it
    thin : smallest radius in mm
    reach : part of the way to its goal that a branch goes
    """

    thick: float
    taper: float
    thin: float
    reach: float = 1.0


ARTERY = Growth(5.6, 50, 1.15)
VEIN = Growth(4.8, 50, 1.1)
BRONCHUS = Growth(3.4, 42, 0.7, reach=0.72)


def grow(
    root: Point, goals: Array, growth: Growth, rng: np.random.Generator, kink: float = 0.06
) -> Tube:
    """Branches from ``root`` to each of ``goals`` (n, 3), in mm; ``kink`` is how much they bend.

    The near goals come first, so that branches leave from branches.
    """
    start = np.array(root, float)
    goals = goals[np.argsort(((goals - start) ** 2).sum(1))]
    nodes, lines, radii = [start], [], []
    for goal in goals:
        base = _leave(np.array(nodes), goal, start)
        end = base + growth.reach * (goal - base)
        length = float(np.linalg.norm(end - base))
        steps = np.linspace(0, 1, max(int(length / 1.1), 2))[:, None]
        bend = np.sin(np.pi * steps) * rng.normal(0, kink * length, 3)
        line = base + steps * (end - base) + bend
        away = np.linalg.norm(line - start, axis=1)
        tip = 1 - 0.35 * steps[:, 0]  # also the branches near the root taper
        size = growth.thick * np.exp(-away / growth.taper) * rng.uniform(0.75, 1.1) * tip
        lines.append(line)
        radii.append(np.maximum(size, growth.thin))
        nodes += [line[len(line) // 2], line[-1]]
    return np.concatenate(lines), np.concatenate(radii)


def _leave(nodes: Array, goal: Array, root: Array) -> Array:
    """The node a branch leaves from: a near one, from which it goes on outwards."""
    way = goal - nodes
    length = np.linalg.norm(way, axis=1) + 1e-6
    outward = nodes - root
    outward = outward / np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    turn = (way * outward).sum(1) / length  # cosine; branches seldom turn back
    return np.asarray(nodes[int(np.argmin(length * (1.5 - turn)))])
