"""What the documents say is so: tables are derived, links lead somewhere, commands and code run.

Run as a script, it writes the derived tables.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import get_type_hints

import pytest
import torch
import tyro
import yaml
from benchmark.__main__ import COMMANDS as STUDY_COMMANDS
from benchmark.readme import fill, marks
from conftest import SHAPE, ball
from core.test_own_loop import LOOP
from monai.networks.nets import UNet

from napari_alnt import __version__, cli
from napari_alnt.cli.main import COMMANDS, _parse
from napari_alnt.data import Grid, write_image, write_labels
from napari_alnt.ranking import NoiseEstimate
from napari_alnt.session import Session
from napari_alnt.settings import HINTS, Settings, choices

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TUTORIAL = ROOT / "images" / "README.md"
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
DOCUMENTS = [
    README,
    TUTORIAL,
    CONTRIBUTING,
    ROOT / ".github" / "CHANGELOG.md",
    ROOT / "tests" / "benchmark" / "README.md",
]
LONGEST = 260
"""Lines of the README."""
ESSENTIAL = (
    "window", "spacing", "ignore_label", "network", "patch", "epochs", "ranking", "device",
)  # fmt: skip
"""The settings that the README explains; the tutorial has all."""
TINY = "--patch 16 16 16 --epochs 1 --steps-per-epoch 2 --rank-every 0 --prefetch-cases 1"

in_documents = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


# derived tables -----------------------------------------------------------------------------------


def settings_table(names: Iterable[str]) -> str:
    """The settings of these names with their defaults, what is allowed, and their help."""
    fields = {item.name: item for item in dataclasses.fields(Settings)}
    rows = [_row(fields[name]) for name in names]
    return "\n".join(["| setting | default | allowed | |", "|---|---|---|---|", *rows]) + "\n"


def _row(item: dataclasses.Field[object]) -> str:
    low, high = item.metadata["low"], item.metadata["high"]
    limits = "" if low is None else f"{low:g} … {high:g}"
    allowed = ", ".join(map(str, choices(HINTS[item.name]))) or limits
    default = " ".join(map(str, item.default)) if isinstance(item.default, tuple) else item.default
    return f"| `{item.name}` | {default} | {allowed} | {item.metadata['help']} |"


def keys() -> str:
    """The keys of the window."""
    from napari_alnt.widgets.actions import keys_table

    return keys_table()


DERIVED: dict[tuple[Path, str], Callable[[], str]] = {
    (README, "settings"): lambda: settings_table(ESSENTIAL),
    (TUTORIAL, "keys"): keys,
    (TUTORIAL, "all settings"): lambda: settings_table(
        item.name for item in dataclasses.fields(Settings)
    ),
}
"""What makes the text of a block of a document."""


@pytest.mark.parametrize(("document", "name"), DERIVED, ids=lambda one: getattr(one, "name", one))
def test_settings_table_is_the_settings(document, name):
    found = marks(name).search(document.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(2) == DERIVED[document, name](), "run: python tests/test_readme.py"


def write() -> None:
    """Write every derived block anew."""
    for (document, name), make in DERIVED.items():
        text = document.read_text(encoding="utf-8")
        document.write_text(fill(text, name, make()), encoding="utf-8")


# what is in the documents -------------------------------------------------------------------------


def blocks(document: Path, language: str) -> list[str]:
    """The fenced blocks of one language, without the indent of the list that they stand in."""
    text = document.read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


def spans(document: Path) -> list[str]:
    """The code inside sentences."""
    text = re.sub(r"^ *```.*?^ *```", "", document.read_text("utf-8"), flags=re.DOTALL | re.M)
    return re.findall(r"`([^`\n]+)`", text)


def calls(document: Path, *program: str) -> Iterator[list[str]]:
    """The words after the name of a program, of every line that calls it."""
    lines = [line for block in blocks(document, "bash") for line in block.splitlines()]
    for line in [*lines, *spans(document)]:
        for part in re.split(r"&&|\|", line):
            words = shlex.split(part, comments=True) if program[0] in part else []
            for at in range(len(words) - len(program)):
                if words[at : at + len(program)] == list(program):
                    yield words[at + len(program) :]


def slugs(document: Path) -> set[str]:
    """The anchors of a document's headings, as a forge makes them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


