"""The table in ``README.md`` and the main one's sentence, made from the files in ``results``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_alnt.data import write_text
from robustness import results
from robustness.harnesses import HARNESSES

README = Path(__file__).resolve().with_name("README.md")
MAIN = README.parents[2] / "README.md"
COLUMNS = ("what is asked", "attempts", "failures", "counted beside", "command", "date")


def table() -> str:
    """One row a harness, in the order of the table of harnesses."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *map(_row, HARNESSES)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def summary() -> str:
    """One sentence with the attempts and failures of every harness that has been run."""
    rows = [row for name in HARNESSES if (row := _result(name))]
    tried = [
        f"{row['harness']} {row['tried']:,} / {sum(row['failures'].values()):,}" for row in rows
    ]
    counts = ", ".join(tried)
    link = "[What was tried to break it](tests/robustness/README.md)"
    return f"{link}, attempts / failures: {counts}.\n"


def write() -> bool:
    """Write the table and the main README's sentence anew; whether one has changed."""
    from benchmark.readme import fill  # imports much that only the table needs

    changed = False
    for path, name, text in ((README, "results", table()), (MAIN, "robustness", summary())):
        old = path.read_text(encoding="utf-8")
        new = fill(old, name, text)
        if new != old:
            write_text(path, new)
            changed = True
    return changed


def _result(name: str) -> dict[str, Any] | None:
    path = results.FOLDER / f"{name}.json"
    return results.read(path) if path.exists() else None


def _row(name: str) -> list[str]:
    harness = HARNESSES[name]
    row = _result(name)
    if row is None:
        return [harness.asked, "–", "–", "–", f"`python tests/robustness {name}`", "–"]
    command = f"`python tests/robustness {name} --count {row['count']} --seed {row['seed']}`"
    counts = (f"{row['tried']:,}", _counts(row["failures"]), _counts(row["counted"]))
    return [harness.asked, *counts, command, row["date"]]


def _counts(counts: dict[str, Any]) -> str:
    return ", ".join(f"{value:,} {name}" for name, value in counts.items())
