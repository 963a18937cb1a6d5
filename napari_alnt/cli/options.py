"""The options that several commands share, the settings above all."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Annotated, Any

from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes, arg

from napari_alnt.settings import HINTS, Settings


def _help(item: dataclasses.Field[Any]) -> str:
    # tyro shows the default by itself
    text = str(item.metadata["help"])
    low, high = item.metadata["low"], item.metadata["high"]
    return text if low is None else f"{text} [{low:g} … {high:g}]"


# Settings itself would complain about a value while tyro still parses, in a traceback
SettingsForm: Any = dataclasses.make_dataclass(
    "SettingsForm",
    [
        (item.name, Annotated[HINTS[item.name], arg(help=_help(item))], field(default=item.default))
        for item in dataclasses.fields(Settings)
    ],
    frozen=True,
)
"""The settings as tyro reads them: the same names, types and help texts, but not yet checked."""

Form = OmitArgPrefixes[SettingsForm]
"""``--epochs`` in place of ``--settings.epochs``."""
Flag = FlagCreatePairsOff[bool]
"""``--fresh`` without a ``--no-fresh``."""


def settings_of(form: Any) -> Settings:
    """The settings that were given on the command line.

    Raises
    ------
    AlntError
        If a value lies outside its range.
    """
    return Settings(**dataclasses.asdict(form))