# the README ---------------------------------------------------------------------------------------


def test_the_readme_stays_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_the_two_commands_and_the_libraries_are_where_they_are_looked_for():
    found = blocks(README, "bash")
    assert 'pip install ".[all]" && napari-alnt demo\n' in found
    assert 'pip install -e ".[test]" && pytest\n' in found
    starts = [line for line in README.read_text("utf-8").splitlines() if "apt-get install" in line]
    assert len(starts) == 1
    assert starts[0].startswith("sudo apt-get install -y xvfb ")


def test_the_noise_estimate_speaks_as_the_readme_says():
    sentence = str(NoiseEstimate(0.24, 0.15, 0.35, reviewed=12, pool=40))
    assert sentence in " ".join(README.read_text(encoding="utf-8").split())


def test_the_five_steps_run_as_they_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for folder in ("ct", "gold", "auto"):
        (tmp_path / folder).mkdir()
    for number in range(1, 9):
        image, labels = ball(number)
        grid, name = Grid.new(SHAPE, (3.0, 2.5, 2.0), axes="RAS"), f"case_{number:03d}.nii.gz"
        write_image(tmp_path / "ct" / name, image, grid)
        write_labels(tmp_path / "auto" / name, labels, grid)
        if number <= 4:
            write_labels(tmp_path / "gold" / name, labels, grid)
        if name == "case_007.nii.gz":
            write_labels(tmp_path / "corrected.nii.gz", labels, grid)
    section = README.read_text(encoding="utf-8").split("\n## Five steps")[1].split("\n## ")[0]
    (tmp_path / "steps.md").write_text(section, encoding="utf-8")
    steps = [words for words in calls(tmp_path / "steps.md", "napari-alnt") if len(words) > 1]
    done = []
    for words in steps:
        if words[0] == "teach":  # for those without a teacher, see tests/cli
            continue
        tiny = shlex.split(TINY) if words[0] == "new" else []
        assert cli.main([*words, *tiny]) == 0, capsys.readouterr().err
        done.append(words[0])
    assert done == ["new", "train", "rank", "accept", "status", "report"]
    with Session.open("lungs", write=False) as session:
        assert session.project.case("case_007").status == "accepted"
        assert len(session.test_results()) > 0


# every document -----------------------------------------------------------------------------------


@in_documents
def test_every_link_leads_somewhere(document):
    targets = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    for target in targets:
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.is_relative_to(ROOT), target
        assert there.exists(), target
        assert not anchor or anchor in slugs(there), target


