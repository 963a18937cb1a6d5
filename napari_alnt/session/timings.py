"""The timings of a user's own corrections: what each changed, and the minutes it took."""

from __future__ import annotations

from collections.abc import Mapping

from napari_alnt.data import Array, Case, LabelVersion, Project
from napari_alnt.data.version_history import read_version
from napari_alnt.data.version_work import save_work, saved_work
from napari_alnt.errors import AlntError
from napari_alnt.events import NAN
from napari_alnt.session.history import MINUTES
from napari_alnt.session.mask_work import work_between
from napari_alnt.session.minutes import Timing, Work


def read_timings(project: Project, author: str | None = None) -> tuple[Timing, ...]:
    """The timed corrections of a project, in the order in which they were accepted.

    What a version changed is measured once, on its masks, and then kept in the project's table if
    this process writes to it; for a thread of its own. A version counts if it took time and was
    drawn on a mask that is still there: not one from a file, nor one drawn on the student's, which
    changes.

    Parameters
    ----------
    project : the open project
    author : whose versions count; None takes everybody's
    """
    known = saved_work(project)
    found: list[tuple[str, Timing]] = []
    new: dict[str, tuple[float, ...]] = {}
    for case in project.cases:
        before = 0.0
        for version in project.labels.versions(case.name):
            # the clock of a case goes on from one version to the next
            seconds, before = version.seconds - before, max(version.seconds, before)
            if seconds <= 0 or author not in (None, version.author):
                continue
            work = _work(project, case, version, known, new)
            if work is not None:
                estimated = version.scores.get(MINUTES, NAN)
                timing = Timing(case.name, work, seconds / 60, estimated)
                found.append((version.created, timing))
    if new and project.writable:
        save_work(project, new)
    return tuple(timing for _, timing in sorted(found, key=lambda one: one[0]))


def _work(
    project: Project,
    case: Case,
    version: LabelVersion,
    known: Mapping[str, tuple[float, ...]],
    new: dict[str, tuple[float, ...]],
) -> Work | None:
    """What a version changed; None where that cannot be known."""
    if version.confirmed:
        return Work()
    source = version.source or version.parent
    key = f"{source}:{version.sha256}"
    if key in known:
        return Work(*known[key])
    try:
        drawn_on = _drawn_on(project, case, source)
        if drawn_on is None:
            return None
        made = read_version(project, case.name, version.number)
        work = work_between(drawn_on, made, case.spacing, project.settings.ignore_label)
    except AlntError:
        # a file that is lost takes its timing with it
        return None
    new[key] = (work.regions, work.slices, work.cm2)
    return work


def _drawn_on(project: Project, case: Case, source: str) -> Array | None:
    """The mask that a version was drawn on, as far as it never changes."""
    if source == "teacher":
        teacher = project.teacher(case)
        return None if teacher is None else teacher.voxels
    number = source.removeprefix("version ")
    return read_version(project, case.name, int(number)) if number.isdecimal() else None
