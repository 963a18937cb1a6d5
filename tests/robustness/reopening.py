"""Opens what an interrupted operation has left, as a user would, and compares it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_alnt.data import Project, is_project
from napari_alnt.errors import AlntError, ProjectLocked
from robustness import projects
from robustness.operations import OPERATIONS, all_projects, known
from robustness.result import Tally
from robustness.work import without

KINDS = ("lost", "unreadable", "stuck", "leftovers", "unsound")


def judge(name: str, project: Path, done: int, index: int, tally: Tally) -> None:
    """Open all projects again, and look for what was acknowledged.

    Parameters
    ----------
    name : of the operation
    project : its project
    done : steps that were acknowledged
    index : of the attempt
    """
    for path in all_projects(project.parent):
        try:
            with Project.open(path) as opened:
                if wrong := projects.findings(opened):
                    tally.fail("unsound", index, f"{name}: {wrong}")
        except ProjectLocked as error:
            tally.fail("stuck", index, f"{name}: {without(project.parent, error)}")
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            tally.fail("unreadable", index, f"{name}: {without(project.parent, error)}")
            return
        if left := projects.leftovers(path):
            tally.fail("leftovers", index, f"{name}: {left}")
    try:
        found = OPERATIONS[name].observe(project)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        tally.fail("unreadable", index, f"{name}: {without(project.parent, error)}")
        return
    if found not in known(name)[done : done + 2]:
        tally.fail("lost", index, f"{name} after {done}: {difference(known(name)[done], found)}")
    if name == "create":
        _create_again(project, index, tally)


def _create_again(project: Path, index: int, tally: Tally) -> None:
    """A project that was not made can be made now."""
    for to in sorted(project.parent.glob("new_*")):
        if is_project(to):
            continue
        tally.count("made again")
        try:
            Project.create(
                to, projects.case_files(project.parent / "files"), labels={1: "ball"},
                roles=projects.ROLES,
            ).close()  # fmt: skip
        except AlntError as error:
            tally.fail("stuck", index, without(project.parent, error))
            continue
        if left := projects.leftovers(to):
            tally.fail("leftovers", index, f"create: {left}")


def difference(wanted: Any, found: Any) -> str:
    """Where two values that were observed begin to differ."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = [key for key in wanted if wanted[key] != found.get(key)]
        return "; ".join(f"{key}: {difference(wanted[key], found.get(key))}" for key in keys)
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = zip(wanted, found, strict=True)
        return "; ".join(difference(one, other) for one, other in pairs if one != other)
    return f"{wanted} became {found}"
