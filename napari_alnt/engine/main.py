"""The child's main: one job, from its command line to its last event."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import torch

from napari_alnt.data import Project, Run
from napari_alnt.engine.commands import Mailbox, SharedMailbox
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.distributed import LOST, Ranks
from napari_alnt.engine.evaluation import Viewer
from napari_alnt.engine.student import Student, out_of_memory
from napari_alnt.engine.teacher import Teaching
from napari_alnt.engine.training import Training
from napari_alnt.errors import AlntError
from napari_alnt.events import Event, Failed, Finished, to_line
from napari_alnt.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job and say what happens on standard output; 0 when it ended well, 1 when it
    failed.
    """
    options = _parse(arguments)
    out = _keep_standard_output()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the parent, which then asks for a stop
    if hasattr(os, "nice"):
        os.nice(10)  # whoever paints in the window goes first
    ranks, ended = Ranks(), Failed("The training ended without a word.")

    def say(event: Event) -> None:
        if ranks.rank == 0:
            out.write(to_line(event) + "\n")
            out.flush()

    try:
        ranks = Ranks.join()
        for event in _job(options, ranks):
            ended = event  # type: ignore[assignment]
            say(event)
        ranks.leave()
    except BrokenPipeError:
        return 1  # nobody is listening any more
    except BaseException as error:
        ended = _failure(error, ranks)
        with contextlib.suppress(OSError):
            say(ended)
    return int(isinstance(ended, Failed))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m napari_alnt.engine", description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--run", type=int, required=True)
    parser.add_argument("--job", choices=["train", "teach", "rank", "predict"], required=True)
    parser.add_argument("--case", action="append", default=[])
    return parser.parse_args(arguments)


def _job(options: argparse.Namespace, ranks: Ranks) -> Iterator[Event]:
    if options.job != "train":
        if ranks.rank == 0:
            yield from _alone(options, Mailbox(sys.stdin))
        return
    with Project.open(options.project, write=False) as project:
        run = project.run(options.run)
        if run.settings.threads:
            torch.set_num_threads(run.settings.threads)
        own = Mailbox(sys.stdin) if ranks.rank == 0 else None
        mailbox = SharedMailbox(ranks, own) if ranks.size > 1 or own is None else own
        yield from Training(project, run, run.settings, mailbox, ranks).events()


def _alone(options: argparse.Namespace, mailbox: Mailbox) -> Iterator[Event]:
    """What one process does."""
    with Project.open(options.project, write=False) as project:
        run = project.run(options.run)
        settings = run.settings
        if settings.threads:
            torch.set_num_threads(settings.threads)
        if options.job == "teach":
            yield from Teaching(project, run, settings, mailbox).events()
        else:
            yield from _view(project, run, settings, mailbox, options)


def _view(
    project: Project, run: Run, settings: Settings, mailbox: Mailbox, options: argparse.Namespace
) -> Iterator[Event]:
    dataset = Dataset(project, settings)
    student = Student.new(dataset, settings)
    student.load(run)
    viewer = Viewer(project, run, dataset, student)
    if options.job == "rank":
        yield from mailbox.until_stopped(viewer.rank())
        yield from viewer.predict(list(mailbox.answer()))
    else:
        yield from mailbox.until_stopped(viewer.predict(options.case))
    yield Finished(student.position.step, "stopped" if mailbox.stopped else "done")


def _keep_standard_output() -> TextIO:
    """Keep standard output for the protocol; whatever else prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return out


def _failure(error: BaseException, ranks: Ranks) -> Failed:
    """The sentence for the user, and the traceback for a report."""
    detail = traceback.format_exc()
    sys.stderr.write(detail)
    if isinstance(error, AlntError):
        return Failed(str(error), detail)
    if out_of_memory(error):
        return Failed(
            "Memory ran out; make the patch or the batch smaller and train again.", detail
        )
    if ranks.size > 1 and isinstance(
        error, RuntimeError
    ):  # what gloo and nccl raise when nobody answers
        return Failed(LOST, detail)
    words = str(error).strip().splitlines() or [""]
    return Failed(
        f"The training met something unforeseen ({type(error).__name__}: {words[0]:.200}).", detail
    )
