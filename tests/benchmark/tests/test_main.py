"""The commands run from a checkout, print tables or JSON, and name what they do not know."""

import json
import subprocess
import sys

import pytest
from benchmark import speed
from benchmark.__main__ import COMMANDS, main
from benchmark.readme import HERE
from benchmark.results import Results
from benchmark.tests.examples import row


@pytest.fixture
def out(tmp_path):
    results = Results(tmp_path / "out" / "results.jsonl")
    for name, value in (("alnt", 0.9), ("random", 0.5)):
        measures = ("auroc", "like size", "precision@10", "rho dice", "rho ml", "rho cm2")
        values = {**dict.fromkeys(measures, value), "along": [0.5, value], "seconds": 36.0}
        results.add(row("detection", name, **values))
    return results.path.parent


def test_tables_and_a_figure_of_rows_that_are_there(out, tmp_path, capsys):
    figure = tmp_path / "figure.svg"
    assert main(["loop", "--tables", "--out", str(out), "--figure", str(figure)]) == 0
    assert "Finding wrong masks" in figure.read_text()
    printed = capsys.readouterr().out
    assert printed.index("alnt") < printed.index("random")
    assert "0.900" in printed
    assert "0.02 core hours" in printed


def test_rows_of_a_file_as_json(out, tmp_path, capsys):
    rows = out / "results.jsonl"
    assert main(["loop", "--tables", "--rows", str(rows), "--out", str(tmp_path), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    title = "Finding wrong masks: AUROC, mean over seeds"
    values = {"ranking": "alnt", "a, planted (1)": 0.9, "mean": 0.9}
    assert lines[0] == {"kind": "TableRow", "table": title, **values}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--datasets", "moon"], "no dataset 'moon'"),
        (["--methods", "GUESS"], "no method 'GUESS'"),
        (["--strategies", "best"], "no strategy 'best'"),
        (["--parts", "find"], "no part 'find'"),
        (["--datasets", "sarcoma"], "are not in"),
    ],
)
def test_what_is_not_known_is_named(words, said, tmp_path, capsys):
    folders = ["--data", str(tmp_path), "--out", str(tmp_path)]
    assert main(["loop", *words, *folders]) == 1
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_cost_is_printed_and_its_rows_are_kept(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(speed, "ranking", lambda _: iter([{"way": "a", "seconds": 2.0}]))
    file = tmp_path / "speed.jsonl"
    assert main(["ranking", "--size", "16", "--out", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"kind": "Ranking", "way": "a", "seconds": 2.0}
    kept = json.loads(file.read_text())
    assert (kept["what"], kept["network"], kept["size"], kept["way"]) == (
        "ranking",
        "unet",
        16,
        "a",
    )


def test_what_cannot_be_measured_is_said_in_json_too(capsys):
    assert main(["step", "--network", "unet_small", "--size", "15", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["kind"] == "Error"
    assert "multiples of 8" in said["message"]


def test_an_unknown_command_ends_with_2():
    with pytest.raises(SystemExit) as end:
        main(["rank"])
    assert end.value.code == 2


def test_the_folder_can_be_run_from_a_checkout():
    done = subprocess.run(
        [sys.executable, str(HERE), "--help"], capture_output=True, text=True, check=True
    )
    assert all(name in done.stdout for name in COMMANDS)
