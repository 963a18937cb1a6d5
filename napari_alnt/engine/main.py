"""One job of the child process, from its command line to its last event."""

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

from napari_alnt.codec import to_line
from napari_alnt.data import Project, Run
from napari_alnt.engine.commands import BroadcastCommands, Commands, StreamCommands
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.distributed import PROCESS_LOST, TorchProcessGroup
from napari_alnt.engine.evaluation import Evaluator
from napari_alnt.engine.propagation import Propagator
from napari_alnt.engine.redaction import Redaction
from napari_alnt.engine.student import Student, out_of_memory
from napari_alnt.engine.teacher import Teaching
from napari_alnt.engine.training import Training
from napari_alnt.errors import AlntError
from napari_alnt.events import Command, Event, Failed, Finished


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one job and write its events to standard output, one JSON object a line.

    Returns 0 when the job ended well, also by a stop, and 1 when it failed.
    """
    options = _parse(arguments)
    redaction = Redaction(options.project)
    out = _keep_standard_output(redaction)
    # Ctrl-C reaches the parent as well, which then asks for a stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(10)  # the window goes first
    group = TorchProcessGroup()

    def send(event: Event) -> None:
        if group.rank == 0:
            out.write(to_line(redaction.event(event)) + "\n")
            out.flush()

    try:
        group = TorchProcessGroup.join()
        for event in job_events(options, group):
            send(event)
        group.leave()
    except BrokenPipeError:
        return 1  # nobody is listening any more
    except BaseException as error:  # noqa: BLE001 - however a job ends, its last event says so
        # a launcher ends the others when one process is lost; that must not cut the last word short
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            send(failure(error, group))
        return 1
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m napari_alnt.engine", description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--run", type=int, required=True)
    jobs = ["train", "teach", "rank", "predict", "propagate"]
    parser.add_argument("--job", choices=jobs, required=True)
    parser.add_argument("--case", action="append", default=[])
    parser.add_argument("--axis", type=int, default=0)
    parser.add_argument("--slice", type=int, action="append", default=[])
    return parser.parse_args(arguments)


def job_events(options: argparse.Namespace, group: TorchProcessGroup) -> Iterator[Event]:
    """The events of the job that the command line asks for."""
    local = StreamCommands(sys.stdin, _first(options)) if group.rank == 0 else None
    if options.job == "train":
        commands: Commands = BroadcastCommands(group, local)
        if local is not None and group.size == 1:
            commands = local
    elif local is None:
        return  # only training is shared; the other processes wait for rank 0 at the end
    else:
        commands = local
    with Project.open(options.project, write=False) as project:
        run = project.runs.get(options.run)
        if run.settings.threads:
            torch.set_num_threads(run.settings.threads)
        if options.job == "train":
            yield from Training(project, run, commands, group).events()
        elif options.job == "teach":
            yield from Teaching(project, run, commands).events()
        elif options.job == "propagate":
            yield from _propagate(project, run, commands)
        else:
            yield from _evaluate(project, run, commands, options)


def _first(options: argparse.Namespace) -> Command | None:
    """The propagation that the command line asks for."""
    if options.job != "propagate":
        return None
    return Command("propagate", tuple(options.case), options.axis, tuple(options.slice))


def _evaluate(
    project: Project, run: Run, commands: Commands, options: argparse.Namespace
) -> Iterator[Event]:
    """Rank or predict with the student of the run's checkpoint."""
    dataset = Dataset(project, run.settings)
    student = Student.new(dataset)
    student.load(run)
    evaluator = Evaluator(project, run, dataset, student)
    events = evaluator.rank() if options.job == "rank" else evaluator.predict(options.case)
    yield from commands.until_stopped(events)
    yield Finished(student.state.step, "stopped" if commands.stopped else "done")


def _propagate(project: Project, run: Run, commands: Commands) -> Iterator[Event]:
    """Propagate what the command line asks for, and what is asked for meanwhile."""
    dataset = Dataset(project, run.settings)
    student = Student.new(dataset)
    student.load(run)
    propagator = Propagator(project, run, dataset, student)
    while asked := commands.propagation():
        yield from propagator.events(asked, commands.wants)
    yield Finished(student.state.step, "stopped" if commands.stopped else "done")


def _keep_standard_output(redaction: Redaction) -> TextIO:
    """Keep standard output for the events; whatever else prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stderr = redaction.stream(sys.stderr)
    sys.stdout = sys.stderr
    return out


def failure(error: BaseException, group: TorchProcessGroup) -> Failed:
    """The last event of a job that failed: a sentence for the user, and the traceback."""
    detail = "".join(traceback.format_exception(error))
    sys.stderr.write(detail)
    if isinstance(error, AlntError):
        return Failed(str(error), detail)
    if out_of_memory(error):
        return Failed(
            "Memory ran out; make the patch or the batch smaller and train again.", detail
        )
    # what gloo and nccl raise when another process does not answer
    if group.size > 1 and isinstance(error, RuntimeError):
        return Failed(PROCESS_LOST, detail)
    words = str(error).strip().splitlines() or [""]
    return Failed(
        f"The training met something unforeseen ({type(error).__name__}: {words[0]:.200}).", detail
    )
