"""From rows to the tables that people read."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.experiments import ALL, NONE
from benchmark.metrics import Curve, Difference, Interval, area, mean_known, minutes_to, paired
from benchmark.results import Row

NEARLY = 0.95
"""The part of the fully-expert result that the loop is asked to reach."""
FEW = 3
"""Seeds below which no interval is given: too few to say how seeds vary."""
Rows = Sequence[Row]
Key = tuple[str, str]
"""A dataset and its noise."""
Grid = dict[str, dict[Key, list[float]]]
"""Values by configuration, then by dataset and noise: one for each seed."""


@dataclass(frozen=True)
class Table:
    """A title, the heads of the columns, and rows of words and numbers."""

    title: str
    columns: list[str]
    rows: list[list[Any]]

    def records(self) -> list[dict[str, Any]]:
        """The rows by the heads of their columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def tables(rows: Rows) -> list[Table]:
    """Every table that the rows are enough for."""
    made = [
        detection_table(rows, "auroc", "Finding wrong masks: AUROC, mean over seeds"),
        detection_table(rows, "like size", "AUROC among masks of similar size"),
        detection_table(
            rows, "precision@10", "Precision at 10 (of those that could be among the ten)"
        ),
        detection_table(rows, "rho dice", "Rank correlation with 1 − true Dice"),
        detection_table(rows, "rho ml", "Rank correlation with the error (ml)"),
        detection_table(rows, "rho cm2", "Rank correlation with the contour to correct (cm²)"),
        stability_table(rows),
        detection_table(
            rows,
            "auroc",
            "The paper's student (no expert in the loss): AUROC",
            part="detection, paper",
        ),
        training_table(rows),
        gain_table(rows),
        loop_table(rows),
        noise_table(rows),
    ]
    return [table for table in made if table.rows]


def gather(rows: Rows, part: str, take: Callable[[Row], float | None]) -> Grid:
    """Values of a part of the study; nan where a row has none."""
    grid: Grid = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["part"] == part:
            value = take(row)
            cell = grid[row["configuration"]][row["dataset"], row["noise"]]
            cell.append(math.nan if value is None else value)
    return grid


def _seeds(grid: Grid, key: Key) -> int:
    return max((len(cells.get(key, [])) for cells in grid.values()), default=0)


# detection of wrong masks -------------------------------------------------------------------------


def detection_table(rows: Rows, measure: str, title: str, part: str = "detection") -> Table:
    """A row for each ranking and baseline, a column for each dataset and noise; best mean first."""
    grid = gather(rows, part, lambda row: row[measure])
    keys = sorted({key for cells in grid.values() for key in cells})
    body: list[list[Any]] = []
    for name, cells in grid.items():
        # first over seeds, then over datasets, so that one with more seeds does not count more
        means = [mean_known(cells.get(key, [])) for key in keys]
        body.append([name, *means, mean_known(means)])
    heads = [f"{dataset}, {noise} ({_seeds(grid, (dataset, noise))})" for dataset, noise in keys]
    return Table(
        title, ["ranking", *heads, "mean"], sorted(body, key=lambda line: _last(-line[-1]))
    )


def detection_summary(rows: Rows) -> Table:
    """A row for each ranking and baseline, with its AUROC as means over the datasets.

    For each noise, for all, and for all among masks of similar size.
    """
    grid = gather(rows, "detection", lambda row: row["auroc"])
    similar = gather(rows, "detection", lambda row: row["like size"])
    body: list[list[Any]] = []
    for name, cells in grid.items():
        means = {key: mean_known(values) for key, values in cells.items()}
        planted = mean_known(value for key, value in means.items() if key[1] == "planted")
        natural = mean_known(value for key, value in means.items() if key[1] == "natural")
        alike = mean_known(mean_known(values) for values in similar[name].values())
        body.append([name, planted, natural, mean_known(means.values()), alike])
    body.sort(key=lambda line: _last(-line[3]))
    columns = ["ranking", "planted", "natural", "all", "all, masks of similar size"]
    return Table("Finding wrong masks: AUROC, mean over the datasets", columns, body)