@in_documents
def test_every_command_named_in_the_readme_exists(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gone = {"bench"} if document.name == "CHANGELOG.md" else set()
    named = [words for words in calls(document, "napari-alnt") if not words[0].startswith("-")]
    assert named or document != README
    for name, *words in named:
        assert name in COMMANDS.keys() | gone
        if name not in gone:
            required = {"demo": [], "accept": ["P", "case", "mask.nii"]}.get(name, ["P"])
            assert understood(partial(_parse, name, words or required)), (name, *words)
    for words in calls(document, "python", "tests/benchmark"):
        study = partial(tyro.extras.subcommand_cli_from_dict, STUDY_COMMANDS, prog="study")
        assert understood(partial(study, args=[word for word in words if word != "…"])), words


def understood(parse: Callable[[], object]) -> bool:
    """Whether a command line is parsed, or answered by its help."""
    try:
        parse()
    except SystemExit as stop:
        return stop.code == 0
    return True


def option_names(kind: type) -> Iterator[str]:
    """The fields of a command, and of the groups of options in it."""
    types = get_type_hints(kind)
    for item in dataclasses.fields(kind):
        yield item.name
        if dataclasses.is_dataclass(types[item.name]):
            yield from option_names(types[item.name])


@in_documents
def test_every_option_in_a_sentence_is_one(document):
    fields = [item for kind in COMMANDS.values() for item in dataclasses.fields(kind)]
    names = {item.name for item in (*fields, *dataclasses.fields(Settings))} | {"help", "version"}
    for kind in STUDY_COMMANDS.values():
        names |= set(option_names(kind))
    known = {"--" + name.replace("_", "-") for name in names}
    for span in spans(document):
        if span.startswith("--") and document.name != "CHANGELOG.md":
            words = shlex.split(span)
            assert {word for word in words if word.startswith("--")} <= known, span
            if words[0][2:].replace("-", "_") in HINTS and len(words) > 1:
                _parse("train", ["P", *words])


@in_documents
def test_python_compiles_and_what_it_imports_is_there(document):
    for code in blocks(document, "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    importlib.import_module(alias.name)
            if isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), code


def test_what_contributing_names_is_there():
    named = [span for span in spans(CONTRIBUTING) if re.fullmatch(r"[\w./]+", span)]
    paths = [span for span in named if "/" in span]
    dotted = [span for span in named if "/" not in span and _in_a_room(span)]
    assert paths
    assert dotted
    for span in paths:
        assert any((ROOT / start / span).exists() for start in (".", "napari_alnt")), span
    for span in dotted:
        pkgutil.resolve_name(f"napari_alnt.{span}")


def _in_a_room(span: str) -> bool:
    first, dot, rest = span.partition(".")
    here = ROOT / "napari_alnt" / first
    return (
        bool(dot)
        and rest not in ("py", "json")
        and (here.is_dir() or here.with_suffix(".py").exists())
    )


def test_the_training_loop_is_the_one_that_is_tested():
    assert LOOP in blocks(README, "python")


def test_masks_are_ranked_by_a_network_of_ones_own():
    (code,) = [code for code in blocks(README, "python") if "import rank" in code]
    image, labels = map(torch.as_tensor, ball(0))
    image = image / 1e3
    names = {"net": UNet(3, 1, 2, (4, 8), (2,)), "experts": {"e": (image, labels)}}
    names["cases"] = {"right": (image, labels), "wrong": (image, labels.roll(7, 2))}
    exec(code, names)
    assert names["worst"].case in {"right", "wrong"}
    assert 0 <= names["worst"].trust <= 1


# what a forge reads -------------------------------------------------------------------------------


def test_the_workflow_covers_what_setup_cfg_promises():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    promised = re.findall(r"Python :: (3\.\d+)", (ROOT / "setup.cfg").read_text(encoding="utf-8"))
    assert matrix["python"] == promised
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "windows", "macos"}
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for step in workflow["jobs"]["check"]["steps"]:
        if (command := step.get("run")) and not command.startswith("pip"):
            assert command in gate, f"{command} is not in .ci/run"


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_an_issue_form_asks_for_something(name):
    form = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{name}.yml").read_text("utf-8"))
    assert {"name", "description", "body"} <= set(form)
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert any(field.get("validations", {}).get("required") for field in asked)
    assert len({field["id"] for field in asked}) == len(asked)


def test_the_citation_is_the_papers_and_of_this_version():
    cited = yaml.safe_load((ROOT / ".github" / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == __version__
    paper = cited["preferred-citation"]
    text = " ".join(README.read_text(encoding="utf-8").replace("\n> ", " ").split())
    assert paper["title"] in text
    assert paper["doi"] in text
    for author in paper["authors"]:
        assert f"{author['family-names']} {author['given-names'].replace('. ', '')[:-1]}" in text


if __name__ == "__main__":
    write()
