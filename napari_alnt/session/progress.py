"""How far the human's work on a project is, and how long the rest of it will take."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from napari_alnt.data import Case, Project, Role
from napari_alnt.data.time_spent import time_spent
from napari_alnt.events import NAN
from napari_alnt.session.queue import ExpertRow, expert_rows
from napari_alnt.settings import Settings

ENOUGH = 2
"""Cases that have to be done before anything is said of the others."""


@dataclass(frozen=True)
class WorkProgress:
    """How many cases of the pool have been decided, and how long that took.

    Attributes
    ----------
    done, total : accepted cases, and all that were in the pool at first
    skipped : cases that were put off; no time is reckoned with for them
    each : seconds that a case takes, the median over those done by a human; nan while fewer than
        ``ENOUGH`` are known
    spent : seconds of human work in all, also on cases that are not done
    """

    done: int
    total: int
    skipped: int = 0
    each: float = NAN
    spent: float = 0.0

    @classmethod
    def of(cls, cases: Iterable[Case], seconds: Mapping[str, float]) -> WorkProgress:
        """The progress on some cases, with the seconds of human work on each."""
        queue = [case for case in cases if case.role == "pool" or case.version > 0]
        done = [case for case in queue if case.version > 0]
        # a mask that was taken from a file took no time here
        times = [seconds[case.name] for case in done if seconds.get(case.name, 0) > 0]
        return cls(
            done=len(done),
            total=len(queue),
            skipped=sum(case.status == "skipped" for case in queue),
            each=statistics.median(times) if len(times) >= ENOUGH else NAN,
            spent=sum(seconds.values()),
        )

    @property
    def left(self) -> float:
        """Seconds that the cases take that are neither done nor skipped; nan where not known."""
        return self.each * (self.total - self.done - self.skipped)

    @property
    def sentence(self) -> str:
        """The progress in words: "12 of 40 done · 3 min each · about 1 h 20 min left"."""
        parts = [f"{self.done} of {self.total} done"]
        if self.each == self.each:
            parts.append(f"{rough(self.each)} each")
            if self.left > 0:
                parts.append(f"about {rough(self.left)} left")
        return " · ".join(parts)

    @property
    def explanation(self) -> str:
        """What the sentence is made of."""
        lines = [f"Time spent on this project so far: {rough(self.spent)}."]
        if self.each == self.each:
            lines.append(
                "The time for each case is the median of those you have done; it stands still while"
                " the mouse rests."
            )
        else:
            lines.append(f"How long the rest takes is said when {ENOUGH} cases are done.")
        if self.skipped:
            lines.append(f"{self.skipped} skipped, which are not reckoned with.")
        return "\n".join(lines)


@dataclass(frozen=True)
class Overview:
    """What the head of a window says of a project.

    Attributes
    ----------
    roles : how many cases play which role
    work : how far the human's work is
    experts, held_out : the cases with an expert mask that train the networks, and that test them
    settings : the settings of the next or present training
    """

    roles: Counter[Role]
    work: WorkProgress
    experts: tuple[ExpertRow, ...]
    held_out: tuple[ExpertRow, ...]
    settings: Settings

    @classmethod
    def of(cls, project: Project) -> Overview:
        """The overview of a project as it is now; its table is read."""
        cases = project.cases
        return cls(
            Counter(case.role for case in cases),
            WorkProgress.of(cases, time_spent(project)),
            expert_rows(cases, held_out=False),
            expert_rows(cases, held_out=True),
            project.settings,
        )


def rough(seconds: float) -> str:
    """A time in words, rounded as an estimate is: 40 s, 3 min, 1 h 20 min, 12 h."""
    if seconds < 55:
        return f"{round(seconds / 10) * 10 if seconds >= 10 else round(seconds)} s"
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return f"{minutes} min"
    minutes = round(minutes / 5) * 5
    if minutes >= 600:
        return f"{round(minutes / 60)} h"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
