"""Names that were once written to files, and what they are called now. Read from, never written.

A name that is renamed or taken away anywhere in the vocabulary gets its line here, so that every
project ever made can be opened. Command lines and scripts use the present names only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SETTINGS: dict[str, str] = {}
"""Settings, by their former names."""
CHOICES: dict[str, dict[str, str]] = {}
"""Of a setting (by its present name), choices by their former names."""
EVENTS: dict[str, str] = {}
"""Kinds of event, by their former names."""
FIELDS: dict[str, dict[str, str]] = {}
"""Of a record (by its present name), fields by their former names."""


def present(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same values under the names of today."""
    return {names.get(name, name): value for name, value in values.items()}
