"""The commands that look after a project's records: verify, history, report, backup."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from napari_alnt.cli.options import Flag
from napari_alnt.cli.terminal import Terminal
from napari_alnt.data import LabelVersion, back_up, compare, take_up, verify
from napari_alnt.errors import AlntError
from napari_alnt.session import Session, write_report

HEADINGS = {"dice": "Dice with teacher", "source": "drawn on", "changed_ml": "changed ml"}


@dataclass(frozen=True)
class Verify:
    """Read and compare all files of a project and all that it was made from; changes nothing."""

    project: Positional[Path]
    """Project folder."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Print every file that is not as it was recorded; an error if there is one."""
        # without the lock, so that a project at work can be checked
        with terminal.opened(self.project, write=False) as session:
            found = verify(session.project)
            rows = [
                {"trouble": one.trouble, "case": one.case, "what": one.text, "file": str(one.file)}
                for one in found
            ]
            if not rows:
                cases = len(session.project.cases)
                terminal.say(f"All files of {cases} cases are as they were recorded.")
                return
            terminal.table("Not as it was recorded", "Finding", rows)
        files = "1 file is" if len(found) == 1 else f"{len(found)} files are"
        raise AlntError(
            f"{files} not as recorded; put back what is damaged or missing from a backup, and take"
            " what was changed on purpose with teach or a new project."
        )


@dataclass(frozen=True)
class History:
    """The accepted masks of a case: who, when, from what; compare two, or take an earlier one."""

    project: Positional[Path]
    """Project folder."""
    case: Positional[str]
    """Name of the case."""
    compare: tuple[str, str] | None = None
    """Two versions to compare by number; 'teacher' stands for the teacher's mask."""
    revert: int | None = None
    """Accept this version again, as a new one; those between are kept."""
    author: str = ""
    """Who takes it up again."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Print the versions, oldest first, after what was asked for."""
        with terminal.opened(self.project, write=self.revert is not None) as session:
            if self.revert is not None:
                version = take_up(session.project, self.case, self.revert, author=self.author)
                terminal.say(f"Version {self.revert} is accepted again, as {version.number}.")
            if self.compare is not None:
                found = compare(session.project, self.case, *self.compare)
                row = dataclasses.asdict(found)
                terminal.table("Comparison", "Comparison", [row], {"dice": "Dice"})
                return
            self._list(terminal, session)

    def _list(self, terminal: Terminal, session: Session) -> None:
        now = session.project.case(self.case).version
        rows = [_row(version, now) for version in session.project.labels.versions(self.case)]
        if not rows:
            terminal.say(f"No mask of case '{self.case}' was accepted yet.")
        terminal.table(f"Versions of '{self.case}'", "Version", rows, HEADINGS)


def _row(version: LabelVersion, now: int) -> dict[str, Any]:
    state = "reverted" if version.reverted else "now" if version.number == now else "earlier"
    return {
        "version": version.number,
        "state": state,
        "accepted": version.created,
        "author": version.author,
        "minutes": round(version.seconds / 60, 1),
        "source": version.source or version.parent,
        "model": version.model,
        "dice": version.dice,
    }


@dataclass(frozen=True)
class Report:
    """Write a page about a project for the browser: test curve, queue, runs and settings."""

    project: Positional[Path]
    """Project folder."""
    file: Positional[Path | None] = None
    """Where to write it, such as report.html; by default in the folder of the newest run."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Write the page, and say where it is."""
        file = self.file.expanduser() if self.file else None
        # a slip must not put a page in the place of an image
        if file is not None and file.suffix.lower() not in (".html", ".htm"):
            raise AlntError(
                f"'{file}' was not written, as the report is a web page; give a name that ends in"
                " .html."
            )
        # without the lock, so that a project at work in a window can be told of
        with terminal.opened(self.project, write=False) as session:
            path = write_report(session, file=file)
        terminal.fact(f"Report: {path}", "Report", {"file": str(path)})


@dataclass(frozen=True)
class Backup:
    """Copy a project into one ZIP file, also while a window works on it."""

    project: Positional[Path]
    """Project folder."""
    file: Positional[Path]
    """The new file."""
    json: Flag = False
    """Print JSON lines instead of text."""

    def __call__(self, terminal: Terminal) -> None:
        """Write the file, and count what is in it."""
        count = back_up(self.project, self.file)
        terminal.fact(
            f"{count} files of the project are in '{self.file}'; images stay where they are.",
            "BackedUp",
            {"file": str(self.file), "files": count},
        )
