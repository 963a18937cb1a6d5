"""The README's table of settings is derived, and its commands exist. Run as a script, it writes the
table.
"""

import dataclasses
import json
import re
from pathlib import Path

from benchmark import Results, Table, tables

from napari_alnt.session.report import words
from napari_alnt.settings import HINTS, Settings, choices

ROOT = Path(__file__).parents[1]
SPEED = ROOT / "images" / "bench_speed.jsonl"
COSTS = {
    "step": ("size", "seconds", "ratio", "memory", "gradient off (ppm)"),
    "rank": ("seconds", "ratio"),
    "data": ("steps", "seconds", "waited", "MiB, first half", "MiB, second half"),
    "ranks": ("patches a second", "ratio"),
}
"""What the README shows of each ``bench``."""
README, RESULTS = ROOT / "README.md", ROOT / "images" / "bench_loop.jsonl"
SHOWN = (
    "alnt", "disagreement", "disagreement, ledger", "soft dice", "loss", "self-confidence (cleanlab)",
    "label quality (MONAI)", "cosine trust, head, ledger", "dot trust", "informativeness, teacher's label",
    "informativeness, own label (BADGE)", "entropy", "smallest mask first", "random",
)  # fmt: skip
"""Rivals in the README's table; the results have all."""


def marks(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name}:[^\n]*-->\n)(.*?)(<!-- end of {name} -->)", re.DOTALL)


def measurements() -> str:
    """The benchmark's tables, from the results that are committed."""
    made = {table.title: table for table in tables(Results(RESULTS).rows)}
    wanted = ("Finding wrong masks", "Precision at 10", "Training on noisy masks", "Gain in audit Dice", "The loop",
              "The noise audit")  # fmt: skip
    return "\n".join(
        markdown(made[title]) for name in wanted for title in made if title.startswith(name)
    )


def markdown(table: Table) -> str:
    rows = [row for row in table.rows if table.columns[0] != "rival" or row[0] in SHOWN]
    lines = [table.columns, ["---"] * len(table.columns), *rows]
    body = ["| " + " | ".join(said(cell) for cell in line) + " |" for line in lines]
    return "\n".join([f"**{table.title}**", "", *body, ""])


def said(cell: object) -> str:
    return words(cell).replace("head_and_neck", "head and neck")


def performance() -> str:
    """The tables of what a step, a ranking and the data cost, from the rows that are committed."""
    rows = [json.loads(line) for line in SPEED.read_text(encoding="utf-8").splitlines()]
    found = []
    for what, columns in COSTS.items():
        chosen = [row for row in rows if row["what"] == what]
        body = [
            [row["way"] if "way" in row else row["project"], *(row[name] for name in columns)]
            for row in chosen
        ]
        title = f"napari-alnt bench {what} ({chosen[0]['machine']}, {chosen[0]['day']})"
        found.append(markdown(Table(title, ["", *columns], body)))
    return "\n".join(found)


def table() -> str:
    rows = ["| setting | default | allowed | |", "|---|---|---|---|"]
    for item in dataclasses.fields(Settings):
        low, high = item.metadata["low"], item.metadata["high"]
        allowed = ", ".join(map(str, choices(HINTS[item.name]))) or (
            "" if low is None else f"{low:g} … {high:g}"
        )
        default = (
            " ".join(map(str, item.default)) if isinstance(item.default, tuple) else item.default
        )
        rows.append(f"| `{item.name}` | {default} | {allowed} | {item.metadata['help']} |")
    return "\n".join(rows) + "\n"


def test_settings_table_is_the_settings():
    found = marks("settings").search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(2) == table(), "run: python tests/test_readme.py"


def test_the_measurements_are_those_of_the_results():
    found = marks("measurements").search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(2) == measurements(), "run: python tests/test_readme.py"


def test_the_costs_are_those_of_the_results():
    found = marks("costs").search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(2) == performance(), "run: python tests/test_readme.py"


def test_every_command_named_in_the_readme_exists():
    from napari_alnt.cli.main import COMMANDS

    code = "\n".join(
        re.findall(r"```.*?```|`[^`\n]+`", README.read_text(encoding="utf-8"), re.DOTALL)
    )
    named = set(re.findall(r"napari-alnt (\w+)", code))
    assert named
    assert named <= set(COMMANDS)


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    for name, made in (
        ("settings", table()),
        ("measurements", measurements()),
        ("costs", performance()),
    ):
        text = marks(name).sub(
            lambda found, made=made: found.group(1) + made + found.group(3), text
        )
    README.write_text(text, encoding="utf-8")
