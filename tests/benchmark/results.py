"""The results file: a JSON object a line for each (dataset, noise, seed, part, configuration)."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from napari_alnt.data import write_text
from napari_alnt.errors import AlntError

KEY = ("dataset", "noise", "seed", "part", "configuration")
Row = dict[str, Any]


class Results:
    """The rows of a file, and ways to add, drop and choose some; several threads may add.

    Raises
    ------
    AlntError
        If a line, other than a last one that was cut short, is no JSON object.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()  # trials run side by side and share the file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.rows: list[Row] = list(_read(text, path))
        if text and not text.endswith("\n"):
            self._rewrite()  # without the half line that an interrupted run has left

    def where(self, **key: Any) -> list[Row]:
        """The rows with these values."""
        return [row for row in self.rows if _matches(row, key)]

    def has(self, **key: Any) -> bool:
        """Whether a row with these values is there."""
        return any(_matches(row, key) for row in self.rows)

    def add(self, row: Row) -> None:
        """Add one row, in the file as well; a row of the same key is not written twice."""
        # as the file will have it, so that a row looks the same before and after a restart
        row = rounded(row)
        with self._lock:
            if self.has(**{name: row[name] for name in KEY}):
                return
            self.rows.append(row)
            append(self.path, [row])

    def drop(self, **key: Any) -> None:
        """Remove the rows with these values, from the file as well."""
        with self._lock:
            kept = [row for row in self.rows if not _matches(row, key)]
            if len(kept) < len(self.rows):
                self.rows = kept
                self._rewrite()

    def _rewrite(self) -> None:
        write_text(self.path, "".join(json.dumps(row) + "\n" for row in self.rows))


def append(path: Path, rows: list[Row]) -> None:
    """Add rows to the end of a file of JSON lines, which is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def rounded(value: Any, digits: int = 4) -> Any:
    """Numbers to so many decimals, more than the seeds can carry; nan becomes null."""
    if isinstance(value, dict):
        return {name: rounded(part, digits) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(part, digits) for part in value]
    if isinstance(value, float):
        return round(value, digits) if math.isfinite(value) else None
    return value


def _matches(row: Row, key: Row) -> bool:
    return all(row[name] == value for name, value in key.items())


def _read(text: str, path: Path) -> Iterator[Row]:
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except ValueError as error:
            if number == len(lines):
                return  # the line that an interrupted run was writing
            raise AlntError(
                f"Line {number} of '{path}' is no row of results; correct or remove the line."
            ) from error
