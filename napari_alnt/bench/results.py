"""The results file: a JSON object a line for each (set, noise, seed, part, configuration), added as it ends."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from napari_alnt.data import write_text
from napari_alnt.errors import AlntError

KEY = ("set", "noise", "seed", "part", "configuration")
Row = dict[str, Any]


class Results:
    """The rows that are there, and a way to add one; several threads may."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.rows: list[Row] = list(_read(text, path))
        if text and not text.endswith("\n"):
            self._rewrite()  # without the half line that an interrupted run has left

    def has(self, **key: Any) -> bool:
        """Whether a row with these values is there."""
        return any(all(row[name] == value for name, value in key.items()) for row in self.rows)

    def add(self, row: Row) -> None:
        """Add one row, in the file as well; a row of the same key is not written twice."""
        row = _rounded(row)
        with self._lock:
            if self.has(**{name: row[name] for name in KEY}):
                return
            self.rows.append(row)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    def drop(self, **key: Any) -> None:
        """Take the rows with these values out, of the file as well."""
        with self._lock:
            kept = [row for row in self.rows if not all(row[name] == value for name, value in key.items())]
            if len(kept) < len(self.rows):
                self.rows = kept
                self._rewrite()

    def where(self, **key: Any) -> list[Row]:
        """The rows with these values."""
        return [row for row in self.rows if all(row[name] == value for name, value in key.items())]

    def _rewrite(self) -> None:
        write_text(self.path, "".join(json.dumps(row) + "\n" for row in self.rows))


def _read(text: str, path: Path) -> Iterator[Row]:
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except ValueError as error:
            if number == len(lines):
                return  # the line that an interrupted run was writing
            raise AlntError(f"Line {number} of '{path}' is no row of results; mend or remove the file.") from error


def _rounded(value: Any) -> Any:
    """Four significant decimals are more than the seeds can carry; nan becomes null."""
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value
