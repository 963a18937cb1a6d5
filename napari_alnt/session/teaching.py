"""Teacher masks that are not the product's own: from a command, or from a folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from napari_alnt.data import Case
from napari_alnt.errors import AlntError
from napari_alnt.events import Event, Finished, Progress, TeacherWritten
from napari_alnt.session.engine import split_command
from napari_alnt.session.session import Session


def by_command(session: Session, template: str) -> Iterator[Event]:
    """Run a command for each pool case that has no teacher mask yet.

    ``template`` holds ``{image}``, the image's file, and ``{label}``, the file to write (.nii.gz).
    The command is started directly, not through a shell. No training step is made, so the last
    event is at step 0.

    Raises
    ------
    AlntError
        If the command fails or leaves no mask on the image's grid.
    """
    for word in ("{image}", "{label}"):
        if word not in template:
            raise AlntError(
                f"The teacher's command '{template}' lacks {word}; write where it goes."
            )
    words = split_command(template)
    pool = [case for case in session.project.by_role("pool") if case.teacher is None]
    folder = session.project.folder / "teacher"
    folder.mkdir(exist_ok=True)
    for done, case in enumerate(pool):
        yield Progress("teaching", done, len(pool))
        label = folder / f"{case.name}.nii.gz"
        # split first, then filled in: a path with a space stays one word
        files = {"{image}": str(case.image), "{label}": str(label)}
        _call([_filled(word, files) for word in words], case)
        yield _set_teacher(session, case, label)
    yield Finished(step=0)


def by_folder(session: Session, rule: str) -> Iterator[Event]:
    """Use the masks that ``rule`` names, such as ``auto/{case}.nii.gz``, as the teacher's.

    Cases without a file stay as they are. No training step is made, so the last event is at step 0.

    Raises
    ------
    AlntError
        If the rule has no ``{case}``, or no case has a mask.
    """
    if "{case}" not in rule:
        raise AlntError(f"The rule '{rule}' lacks {{case}}, the place of the case's name.")
    pool = session.project.by_role("pool")
    files = [(case, Path(rule.replace("{case}", case.name))) for case in pool]
    found = [(case, path) for case, path in files if path.exists()]
    if not found:
        raise AlntError(
            f"No case of the pool has a mask at '{rule}'; check the folder and the names."
        )
    for case, path in found:
        yield _set_teacher(session, case, path)
    yield Finished(step=0)


def _set_teacher(session: Session, case: Case, label: Path) -> TeacherWritten:
    event = TeacherWritten(case.name, str(label.absolute()))
    session.apply(event)
    return event


def _filled(word: str, files: dict[str, str]) -> str:
    for placeholder, path in files.items():
        word = word.replace(placeholder, path)
    return word


def _call(command: list[str], case: Case) -> None:
    # without standard input a tool that asks a question fails, instead of waiting for ever
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise AlntError(
            f"The teacher's command '{command[0]}' cannot be started ({error.strerror})."
        ) from error
    if result.returncode:
        output = (result.stderr or result.stdout).strip().splitlines() or ["it printed nothing."]
        raise AlntError(
            f"The teacher's command failed on case {case.number} with exit code"
            f" {result.returncode}: {output[-1]}"
        )
