"""Events and commands as one JSON object a line, for the engine's pipe and the project's table."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

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
    except (
        *(ValueError, KeyError, TypeError, AttributeError),
        *(OverflowError, RecursionError),  # a number or a nesting that none of ours has
    ) as error:
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
    """A JSON value as a field of that type holds it; null is nan.

    Raises
    ------
    TypeError, ValueError or OverflowError
        If it is of another type, or cannot be stored.
    """
    if get_origin(hint) is tuple:
        return tuple(read_value(get_args(hint)[0], part) for part in _of_type(list, value))
    if get_origin(hint) is Mapping:
        parts = _of_type(dict, value).items()
        return {_text(name): read_value(get_args(hint)[1], part) for name, part in parts}
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{value!r} is none of {get_args(hint)}")
        return value
    if dataclasses.is_dataclass(hint):
        return _record(hint, _of_type(dict, value))  # type: ignore[arg-type]
    return _plain_value(hint, value)


def _plain_value(hint: Any, value: Any) -> Any:
    if hint is float:
        return NAN if value is None else _number((int, float), value)
    if hint is int:
        return _number(int, value)
    return _text(value) if hint is str else _of_type(hint, value)


def _of_type(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r:.100} is no {kind}")
    return value


def _number(kind: Any, value: Any) -> Any:
    # to Python true is a 1
    if isinstance(value, bool):
        raise TypeError(f"{value} is no number")
    if isinstance(value, int) and abs(value) >= 2**63:
        raise OverflowError(f"{value!r:.100} is too large for the table")
    return _of_type(kind, value)


def _text(value: Any) -> str:
    # half a character of two cannot be stored, nor shown
    _of_type(str, value).encode()
    return str(value)
