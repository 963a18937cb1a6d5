"""Teacher masks that are not the product's own: from a command, or from a folder."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from napari_alnt.data import Case, make_folder, write_atomic
from napari_alnt.data.intake.patterns import MaskRule
from napari_alnt.data.paths import inside
from napari_alnt.errors import AlntError
from napari_alnt.events import Event, Finished, Progress, TeacherWritten
from napari_alnt.session.engine import split_command
from napari_alnt.session.engine_log import EngineLog
from napari_alnt.session.session import Session

FOLDER = "teacher"
"""The project's folder of masks that a command made."""
IMAGE, LABEL = "{image}", "{label}"
"""Where a command gets the image's file, and the file to write."""

_PROGRAM = re.compile(r"-\w*[ce]|--?command|--eval", re.IGNORECASE)
"""Options whose next word is the text of a program, as of sh, ssh, python or perl."""
_PLAIN = re.compile(r"[\w@%+=:,./\\-]+")
"""A path that no shell or interpreter takes for anything else."""


def by_command(session: Session, template: str) -> Iterator[Event]:
    """Run a command for each pool case that has no teacher mask yet.

    ``template`` holds ``{image}``, the image's file, and ``{label}``, the file to write (.nii.gz).
    It is split as a shell does, and each word is then filled in; no shell is started. With
    ``sh -c`` it is the user who starts one: write ``sh -c 'tool "$1" "$2"' sh {image} {label}``, so
    that it does not read the names of files as commands. No training step is made, so the last
    event is at step 0.

    Raises
    ------
    AlntError
        If the command cannot be started; or, when all cases have had their turn, if it failed on
        some of them or left no mask on the image's grid.
    """
    for word in (IMAGE, LABEL):
        if word not in template:
            raise AlntError(
                f"The teacher's command '{template}' lacks {word}; write where it goes."
            )
    words = split_command(template)
    pool = [case for case in session.project.by_role("pool") if case.teacher is None]

    def make(case: Case) -> TeacherWritten:
        with _new_folder(session) as folder:
            label = folder / f"{case.number:04d}.nii.gz"
            _call(_filled(words, case.image, label))
            return _keep(session, case, label)

    yield from _each(pool, make, f"The teacher's command '{words[0]}' failed")


def by_folder(session: Session, rule: str) -> Iterator[Event]:
    """Use the masks that are there already, such as ``auto/{case}.nii.gz``, as the teacher's.

    ``rule`` is a path in which ``{case}`` stands for the case's name, or a folder of masks with the
    images' names. Cases without a file stay as they are. No training step is made, so the last
    event is at step 0.

    Raises
    ------
    AlntError
        If the rule is neither, or no case has a mask; or, when all cases have had their turn, if
        some of the masks do not fit.
    """
    # of all cases, so that no mask of another is taken for one of the pool
    masks = MaskRule(rule, [case.name for case in session.project.cases])
    pool = session.project.by_role("pool")
    found = {case.name: _found(masks, case) for case in pool}
    if not any(found.values()):
        raise AlntError(
            f"No case of the pool has a mask at '{rule}'; check the folder and the names."
        )

    def take(case: Case) -> TeacherWritten:
        file = found[case.name]
        if isinstance(file, AlntError):
            raise file
        return _set_teacher(session, case, str(file))

    with_mask = [case for case in pool if found[case.name]]
    yield from _each(with_mask, take, f"The masks of '{rule}' could not be taken")


def _found(masks: MaskRule, case: Case) -> Path | AlntError | None:
    try:
        return masks.mask(case.name, case.image)
    except AlntError as error:
        return error  # told when the case has its turn


class _NotStarted(AlntError):
    """A command that cannot be started fails on every case alike."""


