"""The doors between the rooms open one way, and what keeps the code readable is kept."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from napari_alnt import retired

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "napari_alnt"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py"))
FILE, CLASS, FUNCTION = 350, 200, 60
"""Most lines of a file, of a class and of a function."""


def test_imports_go_one_way():
    assert lint_imports() == 0


def test_session_and_command_line_load_neither_torch_nor_qt():
    probe = (
        "import sys, napari_alnt.session, napari_alnt.cli;"
        "print([name for name in ('torch', 'monai', 'napari', 'qtpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_too_long_to_read(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            assert node.end_lineno - node.lineno < CLASS, node.name
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < FUNCTION, node.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_has_a_test_module(path):
    text = path.read_text(encoding="utf-8")
    if path.name.startswith("__") or "def " not in text:
        return
    name = f"test_{path.stem.lstrip('_')}.py"
    folder = ROOT / "tests" / path.parent.relative_to(PACKAGE)
    assert (folder / name).exists(), f"write {folder.relative_to(ROOT) / name}"


def test_every_public_name_of_a_room_is_used_outside_it():
    texts = {path: path.read_text(encoding="utf-8") for path in (*SOURCES, *_test_files())}
    for room in ("core", "correction", "data", "ranking", "session", "simulation", "widgets"):
        inside = PACKAGE / room
        others = [text for path, text in texts.items() if inside not in path.parents]
        unused = [name for name in _exported(inside) if not any(name in text for text in others)]
        assert not unused, f"napari_alnt.{room} exports {unused}, which nobody uses"


def _test_files() -> list[Path]:
    return [*sorted((ROOT / "tests").rglob("*.py")), ROOT / "README.md"]


def _exported(room: Path) -> list[str]:
    tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    raise AssertionError(f"{room} has no __all__")


ORDINARY = {
    "audit", "drawn", "foreground", "label", "marked", "path", "position", "prepare",
    "reference", "seed", "shared", "standing", "trust", "unknown",
}  # fmt: skip
"""Retired names that are words of their own, and may stand for something else."""


def _retired_names() -> set[str]:
    """Every former name in the alias table."""
    found: set[str] = set()
    for table in (getattr(retired, name) for name in dir(retired) if name.isupper()):
        for former, present in table.items() if isinstance(table, dict) else ():
            found |= set(present) if isinstance(present, dict) else {former}
    return found - ORDINARY


def test_retired_names_stand_in_the_alias_table_alone():
    names = _retired_names()
    assert {"at_once", "similarity", "Validated", "set_aside", "look_due"} <= names
    for path in SOURCES:
        if path.name != "retired.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            used = {name for node in ast.walk(tree) for name in _names(node)}
            assert not names & used, path


def _names(node: ast.AST) -> list[str]:
    """The names and words that a node brings in."""
    found = [getattr(node, name, None) for name in ("id", "attr", "arg", "name")]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        found.append(node.value)
    return [name for name in found if isinstance(name, str)]
