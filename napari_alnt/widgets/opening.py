"""Opening a project, and reading what its window shows of its table, away from the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pint import Unit

from napari_alnt.data.flags import read_flags
from napari_alnt.data.said_once import unsaid
from napari_alnt.errors import ProjectLocked, ReadOnly
from napari_alnt.session import Session
from napari_alnt.session.progress import Overview
from napari_alnt.settings import Settings
from napari_alnt.widgets.redraw import Part

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Opened:
    """An open project with all that its window shows at first.

    Attributes
    ----------
    session : the project at work
    settings, labels : the project's settings, and the names of its label values
    notices : what the user should know of it, a sentence each
    first : what is read anew whenever it changes, as it is now
    """

    session: Session
    settings: Settings
    labels: Mapping[int, str]
    notices: tuple[str, ...]
    first: Mapping[Part, Any]


def open_session(folder: Path) -> Opened:
    """Open a project folder; read-only if another window writes to it, or if nobody can.

    Raises
    ------
    AlntError
        If it is no project, or its table cannot be read.
    """
    _read_units()
    notices: tuple[str, ...] = ()
    try:
        session = Session.open(folder)
    except (ProjectLocked, ReadOnly) as error:
        session = Session.open(folder, write=False)
        # the error asks for what has been done here
        what = str(error).rpartition(";")[0] if isinstance(error, ProjectLocked) else ""
        notices = (f"{what}, so it is open read-only here." if what else str(error),)
    try:
        project = session.project
        settings = project.settings
        # an error that has been said need not be said a second time
        said = unsaid(folder, project.notices)
        notices += tuple(notice for notice in said if notice not in notices)
        read = readers(session, lambda: settings.ranking)
        del read[Part.NOISE]  # it may read masks, and can be seen later than the rest
        first = {part: look() for part, look in read.items()}
        return Opened(session, settings, project.label_names, notices, first)
    except BaseException:
        session.close(discard=True)
        raise


def _read_units() -> None:
    """Have the table of units read, as the scale bar else has the window wait for it."""
    Unit("millimeter")


def readers(session: Session, ranking: Callable[[], str]) -> dict[Part, Callable[[], Any]]:
    """How the parts of the window that show something of the table are read; each may wait long."""
    return {
        Part.QUEUE: lambda: session.queue(ranking()),
        Part.HEADER: lambda: Overview.of(session.project),
        Part.NOISE: lambda: str(session.noise_estimate() or ""),
        Part.STUDENT: lambda: session.last_student() is not None,
        Part.FLAGS: lambda: read_flags(session.project),
    }
