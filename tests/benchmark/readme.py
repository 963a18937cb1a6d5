"""The tables in both READMEs, made from the committed rows.

A block stands between ``<!-- NAME: … -->`` and ``<!-- end of NAME -->``; all else is left as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.results import Results, Row
from benchmark.tables import Table, detection_summary, tables
from napari_alnt.data import write_text
from napari_alnt.session.report import words

HERE = Path(__file__).resolve().parent
README = HERE.parents[1] / "README.md"
"""The project's: one table of rankings, and one of costs."""
STUDY = HERE / "README.md"
"""The study's: every table."""
LOOP = HERE / "results" / "loop.jsonl"
SPEED = HERE / "results" / "speed.jsonl"

RANKINGS = (
    "alnt",
    "disagreement",
    "soft dice",
    "loss",
    "self-confidence (cleanlab)",
    "label quality (MONAI)",
    "cosine trust, head, over past rankings",
    "dot trust",
    "informativeness, teacher's label",
    "smallest mask first",
    "random",
)
"""Rankings and baselines of the project's README."""
COLUMNS = {
    "step": ("size", "seconds", "ratio", "memory", "gradient off (ppm)"),
    "ranking": ("seconds", "ratio"),
    "data": ("steps", "seconds", "waited", "MiB, first half", "MiB, second half"),
    "workers": ("patches a second", "ratio"),
}
"""What the study's README shows of each cost."""
COSTS = (
    ("a step weighed by the last layer (the default)", "step", "ALNT, head", "an ordinary step"),
    ("a step weighed by all layers", "step", "ALNT", "an ordinary step"),
    ("a step by the paper's order of passes", "step", "published order", "an ordinary step"),
    ("ranking a case", "ranking", "ranking, head", "plain inference"),
    ("voxel trust of a case", "ranking", "voxel map", "plain inference"),
    ("patches a second of two processes", "workers", "2 of one thread", "one process"),
)
"""Costs of the project's README: what it says, the row, and what that is compared with."""
SIZE = 48
"""Side of the patches of the costs in the project's README."""


def blocks() -> dict[Path, dict[str, str]]:
    """The text of every block of each README."""
    loop = Results(LOOP).rows
    speed = [json.loads(line) for line in SPEED.read_text(encoding="utf-8").splitlines()]
    return {
        README: {"measurements": markdown([summary(loop)]), "costs": markdown([costs(speed)])},
        STUDY: {"measurements": markdown(tables(loop)), "costs": markdown(cost_tables(speed))},
    }


def write() -> list[Path]:
    """Write the blocks that have their marks anew; the READMEs that have changed."""
    changed = []
    for path, of_path in blocks().items():
        old = path.read_text(encoding="utf-8")
        new = old
        for name, text in of_path.items():
            new = fill(new, name, text)
        if new != old:
            write_text(path, new)
            changed.append(path)
    return changed


def fill(document: str, name: str, text: str) -> str:
    """A document with the text of a block put in, where it has that block."""
    return marks(name).sub(lambda found: f"{found[1]}{text}{found[3]}", document)


def marks(name: str) -> re.Pattern[str]:
    """What finds a block: its first mark, its text, its last mark."""
    return re.compile(rf"(<!-- {name}:[^\n]*-->\n)(.*?)(<!-- end of {name} -->)", re.DOTALL)


def markdown(made: Sequence[Table]) -> str:
    """Tables as a forge shows them."""
    return "\n".join(_markdown(table) for table in made)


def _markdown(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    body = ["| " + " | ".join(map(_said, line)) + " |" for line in lines]
    return "\n".join([f"**{table.title}**", "", *body, ""])


def _said(cell: Any) -> str:
    return "–" if cell is None else words(cell).replace("head_and_neck", "head and neck")


# the project's README -----------------------------------------------------------------------------


def summary(rows: Sequence[Row]) -> Table:
    """How well the rankings of the project's README find wrong masks."""
    table = detection_summary(rows)
    chosen = [line for line in table.rows if line[0] in RANKINGS]
    return Table(table.title, table.columns, chosen)


def costs(rows: Sequence[Row]) -> Table:
    """The costs of the project's README, as ratios."""
    body: list[list[Any]] = []
    machines: list[str] = []
    for said, what, way, against in COSTS:
        # the newest: rows are appended
        row = next(
            row
            for row in reversed(rows)
            if row["what"] == what and row.get("way") == way and row["size"] == SIZE
        )
        body.append([said, against, row["ratio"], row.get("memory")])
        machines.append(row["machine"])
    title = f"Costs with patches of {SIZE}³ ({'; '.join(dict.fromkeys(machines))})"
    return Table(title, ["", "beside", "ratio", "memory"], body)


# the study's README -------------------------------------------------------------------------------


def cost_tables(rows: Sequence[Row]) -> list[Table]:
    """A table for each cost and machine."""
    found = []
    for what, columns in COLUMNS.items():
        of_what = [row for row in rows if row["what"] == what]
        for machine in dict.fromkeys((row["machine"], row["day"]) for row in of_what):
            body = [
                [row.get("way") or row["project"], *(row[name] for name in columns)]
                for row in of_what
                if (row["machine"], row["day"]) == machine
            ]
            found.append(Table(f"{what} ({', '.join(machine)})", ["", *columns], body))
    return found
