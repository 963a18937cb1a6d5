"""From rows to the tables that people read."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.experiments import area, minutes_to
from benchmark.metrics import Difference, Interval, paired
from benchmark.results import Row

NEARLY = 0.95
"""The part of the fully-expert result that the loop is asked to reach."""
Rows = Sequence[Row]
Key = tuple[str, str]
"""A set and its noise."""
Curve = list[list[float]]
"""Points of (cases corrected, minutes, audit Dice)."""


@dataclass(frozen=True)
class Table:
    """A title, the heads of the columns, and rows of words and numbers."""

    title: str
    columns: list[str]
    rows: list[list[Any]]


def tables(rows: Rows) -> list[Table]:
    """Every table that the rows are enough for."""
    made = [
        finding(rows, "auroc", "Finding wrong masks: AUROC, mean over seeds"),
        finding(rows, "like size", "AUROC among masks of like size"),
        finding(rows, "precision@10", "Precision at 10 (of those that could be there)"),
        finding(rows, "rho dice", "Rank correlation with 1 − true Dice"),
        finding(rows, "rho ml", "Rank correlation with the error (ml)"),
        finding(rows, "rho cm2", "Rank correlation with the contour to correct (cm²)"),
        stability(rows),
        finding(rows, "auroc", "The paper's student (no expert in the loss): AUROC", part="find, paper"),
        training(rows),
        gaining(rows),
        looping(rows),
        auditing(rows),
    ]
    return [table for table in made if table.rows]


def finding(rows: Rows, measure: str, title: str, part: str = "find") -> Table:
    """One row a rival, one column for each set and noise, best mean first."""
    grid = gather(rows, part, lambda row: row[measure])
    columns = sorted({key for cells in grid.values() for key in cells})
    body = [[name, *(mean(cells.get(key, [])) for key in columns)] for name, cells in grid.items()]
    body = [[*line, mean(v for v in line if isinstance(v, float))] for line in body]
    heads = ["rival", *(f"{name}, {noise} ({_seeds(grid, (name, noise))})" for name, noise in columns), "mean"]
    return Table(title, heads, sorted(body, key=lambda line: -line[-1] if math.isfinite(line[-1]) else math.inf))


def stability(rows: Rows) -> Table:
    """How much AUROC moves: over seeds at the end, and over the checkpoints of a run."""
    ends = gather(rows, "find", lambda row: row["auroc"])
    along = gather(rows, "find", lambda row: _spread(row["along"]))
    body = [
        [
            name,
            mean(_spread(values) for values in ends[name].values()),
            mean(v for c in along[name].values() for v in c),
        ]
        for name in ends
    ]
    title = "Stability of AUROC: standard deviation"
    return Table(title, ["rival", "over seeds", "over checkpoints"], sorted(body, key=lambda line: _last(line[1])))


def training(rows: Rows) -> Table:
    """Audit Dice and HD95 (mm): one row a method, one column for each set and noise in which several have trained.

    Those that have trained on all seeds come first: a mean over fewer is one over other cases.
    """
    dice, far = gather(rows, "train", lambda row: row["dice"]), gather(rows, "train", lambda row: row["hd95"])
    keys = compared(rows)
    body = [
        [name, *(_pair(dice[name].get(key, []), far[name].get(key, []), _seeds(dice, key)) for key in keys)]
        for name in sorted(dice, key=lambda name: _order(dice[name], keys))
        if any(key in dice[name] for key in keys)
    ]
    heads = ["method", *(f"{key[0]}, {key[1]} ({_seeds(dice, key)})" for key in keys)]
    return Table("Training on noisy masks: audit Dice (HD95 in mm)", heads, body)


def _order(cells: dict[Key, list[float]], keys: Sequence[Key]) -> tuple[int, float]:
    values = [value for key in keys for value in cells.get(key, [])]
    return -len(values), -mean(values)


def gaining(rows: Rows) -> Table:
    """The default's paired gain in audit Dice over each method, with 95 % intervals over seeds and patients."""
    keys, names = compared(rows), {row["configuration"] for row in rows if row["part"] == "train"} - {"default"}
    body = [[name, *(_told(gains(rows, key, "default", name)) for key in keys)] for name in sorted(names)]
    return Table("Gain in audit Dice of the default over", ["method", *map(", ".join, keys)], body if keys else [])


def compared(rows: Rows) -> list[Key]:
    """The sets and noises in which more than one method has trained."""
    grid = gather(rows, "train", lambda row: row["dice"])
    keys = sorted({key for cells in grid.values() for key in cells})
    return [key for key in keys if sum(key in cells for cells in grid.values()) > 1]


def _pair(dice: Sequence[float], distance: Sequence[float], seeds: int) -> str:
    fewer = f", {len(dice)} of {seeds} seeds" if len(dice) < seeds else ""
    return f"{mean(dice):.3f} ({mean(distance):.1f}){fewer}" if dice else "–"


FEW = 3
"""Seeds below which an interval would be a pretence."""


