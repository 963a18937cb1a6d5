"""One figure of the results: finding wrong masks, training on them, and the loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.results import Row
from benchmark.tables import FEW, compared, curves, gains, gather, mean
from napari_alnt.errors import AlntError

COLUMNS = 4
"""Loops side by side."""
SHOWN = 14
"""Rivals in the figure's first part; the table has all."""
COLOURS = {"hippocampus": "#4477aa", "head_and_neck": "#228833", "sarcoma": "#aa3377", "covid": "#ee6677"}
Rows = Sequence[Row]


def draw(rows: Rows, path: Path) -> None:
    """Draw the results into a file.

    Raises
    ------
    AlntError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise AlntError("The figure needs matplotlib; install it with: pip install matplotlib") from error
    sets = sorted({(row["set"], row["noise"]) for row in rows if row["part"] == "loop"})
    below = math.ceil(len(sets) / COLUMNS)
    figure = Figure(figsize=(13, 5 + 3.2 * below), layout="constrained")
    grid = figure.add_gridspec(1 + below, COLUMNS, height_ratios=(1.6, *[1] * below))
    top = grid[0, :].subgridspec(1, 2, width_ratios=(1.2, 1))
    _finding(figure.add_subplot(top[0]), rows)
    _training(figure.add_subplot(top[1]), rows)
    for place, key in enumerate(sets):
        _loop(figure.add_subplot(grid[1 + place // COLUMNS, place % COLUMNS]), rows, key)
    figure.savefig(path, dpi=130)


def _finding(axes: Any, rows: Rows) -> None:
    """AUROC of the best rivals: a filled mark a set for planted noise, an open one for natural."""
    grid = gather(rows, "find", lambda row: row["auroc"])
    level = {name: mean(mean(values) for values in cells.values()) for name, cells in grid.items()}
    best = sorted(level, key=lambda name: -level[name])[:SHOWN]
    best += [name for name in ("alnt", "random") if name in level and name not in best]
    for place, name in enumerate(best):
        for (of_set, noise), values in grid[name].items():
            face = _colour(of_set) if noise == "planted" else "white"
            axes.plot(mean(values), -place, "o", mec=_colour(of_set), mfc=face, ms=6)
        axes.plot(level[name], -place, "|", color="black", ms=14, mew=2)
    axes.set_yticks([-place for place in range(len(best))], best)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == "alnt" else "normal")
    axes.set_xlabel("AUROC for wrong masks (bar: mean over sets)")
    axes.axvline(0.5, color="#ccc", zorder=0)
    axes.set_title("Finding wrong masks", loc="left", fontweight="bold")
    _legend(axes, {of_set for cells in grid.values() for of_set, _ in cells})


def _legend(axes: Any, sets: set[str]) -> None:
    for of_set in sorted(sets):
        axes.plot([], [], "o", color=_colour(of_set), label=of_set.replace("_", " "))
    axes.plot([], [], "o", mec="#666", mfc="#666", label="planted")
    axes.plot([], [], "o", mec="#666", mfc="white", label="natural")
    axes.legend(fontsize=8, loc="lower left", frameon=False)


def _training(axes: Any, rows: Rows) -> None:
    """The default method's paired gain in audit Dice over each other one, with 95 % intervals from three seeds on."""
    grid, keys = gather(rows, "train", lambda row: row["dice"]), compared(rows)
    names = [name for name in grid if name != "default"]
    for place, name in enumerate(names):
        for offset, key in enumerate(keys):
            gain = gains(rows, key, "default", name)
            if gain.seeds:
                y = -place - (offset - (len(keys) - 1) / 2) * 0.16
                if gain.seeds >= FEW:
                    axes.plot([gain.low, gain.high], [y, y], color=_colour(key[0]), lw=1.5)
                axes.plot(gain.mean, y, "o", mec=_colour(key[0]), mfc=_face(key), ms=4)
    axes.set_yticks([-place for place in range(len(names))], names)
    axes.axvline(0, color="#888", lw=1, zorder=0)
    axes.set_xlabel("gain in audit Dice of the default over each")
    axes.set_title("Training on noisy masks", loc="left", fontweight="bold")


def _loop(axes: Any, rows: Rows, key: tuple[str, str]) -> None:
    """Audit Dice over simulated minutes, mean over seeds, for each ranking."""
    colours = {"alnt": "#ee6677", "foreground_random": "#4477aa", "disagreement": "#228833", "random": "#888888"}
    for arm, seen in curves(rows, key).items():
        if arm in colours:
            limit = min(curve[-1][1] for curve in seen)
            at = np.linspace(0, limit, 50)
            lines = [np.interp(at, [p[1] for p in curve], [p[2] for p in curve]) for curve in seen]
            axes.plot(at, np.mean(lines, 0), color=colours[arm], label=arm.replace("_", " "))
        elif arm in ("all", "none"):
            ends = mean(curve[-1][2] for curve in seen)
            axes.axhline(ends, color="#555", lw=1, ls="--" if arm == "all" else ":", label=f"{arm} corrected")
    axes.set_title(f"{key[0].replace('_', ' ')}, {key[1]}", loc="left", fontsize=10, fontweight="bold")
    axes.set_xlabel("simulated minutes")
    axes.set_ylabel("audit Dice")
    axes.legend(fontsize=7, frameon=False)


def _colour(of_set: str) -> str:
    return COLOURS.get(of_set, "#ccbb44")


def _face(key: tuple[str, str]) -> str:
    return _colour(key[0]) if key[1] == "planted" else "white"
