"""Finds the command and its options, runs it, and turns what happens into an exit code: 0 well, 1 a
problem to fix, 2 no such command, 3 the engine failed.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tyro

from napari_alnt import __version__, retired
from napari_alnt.cli.commands import Accept, Predict, Rank, Status, Teach, Train
from napari_alnt.cli.demo import Demo
from napari_alnt.cli.new import New
from napari_alnt.cli.options import SettingsForm
from napari_alnt.cli.records import Backup, History, Report, Verify
from napari_alnt.cli.terminal import RunFailed, Terminal
from napari_alnt.data import Project, is_project
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings

COMMANDS: dict[str, Callable[..., Any]] = {
    "demo": Demo,
    "new": New,
    "teach": Teach,
    "train": Train,
    "rank": Rank,
    "predict": Predict,
    "accept": Accept,
    "status": Status,
    "history": History,
    "report": Report,
    "verify": Verify,
    "backup": Backup,
}
HELP = ("-h", "--help")
NAMES = "--"
"""What comes after it are names, also those that begin with a dash."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in COMMANDS:
        return _explain(words)
    # looked up before the words are parsed, as what is wrong with them is told in JSON, too
    terminal = Terminal(json="--json" in _options(words))
    try:
        command = _parse(words[0], words[1:])
        command(terminal)
    except AlntError as error:
        code = 3 if isinstance(error, RunFailed) else 1
        terminal.error(str(error), code)
        return code
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as shells have it
    except BrokenPipeError:
        return 0  # whoever reads, such as head, has all that was wanted
    return 0


def _parse(name: str, words: list[str]) -> Any:
    kind = COMMANDS[name]
    # unknown words come back, as tyro's own complaint about them is not one sentence
    prog = f"napari-alnt {name}"
    # a name that begins with a dash would be missed as a name, which tyro tells at length
    for word in _options(words):
        if re.match(r"-+[^\d.]", word) and _key(word) not in (*_known(kind), *map(_key, HELP)):
            raise AlntError(_unknown(prog, word, kind))
    command, rest = tyro.cli(
        kind, prog=prog, args=words, default=_default(kind, words), return_unknown_args=True
    )
    if rest:
        raise AlntError(_unknown(prog, rest[0], kind))
    return command


def _default(kind: Any, words: list[str]) -> Any:
    """The project's own settings as the defaults of a command that has settings; None for others.

    The words are parsed a first time for the project's sake: only then is it known which of them is
    an option's value and which is the project.
    """
    if kind not in (Teach, Train):
        return None
    nowhere = Path()  # keeps a missing project from being an error, which the second time tells
    asked = [word for word in words if word not in HELP]
    first, _ = tyro.cli(kind, args=asked, default=kind(nowhere), return_unknown_args=True)
    folder = first.project.expanduser()
    if first.project is nowhere or not is_project(folder):
        return None
    with Project.open(folder, write=False) as project:
        return kind(first.project, settings=SettingsForm(**project.settings.to_dict()))


def _options(words: list[str]) -> list[str]:
    """The words that may be options."""
    return words[: words.index(NAMES)] if NAMES in words else words


def _key(word: str) -> str:
    """An option as its setting is called."""
    return word.lstrip("-").split("=")[0].replace("-", "_")


def _known(kind: Any) -> list[str]:
    return [item.name for item in (*dataclasses.fields(kind), *dataclasses.fields(Settings))]


def _unknown(prog: str, word: str, kind: Any) -> str:
    if not word.startswith("-") and os.path.exists(word):
        return (
            f"{prog} has no use for '{word}'; put a pattern such as 'ct/*.nii.gz' into quotes, or"
            " the shell makes many words of it."
        )
    former = retired.SETTINGS.get(_key(word))
    near = [former] if former else difflib.get_close_matches(_key(word), _known(kind), n=1)
    if near:
        return f"{prog} knows no '{word}'; did you mean '--{near[0].replace('_', '-')}'?"
    dash = f", and write a name that begins with a dash after {NAMES}" if word[0] == "-" else ""
    return f"{prog} knows no '{word}'; see {prog} --help{dash}."


def _explain(words: list[str]) -> int:
    """The version, or the list of commands; an error if a command was meant."""
    if words == ["--version"]:
        sys.stdout.write(f"napari-alnt {__version__}\n")
        return 0
    asked = not words or words[0] in (*HELP, "help")
    first = "napari-alnt COMMAND …   (napari-alnt COMMAND --help tells more)\n"
    if not asked:
        first = f"napari-alnt knows no command '{words[0]}'; the commands are:"
    lines = [
        f"  {name:<8} {' '.join((kind.__doc__ or '').split())}" for name, kind in COMMANDS.items()
    ]
    out = sys.stdout if asked else sys.stderr
    out.write("\n".join([first, *lines]) + "\n")
    return 0 if asked else 2
