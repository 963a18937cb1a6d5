"""One figure of the results: finding wrong masks, training on them, and the loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.experiments import ALL, NONE
from benchmark.metrics import Curve, mean_known
from benchmark.results import Row
from benchmark.tables import FEW, Key, compared, curves, gain, gather
from napari_alnt.errors import AlntError

Rows = Sequence[Row]

COLUMNS = 4
"""Loops side by side."""
SHOWN = 14
"""Rankings in the figure's first part; the table has all."""
DATASETS = {
    "hippocampus": "#4477aa",
    "head_and_neck": "#228833",
    "sarcoma": "#aa3377",
    "covid": "#ccbb44",
}
OTHER_DATASET = "#888888"
MARKERS = {"planted": "o", "natural": "D"}
STRATEGIES = {
    "alnt": {"color": "#000000", "lw": 2.2},
    "disagreement": {"color": "#ee7733", "lw": 1.6, "ls": (0, (6, 1.5))},
    "foreground_random": {"color": "#33bbee", "lw": 1.6, "ls": (0, (3, 1.2, 1, 1.2))},
    "random": {"color": "#999999", "lw": 1.6, "ls": (0, (1, 1))},
}
"""Curves of the loop, in colours that no dataset has."""
BOUNDS = {
    ALL: {"color": "#555555", "lw": 0.9, "ls": "--"},
    NONE: {"color": "#555555", "lw": 0.9, "ls": ":"},
}


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
        raise AlntError(
            "The figure needs matplotlib; install it with: pip install matplotlib"
        ) from error
    keys = sorted({(row["dataset"], row["noise"]) for row in rows if row["part"] == "loop"})
    below = math.ceil(len(keys) / COLUMNS)
    figure = Figure(figsize=(13, 6.6 + 3 * below), layout="constrained")
    # a legend of its own under the points, and one under the curves: none lies on what it explains
    heights = (5.8, 0.4, *[2.8] * below, *[0.35] * bool(below))
    grid = figure.add_gridspec(len(heights), COLUMNS, height_ratios=heights)
    top = grid[0, :].subgridspec(1, 2, width_ratios=(1.1, 1))
    _detection(figure.add_subplot(top[0]), rows)
    _training(figure.add_subplot(top[1]), rows)
    _explain_points(figure.add_subplot(grid[1, :]), rows)
    for place, key in enumerate(keys):
        axes = figure.add_subplot(grid[2 + place // COLUMNS, place % COLUMNS])
        _loop(axes, curves(rows, key), key)
    if keys:
        _explain_curves(figure.add_subplot(grid[-1, :]), rows)
    figure.savefig(path, dpi=130)


def _detection(axes: Any, rows: Rows) -> None:
    """AUROC of the best rankings: a mark for each dataset and noise, a bar for the mean."""
    grid = gather(rows, "detection", lambda row: row["auroc"])
    level = {
        name: mean_known(mean_known(values) for values in cells.values())
        for name, cells in grid.items()
    }
    best = sorted(level, key=lambda name: -level[name])[:SHOWN]
    # the product's ranking and chance are always shown
    best += [name for name in ("alnt", "random") if name in level and name not in best]
    axes.axvline(0.5, color="#cccccc", zorder=0)
    for place, name in enumerate(best):
        for key, values in grid[name].items():
            axes.plot(mean_known(values), -place, ms=6, **_mark(key))
        axes.plot(level[name], -place, "|", color="black", ms=15, mew=2.2)
    axes.set_yticks([-place for place in range(len(best))], best)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == "alnt" else "normal")
    axes.set_xlabel("AUROC for wrong masks (0.5: chance)")
    axes.set_title("Finding wrong masks", loc="left", fontweight="bold")


def _training(axes: Any, rows: Rows) -> None:
    """The default's paired gain in test Dice over each other way to train.

    Intervals (95 %) where enough seeds have run.
    """
    grid = gather(rows, "train", lambda row: row["dice"])
    keys = compared(rows)
    names = [name for name in grid if name != "default"]
    axes.axvline(0, color="#888888", lw=1, zorder=0)
    for place, name in enumerate(names):
        for offset, key in enumerate(keys):
            # datasets of one way to train lie side by side around its line
            height = -place - (offset - (len(keys) - 1) / 2) * 0.16
            _gain(axes, height, rows, key, name)
    axes.set_yticks([-place for place in range(len(names))], names)
    axes.set_xlabel("gain of the default in test Dice (line: 95 % interval)")
    axes.set_title("Training on noisy masks", loc="left", fontweight="bold")


def _gain(axes: Any, height: float, rows: Rows, key: Key, name: str) -> None:
    seen = gain(rows, key, "default", name)
    if seen.seeds >= FEW:
        axes.plot([seen.low, seen.high], [height, height], color=_colour(key[0]), lw=1.5)
    if seen.seeds:
        axes.plot(seen.mean, height, ms=4, **_mark(key))


def _loop(axes: Any, by_strategy: dict[str, list[Curve]], key: Key) -> None:
    """Test Dice over simulated minutes, mean over seeds, for each ranking."""
    for strategy, style in BOUNDS.items():
        if strategy in by_strategy:
            end = mean_known(curve[-1][2] for curve in by_strategy[strategy])
            axes.axhline(end, zorder=0, **style)
    for strategy, style in STRATEGIES.items():
        if strategy in by_strategy:
            minutes, dice = _mean_curve(by_strategy[strategy])
            axes.plot(minutes, dice, zorder=3 if strategy == "alnt" else 2, **style)
    axes.set_title(", ".join(key).replace("_", " "), loc="left", fontsize=10, fontweight="bold")
    axes.set_xlabel("simulated minutes")
    axes.set_ylabel("test Dice")


def _mean_curve(of_seeds: Sequence[Curve]) -> tuple[Any, Any]:
    """Minutes and mean Dice over the seeds, as far as the shortest curve goes."""
    # beyond the shortest curve the mean would be over other seeds
    minutes = np.linspace(0, min(curve[-1][1] for curve in of_seeds), 50)
    lines = [
        np.interp(minutes, [point[1] for point in curve], [point[2] for point in curve])
        for curve in of_seeds
    ]
    return minutes, np.mean(lines, axis=0)


# legends ------------------------------------------------------------------------------------------


def _explain_points(axes: Any, rows: Rows) -> None:
    """Colours are datasets, shapes are kinds of noise."""
    there = {row["dataset"] for row in rows}
    known = [name for name in DATASETS if name in there]
    for dataset in [*known, *sorted(there - set(known))]:
        label = dataset.replace("_", " ")
        axes.plot([], [], "s", color=_colour(dataset), ms=8, label=label)
    for noise, marker in MARKERS.items():
        face = "#666666" if noise == "planted" else "white"
        axes.plot([], [], marker, mec="#666666", mfc=face, label=f"{noise} noise")
    axes.plot([], [], "|", color="black", ms=12, mew=2.2, label="mean")
    _legend(axes)


def _explain_curves(axes: Any, rows: Rows) -> None:
    there = {row["configuration"] for row in rows if row["part"] == "loop"}
    for strategy, style in STRATEGIES.items():
        if strategy in there:
            axes.plot([], [], label=strategy.replace("_", " "), **style)
    for strategy, style in BOUNDS.items():
        if strategy in there:
            axes.plot([], [], label=f"{strategy} corrected, at the end", **style)
    _legend(axes)


def _legend(axes: Any) -> None:
    handles, _ = axes.get_legend_handles_labels()
    axes.axis("off")
    axes.legend(loc="center", ncols=len(handles), frameon=False, fontsize=9, handlelength=3)


def _colour(dataset: str) -> str:
    return DATASETS.get(dataset, OTHER_DATASET)


def _mark(key: Key) -> dict[str, Any]:
    """The mark of a dataset and its noise: filled circles are planted, open diamonds natural."""
    dataset, noise = key
    face = _colour(dataset) if noise == "planted" else "white"
    return {"marker": MARKERS[noise], "ls": "", "mec": _colour(dataset), "mfc": face}