def _told(gain: Interval) -> str:
    if gain.seeds < FEW:
        return f"{gain.mean:+.3f} ({gain.seeds} seeds)" if gain.seeds else "–"
    return f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def gains(rows: Rows, key: tuple[str, str], method: str, rival: str) -> Interval:
    """The paired gain in Dice of one method over another on the same audit cases, over seeds and patients."""
    by_seed: dict[int, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row["part"] == "train" and (row["set"], row["noise"]) == key:
            by_seed[row["seed"]][row["configuration"]] = row
    differences: list[Difference] = []
    for seed, methods in by_seed.items():
        if method in methods and rival in methods:
            for case, dice in methods[method]["cases"].items():
                other = methods[rival]["cases"].get(case)
                if dice is not None and other is not None:
                    differences.append((seed, patient(key[0], case), dice - other))
    return paired(differences)


def patient(set_name: str, case: str) -> str:
    """The patient of a case: a slab's name ends in its number."""
    return case.rsplit("_", 1)[0] if set_name == "covid" else case


def looping(rows: Rows) -> Table:
    """One row for each set, noise and ranking: minutes to nearly the fully-expert result, and the curve's area."""
    body = []
    for key in sorted({(row["set"], row["noise"]) for row in rows if row["part"] == "loop"}):
        for arm, seen in sorted(loops(rows, key).items()):
            body.append([
                f"{key[0]}, {key[1]}", arm, len(seen), *(mean(one[name] for one in seen) for name in LOOP_COLUMNS)
            ])  # fmt: skip
    heads = ["set", "ranking", "seeds", *LOOP_COLUMNS.values()]
    return Table("The loop: corrections by each ranking", heads, body)


LOOP_COLUMNS = {
    "start": "Dice before",
    "end": "Dice after",
    "spent": "minutes spent",
    "area": "mean Dice over the minutes",
    "to": f"minutes to {NEARLY:.0%} of fully expert",
    "reached": "share of seeds that reach it",
}


def loops(rows: Rows, key: tuple[str, str]) -> dict[str, list[dict[str, float]]]:
    """Per ranking, what each seed's curve comes to; the target is the seed's own fully-expert end.

    Areas are taken over the minutes that the shortest of a seed's rankings has spent. A ranking that never reaches the
    target counts as the most minutes that any of the seed's rankings has spent: the truth is longer.
    """
    by_seed: dict[int, dict[str, Curve]] = defaultdict(dict)
    for row in rows:
        if row["part"] == "loop" and (row["set"], row["noise"]) == key:
            by_seed[row["seed"]][row["configuration"]] = row["curve"]
    found: dict[str, list[dict[str, float]]] = defaultdict(list)
    for arms in by_seed.values():
        followed = {arm: curve for arm, curve in arms.items() if arm not in ("none", "all")}
        spent = [curve[-1][1] for curve in followed.values()] or [math.nan]
        for arm, curve in arms.items():
            minutes = minutes_to(curve, NEARLY * arms["all"][-1][2]) if "all" in arms and arm in followed else math.nan
            found[arm].append({
                "start": curve[0][2], "end": curve[-1][2], "spent": curve[-1][1],
                "area": area(curve, min(spent)) if arm in followed else math.nan,
                "to": min(minutes, max(spent)), "reached": math.nan if math.isnan(minutes) else math.isfinite(minutes),
            })  # fmt: skip
    return dict(found)


def curves(rows: Rows, key: tuple[str, str]) -> dict[str, list[Curve]]:
    """Per ranking, the curve of every seed."""
    found: dict[str, list[Curve]] = defaultdict(list)
    for row in rows:
        if row["part"] == "loop" and (row["set"], row["noise"]) == key:
            found[row["configuration"]].append(row["curve"])
    return dict(found)


def auditing(rows: Rows) -> Table:
    """The noise audit against the truth: one row for each set and noise."""
    body = []
    for key in sorted({(row["set"], row["noise"]) for row in rows if row["part"] == "audit"}):
        seen = [row for row in rows if row["part"] == "audit" and (row["set"], row["noise"]) == key]
        errors = [abs(row["share"] - row["truth"]) for row in seen]
        inside = [row["low"] <= row["truth"] <= row["high"] for row in seen]
        body.append([
            f"{key[0]}, {key[1]}", len(seen), mean(row["truth"] for row in seen), mean(row["share"] for row in seen),
            mean(errors), max(errors), mean(inside), mean(row["looked"] for row in seen),
        ])  # fmt: skip
    heads = ["set", "seeds", "true share", "estimate", "mean error", "largest error", "inside interval", "looked at"]
    return Table("The noise audit: estimated share of wrong masks", heads, body)


def gather(rows: Rows, part: str, take: Callable[[Row], float | None]) -> dict[str, dict[Key, list[float]]]:
    """Values of a part by configuration, then by (set, noise): one a seed."""
    grid: dict[str, dict[Key, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["part"] == part:
            value = take(row)
            grid[row["configuration"]][row["set"], row["noise"]].append(math.nan if value is None else value)
    return grid


def mean(values: Iterable[float | bool]) -> float:
    """The mean of those that are known; nan if none is."""
    known = [float(value) for value in values if math.isfinite(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _spread(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return float(np.std(known)) if len(known) > 1 else math.nan


def _seeds(grid: dict[str, dict[Key, list[float]]], key: Key) -> int:
    return max((len(cells.get(key, [])) for cells in grid.values()), default=0)


def _last(value: float) -> float:
    return value if math.isfinite(value) else math.inf
