"""The command line as its users meet it, and what a test can see of what it did."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from napari_alnt.cli import main


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def json_lines(text: str) -> list[dict[str, Any]]:
    """Every line of an output, each of which must be a JSON object."""
    return [json.loads(line) for line in text.splitlines()]


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file of a project with its content, and every row of its table, but for the lock and
    its owner.
    """
    files = (
        path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("alnt.")
    )
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    table = sqlite3.connect(f"file:{folder / 'alnt.sqlite'}?mode=ro", uri=True)
    rows = "\n".join(line for line in table.iterdump() if "'owner'" not in line)
    table.close()
    return found | {"alnt.sqlite": rows}


def one_sentence(said: str) -> bool:
    return (
        "\n" not in said
        and said.endswith(".")
        and "Traceback" not in said
        and ". " not in said.rstrip(".")
    )


def save(
    path: Path,
    like: Path,
    change: Callable[[np.ndarray], np.ndarray],
    affine: np.ndarray | None = None,
) -> Path:
    image = nib.load(like)
    changed = change(np.asanyarray(image.dataobj))
    nib.save(nib.Nifti1Image(changed, image.affine if affine is None else affine), path)
    return path
