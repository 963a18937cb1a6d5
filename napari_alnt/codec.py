"""Events and commands as one JSON object a line, for the engine's pipe and the project's table."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from napari_alnt import retired
from napari_alnt.errors import AlntError
from napari_alnt.events import NAN, Command, Event

_KINDS: dict[str, type] = {kind.__name__: kind for kind in (*get_args(Event), Command)}


def to_line(record: Event | Command) -> str:
    """One JSON object without a line break; nan becomes null, as JSON knows no nan."""
    return json.dumps(
        {"kind": type(record).__name__, **_plain(dataclasses.asdict(record))}, allow_nan=False
    )


def from_line(line: str) -> Any:
    """The record a line holds, also one that an earlier napari-alnt wrote under names retired
    since.

    Raises
    ------
    AlntError
        If the line is none of ours, as when something else prints into the pipe.
    """
    try:
        values = json.loads(line)
        name = values.pop("kind")
        return _record(_KINDS[retired.EVENTS.get(name, name)], values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AlntError(
            f"The engine said something that is no event: {line.strip()[:120]!r}."
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _record(kind: type, values: dict[str, Any]) -> Any:
    hints = _hints(kind)
    named = retired.present(values, retired.FIELDS.get(kind.__name__, {}))
    return kind(**{name: read_value(hints[name], value) for name, value in named.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def read_value(hint: Any, value: Any) -> Any:
    """A JSON value as a field of that type holds it."""
    if value is None:
        return NAN
    if get_origin(hint) is tuple:
        return tuple(read_value(get_args(hint)[0], part) for part in value)
    if get_origin(hint) is Mapping:
        return {name: read_value(get_args(hint)[1], part) for name, part in value.items()}
    if dataclasses.is_dataclass(hint):
        return _record(hint, value)  # type: ignore[arg-type]
    return value