def stability_table(rows: Rows) -> Table:
    """How much AUROC moves: over seeds at the end, and over the checkpoints of a run."""
    ends = gather(rows, "detection", lambda row: row["auroc"])
    along = gather(rows, "detection", lambda row: _deviation(row["along"]))
    body: list[list[Any]] = []
    for name in ends:
        over_seeds = mean_known(_deviation(values) for values in ends[name].values())
        over_checkpoints = mean_known(value for cell in along[name].values() for value in cell)
        body.append([name, over_seeds, over_checkpoints])
    title = "Stability of AUROC: standard deviation"
    columns = ["ranking", "over seeds", "over checkpoints"]
    return Table(title, columns, sorted(body, key=lambda line: _last(line[1])))


def _deviation(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return float(np.std(known)) if len(known) > 1 else math.nan


def _last(value: float) -> float:
    """A key for sorting that puts what is not known at the end."""
    return value if math.isfinite(value) else math.inf


# training on noisy masks --------------------------------------------------------------------------


def training_table(rows: Rows) -> Table:
    """Dice and HD95 (mm) on the test set, a row for each way to train.

    A column for each dataset and noise in which several have trained. Those that have trained
    on all seeds come first: a mean over fewer is one over other cases.
    """
    dice = gather(rows, "train", lambda row: row["dice"])
    distance = gather(rows, "train", lambda row: row["hd95"])
    keys = compared(rows)
    body: list[list[Any]] = []
    for name in sorted(dice, key=lambda name: _order(dice[name], keys)):
        if any(key in dice[name] for key in keys):
            cells = (
                _cell(dice[name].get(key, []), distance[name].get(key, []), _seeds(dice, key))
                for key in keys
            )
            body.append([name, *cells])
    heads = [f"{key[0]}, {key[1]} ({_seeds(dice, key)})" for key in keys]
    return Table("Training on noisy masks: test Dice (HD95 in mm)", ["method", *heads], body)


def _order(cells: dict[Key, list[float]], keys: Sequence[Key]) -> tuple[int, float]:
    values = [value for key in keys for value in cells.get(key, [])]
    return -len(values), -mean_known(values)


def _cell(dice: Sequence[float], distance: Sequence[float], seeds: int) -> str:
    if not dice:
        return "–"
    fewer = f", {len(dice)} of {seeds} seeds" if len(dice) < seeds else ""
    return f"{mean_known(dice):.3f} ({mean_known(distance):.1f}){fewer}"


def compared(rows: Rows) -> list[Key]:
    """The datasets and noises in which more than one method has trained."""
    grid = gather(rows, "train", lambda row: row["dice"])
    keys = sorted({key for cells in grid.values() for key in cells})
    return [key for key in keys if sum(key in cells for cells in grid.values()) > 1]


def gain_table(rows: Rows) -> Table:
    """The default's paired gain in test Dice over each other way to train.

    With 95 % intervals over seeds and patients.
    """
    # where only the default has trained there is nothing to gain over
    keys = compared(rows)
    names = {row["configuration"] for row in rows if row["part"] == "train"} - {"default"}
    body = [
        [name, *(_gain_cell(gain(rows, key, "default", name)) for key in keys)]
        for name in sorted(names)
    ]
    columns = ["method", *map(", ".join, keys)]
    return Table("Gain in test Dice of the default over", columns, body if keys else [])


def _gain_cell(gain: Interval) -> str:
    if gain.seeds == 0:
        return "–"
    if gain.seeds < FEW:
        return f"{gain.mean:+.3f} ({gain.seeds} seed{'s' * (gain.seeds > 1)})"
    return f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def gain(rows: Rows, key: Key, method: str, other: str) -> Interval:
    """The paired gain in Dice of one way to train over another, on the same test cases."""
    by_seed: dict[int, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row["part"] == "train" and (row["dataset"], row["noise"]) == key:
            by_seed[row["seed"]][row["configuration"]] = row
    differences: list[Difference] = []
    for seed, methods in by_seed.items():
        if method in methods and other in methods:
            theirs = methods[other]["cases"]
            for case, dice in methods[method]["cases"].items():
                # a case whose Dice is not defined in either has no difference
                if dice is not None and theirs.get(case) is not None:
                    differences.append((seed, patient(key[0], case), dice - theirs[case]))
    return paired(differences)


def patient(dataset: str, case: str) -> str:
    """The patient of a case: a slab's name ends in its number."""
    return case.rsplit("_", 1)[0] if dataset == "covid" else case


# the loop -----------------------------------------------------------------------------------------

LOOP_COLUMNS = {
    "start": "Dice before",
    "end": "Dice after",
    "spent": "minutes spent",
    "area": "mean Dice over the minutes",
    "to": f"minutes to {NEARLY:.0%} of fully expert",
    "reached": "share of seeds that reach it",
}


def loop_table(rows: Rows) -> Table:
    """A row for each dataset, noise and ranking that the loop has followed.

    Minutes to nearly the fully-expert result, and the curve's area.
    """
    body: list[list[Any]] = []
    for key in _keys(rows, "loop"):
        for strategy, runs in sorted(loops(rows, key).items()):
            means = [mean_known(run[name] for run in runs) for name in LOOP_COLUMNS]
            body.append([", ".join(key), strategy, len(runs), *means])
    heads = ["dataset", "ranking", "seeds", *LOOP_COLUMNS.values()]
    return Table("The loop: corrections by each ranking", heads, body)


def loops(rows: Rows, key: Key) -> dict[str, list[dict[str, float]]]:
    """Per ranking, what each seed's curve comes to; the target is the seed's own fully-expert end.

    Areas are taken over the minutes that the shortest of a seed's rankings has spent. A ranking
    that never reaches the target counts as the most minutes that any of the seed's rankings has
    spent: the truth is longer.
    """
    by_seed: dict[int, dict[str, Curve]] = defaultdict(dict)
    for row in rows:
        if row["part"] == "loop" and (row["dataset"], row["noise"]) == key:
            by_seed[row["seed"]][row["configuration"]] = row["curve"]
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    for of_seed in by_seed.values():
        target = NEARLY * of_seed[ALL][-1][2] if ALL in of_seed else math.nan
        followed = [curve for strategy, curve in of_seed.items() if strategy not in (NONE, ALL)]
        # the bounds follow no order, so their minutes say nothing of one
        spent = [curve[-1][1] for curve in followed] or [math.nan]
        for strategy, curve in of_seed.items():
            line = dict.fromkeys(LOOP_COLUMNS, math.nan)
            line |= {"start": curve[0][2], "end": curve[-1][2], "spent": curve[-1][1]}
            if strategy not in (NONE, ALL):
                line |= _progress(curve, target, min(spent), max(spent))
            found[strategy].append(line)
    return dict(found)


def _progress(curve: Curve, target: float, shortest: float, longest: float) -> dict[str, float]:
    """How fast a curve rises: its area, and when it reaches the target, if there is one."""
    minutes = math.nan if math.isnan(target) else minutes_to(curve, target)
    reached = math.nan if math.isnan(target) else float(math.isfinite(minutes))
    return {"area": area(curve, shortest), "to": min(minutes, longest), "reached": reached}


def curves(rows: Rows, key: Key) -> dict[str, list[Curve]]:
    """Per ranking, the curve of every seed."""
    found: dict[str, list[Curve]] = defaultdict(list)
    for row in rows:
        if row["part"] == "loop" and (row["dataset"], row["noise"]) == key:
            found[row["configuration"]].append(row["curve"])
    return dict(found)


def _keys(rows: Rows, part: str) -> list[Key]:
    return sorted({(row["dataset"], row["noise"]) for row in rows if row["part"] == part})


# how many are wrong -------------------------------------------------------------------------------


def noise_table(rows: Rows) -> Table:
    """The label-noise estimate against the truth: a row for each dataset and noise."""
    body: list[list[Any]] = []
    for key in _keys(rows, "noise estimate"):
        of_key = [
            row
            for row in rows
            if row["part"] == "noise estimate" and (row["dataset"], row["noise"]) == key
        ]
        errors = [abs(row["share"] - row["truth"]) for row in of_key]
        inside = [float(row["low"] <= row["truth"] <= row["high"]) for row in of_key]
        body.append([
            ", ".join(key),
            len(of_key),
            mean_known(row["truth"] for row in of_key),
            mean_known(row["share"] for row in of_key),
            mean_known(errors),
            max(errors),
            mean_known(inside),
            mean_known(row["reviewed"] for row in of_key),
        ])  # fmt: skip
    heads = [
        "dataset",
        "seeds",
        "true share",
        "estimate",
        "mean error",
        "largest error",
        "inside interval",
        "reviewed",
    ]
    return Table("The label-noise estimate: share of wrong masks", heads, body)
