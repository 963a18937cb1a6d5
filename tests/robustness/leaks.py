"""No word that may name a patient is in anything that leaves the project.

An attempt puts another word into every place where a hospital may have a name: texts of the
images' headers, folders, names of files, the user and the host. Then it makes a project of them,
trains, predicts, paints, accepts, lets a training fail, reports and backs up, and looks for the
words in every byte of what was written and said. The project's table holds the paths of the images
by design, and verify names the files that it misses; words in these are counted apart.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import io
import os
import shutil
import signal
import socket
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from unittest import mock

import nibabel as nib
import numpy as np
from conftest import TINY, ball

from napari_alnt.cli import main
from napari_alnt.data import TABLE, Project
from napari_alnt.data.local import FOLDER
from napari_alnt.data.strokes.journal import resume
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.data.strokes.journal_writer import Journal
from napari_alnt.errors import AlntError
from napari_alnt.events import StepDone
from napari_alnt.session import Session
from napari_alnt.session.report import write_report
from robustness.result import Result, Tally
from robustness.work import folder, without

PLACES = {
    "accepted mask": "labels/*/0*.nii*",
    "draft": "labels/*/draft*",
    "journal": "labels/*/journal",
    "student mask": "runs/*/maps/*student*",
    "trust map": "runs/*/maps/*trust*",
    "report": "runs/*/report.html",
    "checkpoint": "runs/*/checkpoint/*",
    "log": "runs/*/engine.log",
}
"""Where in a project what an attempt must have written lies."""
BY_DESIGN = ("in table", "named by verify")
KINDS = (*PLACES, "other file", "output", "errors", "backup", "not written", "failed")
TEXTS = ("data_type", "db_name", "descrip", "aux_file", "intent_name", "unused_str")
NAMES = ("extension", "folder", "image", "teacher", "expert", "correction", "user", "host")
EXPERTS, POOL = ("e1", "e2", "e3", "e4"), ("p1", "p2", "p3")
SETTINGS = dataclasses.replace(TINY, epochs=1, steps_per_epoch=2, test_every=1, rank_every=1)


class Story:
    """A project from its making to its backup.

    Parameters
    ----------
    work : an empty folder
    rng : the words are drawn from it
    index : the attempt; formats and accidents go in turn
    """

    def __init__(self, work: Path, rng: np.random.Generator, index: int) -> None:
        letters = rng.integers(ord("A"), ord("Z") + 1, (len(TEXTS) + len(NAMES), 9))
        drawn = ("".join(map(chr, row)) for row in letters)
        self.words = dict(zip((*TEXTS, *NAMES), drawn, strict=True))
        self.work = work
        self.project = work / "project"
        self.files = work / f"{self.words['folder']}_JOHN"
        self.backup = work / "copy.zip"
        self.out, self.err, self.verified = io.StringIO(), io.StringIO(), io.StringIO()
        self._ending = (".nii", ".nii.gz")[index % 2]
        self._kind = (nib.Nifti1Image, nib.Nifti2Image)[index // 2 % 2]
        self._accident = ACCIDENTS[index % len(ACCIDENTS)]

    def tell(self) -> None:
        """Do all that is done with a project."""
        with self._as_somebody():
            self._write_files()
            self._new()
            self._command("train", self.project)
            self._command("predict", self.project, POOL[0])
            self._correct()
            with contextlib.suppress(AlntError):
                self._accident(self)
            for command in ("status", "verify"):
                self._command(command, self.project)
            self._command("history", self.project, POOL[0])
            with Session.open(self.project) as session:
                write_report(session)
            self._command("backup", self.project, self.backup)

    @contextlib.contextmanager
    def _as_somebody(self) -> Iterator[None]:
        user = dict.fromkeys(("USER", "LOGNAME", "USERNAME"), self.words["user"])
        changed = {**user, FOLDER: str(self.work / "config")}
        with (
            mock.patch.dict(os.environ, changed),
            mock.patch.object(socket, "gethostname", return_value=self.words["host"]),
        ):
            yield

    def _command(self, *words: object) -> int:
        """A command with --json; its exit code."""
        name, *others = map(str, words)
        out = self.verified if name == "verify" else self.out
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(self.err):
            return main([name, "--json", *others])

    def _new(self) -> None:
        rules = {
            "images": self._file("image", "{case}"),
            "teacher": self._file("teacher", "{case}"),
            "expert": self._file("expert", "{case}"),
        }
        options = [word for name, rule in rules.items() for word in (f"--{name}", rule)]
        roles = ("--reference", 2, "--test", 2, "--labels", "1=ball")
        if self._command("new", self.project, *options, *roles):
            raise AlntError(f"No project was made: {self.out.getvalue()}")
        with Project.open(self.project) as project:
            project.save_settings(SETTINGS)

    def _correct(self) -> None:
        """A correction from outside, one in the window, and unfinished work with strokes on it."""
        case, other, _ = POOL
        self._command("accept", self.project, case, self._file("correction", case))
        with Session.open(self.project) as session:
            teacher = session.project.teacher(session.project.case(other))
            assert teacher is not None
            labels = np.array(teacher.voxels)
            session.accept(other, labels, author=self.words["user"], seconds=3)
            session.save_draft(other, np.roll(labels, 1, axis=0), 5)
            _paint(session.project, other)

    # files ----------------------------------------------------------------------------------------

    def _file(self, kind: str, case: str) -> Path:
        return self.files / kind / f"{self.words[kind]}_{case}{self._ending}"

    def _write_files(self) -> None:
        for number, case in enumerate((*EXPERTS, *POOL)):
            image, labels = ball(number)
            kinds = ("expert",) if case in EXPERTS else ("teacher", "correction")
            for kind, voxels in (("image", image), *((kind, labels) for kind in kinds)):
                self._write(self._file(kind, case), voxels)

    def _write(self, path: Path, voxels: np.ndarray) -> None:
        """A file with a word in every text of its header."""
        path.parent.mkdir(parents=True, exist_ok=True)
        image = self._kind(voxels.T, np.diag((2.0, 2.5, 3.0, 1.0)))
        for name in set(TEXTS) & set(image.header.keys()):
            image.header[name] = self.words[name]
        text = self.words["extension"].encode()
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", text))
        nib.save(image, path)

    # accidents ------------------------------------------------------------------------------------

    def _train_on(self) -> None:
        """Train again, from the files and not from what is kept of them."""
        shutil.rmtree(self.project / "cache", ignore_errors=True)
        self._command("train", self.project)

    def image_cut(self) -> None:
        """An image has lost its second half."""
        path = self._file("image", POOL[2])
        os.truncate(path, path.stat().st_size // 2)
        self._train_on()

    def folder_gone(self) -> None:
        """The disk of the images is away."""
        self.files.rename(self.work / "away")
        self._train_on()

    def folder_in_the_way(self) -> None:
        """A folder has the name of an image."""
        path = self._file("image", POOL[2])
        path.unlink()
        path.mkdir()
        self._train_on()

    def other_image(self) -> None:
        """Another image has the name of the first."""
        self._write(self._file("image", POOL[2]), ball(99)[0])
        self._train_on()

    def killed(self) -> None:
        """The training is killed."""
        with Session.open(self.project) as session:
            for event in session.train():
                if isinstance(event, StepDone):
                    assert session.engine is not None
                    os.kill(session.engine.pid, signal.SIGKILL)
                self.err.write(f"{event}\n")


ACCIDENTS: tuple[Callable[[Story], None], ...] = (
    Story.image_cut, Story.folder_gone, Story.folder_in_the_way, Story.other_image, Story.killed,
)  # fmt: skip
"""What makes a training fail; its sentences and its log are looked at."""


def run(count: int, seed: int, first: int = 0) -> Result:
    """Tell the stories ``first`` to ``first + count - 1``."""
    tally = Tally(seed, KINDS)
    for index in range(first, first + count):
        tally.tried()
        with folder() as work:
            story = Story(work, np.random.default_rng([seed, index]), index)
            try:
                story.tell()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                tally.fail("failed", index, without(work, error))
            look(story, tally, index)
    return tally.result()


def look(story: Story, tally: Tally, index: int) -> None:
    """Count the words in all that a story has written and said."""
    missing = {*PLACES, "backup"}
    for place, name, content in _all(story):
        missing.discard(place)
        tally.count("contents searched")
        for word in _found(name.encode() + b"\n" + _unpacked(content), story.words):
            if place in BY_DESIGN:
                tally.count(place)
            else:
                tally.fail(place, index, f"{word} in {name}")
    for place in missing:
        tally.fail("not written", index, place)


def _all(story: Story) -> Iterator[tuple[str, str, bytes]]:
    """The place, the name and the content of everything."""
    for path in story.project.rglob("*"):
        if path.is_file():
            name = path.relative_to(story.project).as_posix()
            yield _place(name), name, path.read_bytes()
    yield "named by verify", "output of verify", story.verified.getvalue().encode()
    yield "output", "standard output", story.out.getvalue().encode()
    yield "errors", "standard error", story.err.getvalue().encode()
    if story.backup.exists():
        with zipfile.ZipFile(story.backup) as archive:
            for member in archive.namelist():
                place = "in table" if Path(member).name == TABLE else "backup"
                yield place, member, archive.read(member)


def _place(name: str) -> str:
    if name.startswith(TABLE):
        return "in table"
    found = (place for place, rule in PLACES.items() if fnmatch(name, rule))
    return next(found, "other file")


def _found(content: bytes, words: dict[str, str]) -> list[str]:
    """The places of the words that are in a content."""
    upper = content.upper()
    return [
        place
        for place, word in words.items()
        # some programs write two bytes a letter
        if word.encode() in upper or word.encode("utf-16-le") in upper
    ]


def _unpacked(content: bytes) -> bytes:
    """A content, and what is packed in it."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    return content + gzip.decompress(content)


def _paint(project: Project, case: str) -> None:
    """A stroke on the draft of a case."""
    draft = project.drafts.load(case)
    assert draft is not None
    of_case: Any = project.case(case)
    found = resume(project.journal(of_case), draft, of_case.version, draft=True)
    labels = found.mask.copy()
    where = (slice(2, 3), slice(3, 9), slice(3, 9))
    labels[where] = 1
    journal = Journal(found, lambda: (labels, True), lambda _: None)
    journal.append(Kind.STROKE, [Change(where, None, 1)])
    journal.close()
