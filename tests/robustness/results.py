"""The files ``results/NAME.json``: one run each, with where and when it was made."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_alnt.data import write_text
from napari_alnt.data.atomic import make_folder
from robustness.result import Result

FOLDER = Path(__file__).resolve().parent / "results"
LIBRARIES = ("numpy", "scipy", "nibabel", "SimpleITK", "torch", "napari-alnt")


def machine() -> dict[str, Any]:
    """What the counts may depend on; no name of a host or a folder."""
    versions = {name: version(name) for name in LIBRARIES}
    python = platform.python_version()
    return {"system": platform.system(), "cpus": os.cpu_count(), "python": python, **versions}


def write(path: Path, name: str, count: int, seed: int, result: Result) -> None:
    """Write a run's counts, done or on the way; ``count`` is what was asked for."""
    row = {
        "harness": name,
        "count": count,
        "seed": seed,
        **asdict(result),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
    }
    make_folder(path.parent)
    write_text(path, json.dumps(row, indent=2) + "\n")


def read(path: Path) -> dict[str, Any]:
    """The row of a run."""
    row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return row
