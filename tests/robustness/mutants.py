"""Mutants of the data room are found by its tests.

A mutant is a textual change of one line in a copy of the package; the tests that should find it run
against the copy. Attempts beyond the number of mutants begin anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from robustness.result import Result, Tally
from robustness.work import folder

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("survived", "text not found", "not run")
FOUND, PASSED = 1, 0
"""Exit codes of pytest; all others say that the tests could not be run."""


@dataclass(frozen=True)
class Mutant:
    """A change of the package.

    Attributes
    ----------
    file : of the data room
    old : text that is there once
    new : what takes its place
    tests : modules of the data room whose tests should find it
    """

    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def _nibabel(old: str, new: str, *tests: str) -> Mutant:
    names = tests or ("nibabel_files", "formats", "values")
    return Mutant("images/nibabel_files", old, new, tuple(f"images/{name}" for name in names))


def _header(old: str, new: str) -> Mutant:
    return Mutant("images/nifti_header", old, new, ("images/nifti_header", "images/volume"))


def _volume(old: str, new: str) -> Mutant:
    return Mutant("images/volume", old, new, ("images/volume", "images/limits"))


MUTANTS = {
    "no flush of the file": Mutant(
        "atomic", "        _flush(temporary)\n        if replace", "        if replace", ("atomic",)
    ),
    "no flush of the folder": Mutant(
        "atomic", "        _flush_folder(path.parent)\n    except", "    except", ("atomic",)
    ),
    "no flush of a new folder": Mutant(
        "atomic", "            _flush_folder(folder.parent)\n", "            pass\n", ("atomic",)
    ),
    "no flush of what is appended": Mutant(
        "atomic", "            os.fsync(self._handle)\n            self._size = None\n",
        "            self._size = None\n", ("atomic",),
    ),
    "table not flushed": Mutant("table", "synchronous = EXTRA", "synchronous = OFF", ("table",)),
    "table flushed at times": Mutant(
        "table", "synchronous = EXTRA", "synchronous = NORMAL", ("table",)
    ),
    "mapped into memory": _nibabel("nib.load(path, mmap=False)", "nib.load(path, mmap=True)"),
    "flat axes taken": _nibabel(" <= 1e-4\n", " <= -1\n"),
    "any last row taken": _nibabel("np.array_equal(affine[3], (0, 0, 0, 1))", "True"),
    "any tail taken": _nibabel("> TAIL:", "> 2**62:"),
    "claims believed": _nibabel("    require_modest_claims(path)\n", "", "claims"),
    "size not compared": _nibabel("    if needed > held:", "    if needed > 2**62:", "limits",
                                  "nibabel_files", "formats", "volume"),
    "memory not compared": _nibabel(
        "    require_memory(path, needed + scaled)\n", "", "limits"
    ),
    "other units taken": _nibabel("    require_millimetres(path, image.header)\n", "",
                                  "nifti_header"),
    "overflow not seen": _nibabel('over="raise"', 'over="ignore"'),
    "any value taken": Mutant(
        "images/limits", "abs(worst) > VALUE", "False", ("images/limits", "images/values")
    ),
    "text kept": _header(
        "header = kind(endianness=source.endianness if known else None)",
        "header = source.copy() if known else kind()",
    ),
    "stored as floats": _header("set_data_dtype(dtype)", "set_data_dtype(np.float32)"),
    "intent kept": _header("in GEOMETRY:", 'in (*GEOMETRY, "intent_name"):'),
    "quaternion lost": _header('"quatern_d", ', ""),
    "units lost": _header(', "xyzt_units"', ""),
    "NIfTI-2 lost": _header("kind = nib.Nifti2Header if large", "kind = nib.Nifti1Header if large"),
    "order of bytes lost": _header("source.endianness if known else None", "None"),
    "any place taken": _volume("    require_place(path, disk.shape, disk.affine)\n", ""),
    "another grid taken": _volume("if difference := grid.difference(like):", "if False:"),
    "half a voxel off taken": _volume("TOLERANCE = 0.1", "TOLERANCE = 0.6"),
    "saved on other axes": _volume("apply_orientation(voxels.T, back)", "voxels.T"),
    "flipped twice": _volume("(orientation[::-1, 1] < 0)", "(orientation[::-1, 1] > 0)"),
    "rounded far": Mutant("images/values", "ROUNDING = 1e-3", "ROUNDING = 0.4", ("images/values",)),
    "negative labels taken": Mutant(
        "images/values", "low < 0 or high", "high", ("images/values", "images/volume")
    ),
    "large labels wrapped": Mutant(
        "images/values", "np.uint16 if high < 2**16", "np.uint16 if high < 2**31",
        ("images/values", "images/volume"),
    ),
}  # fmt: skip
"""All mutants by name."""


def run(count: int, seed: int, first: int = 0) -> Result:
    """Try the mutants ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    names = list(MUTANTS)
    for index in range(first, first + count):
        tally.tried()
        name = names[index % len(names)]
        mutant = MUTANTS[name]
        with folder() as work:
            _copy(work)
            path = work / "napari_alnt" / "data" / f"{mutant.file}.py"
            text = path.read_text(encoding="utf-8")
            if text.count(mutant.old) != 1:
                tally.fail("text not found", index, f"{name}: {text.count(mutant.old)} times")
                continue
            if _unmutated(mutant.tests) != PASSED:
                tally.fail("not run", index, f"{name}: the tests fail without it")
                continue
            path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
            code = _test(work, mutant.tests)
        if code == FOUND:
            tally.count("found")
        else:
            tally.fail("survived" if code == PASSED else "not run", index, f"{name}: {code}")
    return tally.result()


@cache
def _unmutated(tests: tuple[str, ...]) -> int:
    """What the same tests say of the package as it is."""
    with folder() as work:
        _copy(work)
        return _test(work, tests)


def _copy(work: Path) -> None:
    for name in ("napari_alnt", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "results", "projects")
        shutil.copytree(ROOT / name, work / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.cfg", "README.md"):
        shutil.copy(ROOT / name, work / name)


def test_file(root: Path, name: str) -> Path:
    """The file of tests of a module of the data room."""
    module = Path(name)
    return root / "tests" / "data" / module.with_name(f"test_{module.name}.py")


def _test(work: Path, tests: tuple[str, ...]) -> int:
    """Run tests in a copy, up to the first that fails; pytest's exit code."""
    files = [str(test_file(Path(), name)) for name in tests]
    options = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider"]
    # a program that is started here finds the copy first
    environment = {**os.environ, "PYTHONPATH": str(work), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *options, *files]
    return subprocess.run(command, cwd=work, env=environment, capture_output=True).returncode
