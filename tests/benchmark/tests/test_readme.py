"""Both READMEs say what the committed rows say."""

import json
import re

import pytest
from benchmark import readme
from benchmark.__main__ import COMMANDS
from benchmark.tables import Table

BLOCKS = [
    (path, name) for path in (readme.README, readme.STUDY) for name in ("measurements", "costs")
]


@pytest.mark.parametrize(
    ("path", "name"), BLOCKS, ids=lambda value: getattr(value, "parent", value)
)
def test_a_table_is_that_of_the_rows(path, name):
    found = readme.marks(name).search(path.read_text(encoding="utf-8"))
    assert found is not None, f"{path} has no block '{name}'"
    assert found[2] == readme.blocks()[path][name], "run: python tests/benchmark readme"


def test_every_ranking_that_is_shown_has_rows():
    rows = readme.Results(readme.LOOP).rows
    assert {line[0] for line in readme.summary(rows).rows} == set(readme.RANKINGS)


def test_every_cost_has_a_row_of_its_own():
    rows = [json.loads(line) for line in readme.SPEED.read_text(encoding="utf-8").splitlines()]
    assert len(readme.costs(rows).rows) == len(readme.COSTS)
    assert {row["what"] for row in rows} == set(readme.COLUMNS)


def test_every_command_named_in_a_readme_exists():
    text = "".join(path.read_text(encoding="utf-8") for path in (readme.README, readme.STUDY))
    named = set(re.findall(r"python tests/benchmark (\w+)", text))
    assert named == set(COMMANDS)


def test_only_what_stands_between_the_marks_is_written():
    text = "a\n<!-- costs: made so -->\nold\n<!-- end of costs -->\nb\n"
    assert readme.fill(text, "costs", "new\n") == text.replace("old", "new")
    assert readme.fill(text, "measurements", "new\n") == text


def test_tables_are_as_a_forge_shows_them():
    table = Table("Title", ["set", "x"], [["head_and_neck, natural", 0.12345], ["other", None]])
    lines = readme.markdown([table]).splitlines()
    assert lines[:4] == ["**Title**", "", "| set | x |", "| --- | --- |"]
    assert lines[4:] == ["| head and neck, natural | 0.123 |", "| other | – |"]