def _each(
    pool: Sequence[Case], make: Callable[[Case], TeacherWritten], failed: str
) -> Iterator[Event]:
    """Do the same for every case; the failures are told together when all had their turn."""
    failures: dict[str, list[str]] = {}
    for done, case in enumerate(pool):
        yield Progress("teaching", done, len(pool))
        try:
            event = make(case)
        except _NotStarted:
            raise
        except AlntError as error:
            failures.setdefault(str(error).rstrip("."), []).append(f"'{case.name}'")
        else:
            yield event
    if failures:
        count = sum(map(len, failures.values()))
        reasons = "; ".join(f"{', '.join(cases)}: {why}" for why, cases in failures.items())
        rest = ", and the others are done" if count < len(pool) else ""
        raise AlntError(
            f"{failed} on {count} of {len(pool)} cases{rest}; mend it and run teach again"
            f" ({reasons})."
        )
    yield Finished(step=0)


def _set_teacher(session: Session, case: Case, file: str) -> TeacherWritten:
    event = TeacherWritten(case.name, file)
    session.apply(event)
    return event


@contextmanager
def _new_folder(session: Session) -> Iterator[Path]:
    """An empty folder in the project, so that no mask of before is taken for a new one."""
    folder = inside(session.project.folder, f"{FOLDER}/.{secrets.token_hex(6)}-new")
    make_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(session: Session, case: Case, label: Path) -> TeacherWritten:
    """Move a mask that a command wrote into the project, if it is one of the case."""
    if not label.is_file():
        stem = label.name.partition(".")[0]
        others = sorted(path.name.replace(stem, "*") for path in label.parent.iterdir())
        beside = f", but wrote {', '.join(others)}" if others else ""
        folder = " (a folder)" if label.is_dir() else ""
        raise AlntError(f"it left no mask at {LABEL}, which is one file *.nii.gz{beside}{folder}")
    place = f"{FOLDER}/{label.name}"
    file = inside(session.project.folder, place)
    write_atomic(file, lambda to: shutil.copyfile(label, to))
    try:
        return _set_teacher(session, case, place)
    except AlntError as error:
        file.unlink(missing_ok=True)
        # there is no such file any more; and cases that fail alike are told together
        raise AlntError(str(error).replace(str(file), LABEL)) from error


def _filled(words: Sequence[str], image: Path, label: Path) -> list[str]:
    """The words of a command with both paths in place; a path that holds a placeholder stays.

    Raises
    ------
    AlntError
        If a path would become a part of a program's text, and could mean something there.
    """
    files = {IMAGE: str(image), LABEL: str(label)}
    is_remote = any(Path(word).name == "ssh" for word in words)
    filled = []
    for before, word in zip(["", *words], words, strict=False):
        used = [files[name] for name in files if name in word]
        is_program = is_remote or (word not in files and _PROGRAM.fullmatch(before))
        if is_program and not all(map(_PLAIN.fullmatch, used)):
            raise AlntError(
                "a shell would read the name of its file as a command; write"
                ' sh -c \'tool "$1" "$2"\' sh {image} {label}'
            )
        # in one pass, as a path may hold the other placeholder
        filled.append(re.sub("|".join(map(re.escape, files)), lambda m: files[m[0]], word))
    return filled


def _call(command: list[str]) -> None:
    """Run a command to its end.

    Raises
    ------
    AlntError
        If it cannot be started, or fails; the message is what it said last.
    """
    try:
        process = subprocess.Popen(
            command,
            # a tool that asks a question fails, instead of waiting for ever
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _NotStarted(
            f"The teacher's command '{command[0]}' cannot be started ({reason})."
        ) from error
    # of what it says only the end is kept, however much it is
    output, errors = (
        EngineLog(None, cast("IO[bytes]", stream)) for stream in (process.stdout, process.stderr)
    )
    try:
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    said = (errors.end().strip() or output.end().strip()).splitlines()
    if code:
        how = f"exit code {code}" if code > 0 else f"signal {-code}"
        raise AlntError(f"{how}, {said[-1][-300:] if said else 'and it printed nothing'}")
