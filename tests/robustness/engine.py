"""However the child of a training ends or misbehaves, its caller goes on with one sentence.

An attempt puts a program that misbehaves in the place of the engine, as a launcher does, and
follows the training to its end. Then another training must work.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from conftest import TINY

from napari_alnt.codec import to_line
from napari_alnt.data import Project
from napari_alnt.data.local import FOLDER
from napari_alnt.errors import AlntError
from napari_alnt.events import (
    CheckpointSaved,
    Command,
    EpochDone,
    Event,
    Failed,
    Finished,
    LedgerRow,
    Predicted,
    SampleDropped,
    Stalled,
    StepDone,
    Warned,
)
from napari_alnt.session import Engine, Session
from napari_alnt.session.engine_log import LIMIT, TAIL
from robustness import projects
from robustness.result import Result, Tally
from robustness.work import Memory, folder, without

KINDS = (
    "untyped", "hung", "no last event", "two last events", "no sentence", "child alive", "log",
    "memory", "no next training", "case changed",
)  # fmt: skip
MARK = "ALNT_ROBUSTNESS"
"""Environment variable by which all that an attempt has started is found."""
LONG, FLOOD = 300_000_000, 30_000_000
"""Bytes of a line, and of what is written to standard error."""
MOST_MEMORY = 150_000_000
PATIENCE = 60.0
"""Seconds after which a training with a fault has hung; it is ended then."""
GRACE = 2.0
"""Seconds in which the system has cleared a process that was ended."""
REAL = True
"""Whether the training after a fault is a real one; the tests do without."""
STEP = StepDone(7, 1, 0.5, 0.4, 1e-3, 60.0)


@dataclass(frozen=True)
class Fault:
    """A way to misbehave.

    Attributes
    ----------
    does : shell commands of the child after its first step
    launcher : what stands before the engine; {child} is the script of the commands
    acts : what the caller does at the first step: nothing, stop, or kill at once
    """

    does: str = ""
    launcher: str = "{child}"
    acts: str = ""


def _say(*events: Event | Command) -> str:
    return "\n".join(f"echo '{to_line(event)}'" for event in events)


def _many(size: str, letter: str = "x") -> str:
    return f"head -c {size} /dev/zero | tr '\\0' {letter}"


WAIT = "exec sleep 600"
ROW = LedgerRow("nobody", "pool", "teacher", 1)
FAULTS = {
    **{name: Fault(f"kill -{name} $$") for name in ("KILL", "SEGV", "TERM", "BUS", "ABRT", "HUP")},
    "exit 0": Fault("exit 0"),
    "exit 1": Fault("echo no memory bank >&2; exit 1"),
    "exit 255": Fault("exit 255"),
    "garbage": Fault("head -c 300000 /dev/urandom"),
    "garbage and an end": Fault(f"head -c 300000 /dev/urandom; echo; {_say(Finished(9))}"),
    "no UTF-8": Fault(r"printf '{\"kind\": \"Warned\", \"message\": \"\377\376\"}\n\377\n'"),
    "half an event": Fault("printf '{\"kind\": \"StepDone\", \"step\"'"),
    "long line": Fault(f"{_many('$LONG')}; echo; {_say(Finished(9))}"),
    "long line without an end": Fault(_many("$LONG")),
    "flood on standard error": Fault(f"{_many('$FLOOD', 'e')} >&2; {_say(Finished(9))}"),
    "flood of lines": Fault(f"yes loading | head -c 1000000; {_say(Finished(9))}"),
    "case of nobody": Fault(f"{_say(SampleDropped(3, 'nobody', 'nan'))}\n{WAIT}"),
    "ledger of nobody": Fault(f"{_say(EpochDone(1, 7, 0.5, 0.4, (ROW,)))}\n{WAIT}"),
    "file outside": Fault(f"{_say(CheckpointSaved(3, '../../a'))}\n{WAIT}"),
    "absolute file": Fault(f"{_say(Predicted('c', 3, '/etc/passwd', 'm', 0, 0.5))}\n{WAIT}"),
    "command": Fault(_say(Command("stop"), Finished(9))),
    "two ends": Fault(_say(Finished(9), Failed("Again."), Finished(10))),
    "goes on after its end": Fault(f"{_say(Finished(9))}\n{WAIT}"),
    "closed output": Fault(f"exec 1>&-\n{WAIT}"),
    "closed output and errors": Fault(f"exec 1>&- 2>&-\n{WAIT}"),
    "closed input": Fault(f"exec 0<&-\n{WAIT}", acts="stop and kill"),
    "stopped by the system": Fault("kill -STOP $$", acts="stop and kill"),
    "hears nothing": Fault(f"trap '' TERM INT HUP\n{WAIT}", acts="stop and kill"),
    "is stopped": Fault("read command; exit 0", acts="stop"),
    "little memory": Fault(launcher="sh -c 'ulimit -v 600000; exec \"$@\"' sh"),
    "little processor time": Fault(launcher="sh -c 'ulimit -t 1; exec \"$@\"' sh"),
    "launcher is missing": Fault(launcher="no-such-launcher -n 2"),
    "launcher is no program": Fault(launcher="{text}"),
    "launcher is a folder": Fault(launcher="{folder}"),
    "launcher ends at once": Fault(launcher="false"),
    "launcher ends well at once": Fault(launcher="true"),
    "launcher prints": Fault(launcher="echo"),
    "launcher is no binary": Fault(launcher="{garbage}"),
    "launcher with a quotation mark": Fault(launcher="sh -c 'exec"),
}  # fmt: skip
NAMES = tuple(FAULTS)


class Wrong(Exception):
    """A promise that was not kept: its kind, and what was found."""


def run(count: int, seed: int, first: int = 0) -> Result:
    """Attempts ``first`` to ``first + count - 1``, each fault in turn."""
    tally = Tally(seed, KINDS)
    with folder() as work, mock.patch.dict(os.environ, _environment(work)):
        for index in range(first, first + count):
            tally.tried()
            name = NAMES[index % len(NAMES)]
            place = work / f"{index}"
            try:
                tally.count(_attempt(place, FAULTS[name]))
            except Wrong as wrong:
                kind, text = wrong.args
                tally.fail(kind, index, f"{name}: {text}")
            except Exception as error:  # noqa: BLE001 - this is what is looked for
                tally.fail("untyped", index, f"{name}: {without(work, error)}")
            finally:
                end_all(f"{work}")
                projects.remove(place)
    return tally.result()


def _environment(work: Path) -> dict[str, str]:
    sizes = {"LONG": str(LONG), "FLOOD": str(FLOOD)}
    return {MARK: str(work), FOLDER: str(work / "config"), "OMP_NUM_THREADS": "1", **sizes}


def _attempt(place: Path, fault: Fault) -> str:
    """Train with a fault, and once more without; how the first ended."""
    project = projects.make(place)
    before = _cases(project)
    memory = Memory()
    memory.start()
    with _patience():
        how = _faulty(project, fault, _launcher(place, fault))
    _require(memory.grown() < MOST_MEMORY, "memory", f"{memory.grown()} bytes")
    left = lasting(os.environ[MARK])
    _require(not left, "child alive", f"{len(left)}")
    for log in project.rglob("engine.log"):
        size = log.stat().st_size
        _require(size < LIMIT + 2 * TAIL, "log", f"{size} bytes")
    _require(_cases(project) == before, "case changed", "")
    _train_again(project, place)
    return how


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """End what hangs, and say so."""
    timer = threading.Timer(PATIENCE, end_all, [os.environ[MARK]])
    timer.daemon = True
    timer.start()
    start = time.monotonic()
    try:
        yield
    finally:
        timer.cancel()
    _require(time.monotonic() - start < PATIENCE, "hung", "")


def _faulty(project: Path, fault: Fault, launcher: str) -> str:
    with Session.open(project) as session:
        settings = dataclasses.replace(TINY, launcher=launcher)
        try:
            engine = session.start("train", settings)
        except AlntError as error:
            _require_sentence(str(error))
            return "refused"
        last = _last(_followed(session, engine, fault.acts))
        if isinstance(last, Failed):
            _require_sentence(last.message)
        return type(last).__name__.lower()


def _followed(session: Session, engine: Engine, acts: str) -> Iterator[Event]:
    for event in engine.events():
        session.apply(event)
        if isinstance(event, StepDone) and acts:
            engine.send(Command("stop"))
            if "kill" in acts:
                engine.kill()
        yield event


def _last(events: Iterator[Event]) -> Event:
    said = list(events)
    ends = [event for event in said if isinstance(event, (Finished, Failed))]
    _require(bool(ends), "no last event", f"{len(said)} events")
    _require(len(ends) == 1 and said[-1] is ends[0], "two last events", f"{len(ends)} of them")
    for event in said:
        if isinstance(event, Warned):
            _require_sentence(event.message)
        # as a child that is waited for in vain; it is no end
        _require(not isinstance(event, Stalled), "no last event", "silence")
    return ends[0]


def _require(holds: bool, kind: str, text: str) -> None:
    if not holds:
        raise Wrong(kind, text)


def _require_sentence(text: str) -> None:
    plain = len(text) < 500 and text.endswith(".") and "\n" not in text
    _require(plain and "Traceback" not in text, "no sentence", text[:200])


def _launcher(place: Path, fault: Fault) -> str:
    """The launcher's command, with the files that it needs."""
    names = {name: place / name for name in ("child", "text", "folder", "garbage")}
    script = f"#!/bin/sh\nulimit -c 0\n{_say(STEP)}\n{fault.does}\n"
    names["child"].write_text(script)
    names["text"].write_text("no program\n")
    names["folder"].mkdir()
    names["garbage"].write_bytes(bytes(range(128, 256)))
    for name in ("child", "garbage"):
        names[name].chmod(0o700)
    command = fault.launcher
    for name, path in names.items():
        command = command.replace(f"{{{name}}}", str(path))
    return command


def _train_again(project: Path, place: Path) -> None:
    """A training after the fault works."""
    launcher = ""
    if not REAL:
        (place / "good").write_text(f"#!/bin/sh\n{_say(STEP, Finished(8))}\n")
        (place / "good").chmod(0o700)
        launcher = str(place / "good")
    settings = dataclasses.replace(TINY, launcher=launcher, epochs=1)
    with Session.open(project) as session:
        last = [*session.train(settings, fresh=True)][-1]
    ended = isinstance(last, Finished) and last.reason == "done"
    _require(ended, "no next training", f"{last}"[:200])


def _cases(project: Path) -> list[object]:
    with Project.open(project, write=False) as opened:
        found = projects.observe(opened)
    return [found["cases"], found["scores"], found["ledger"]]


# processes ----------------------------------------------------------------------------------------


def lasting(mark: str, grace: float = GRACE) -> list[int]:
    """Processes with a mark that are alive after some seconds."""
    end = time.monotonic() + grace
    while (found := marked(mark)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def marked(mark: str) -> list[int]:
    """The living processes with a mark in their environment, but for this one."""
    if sys.platform != "linux":
        return []
    entry = f"{MARK}={mark}".encode()
    others = (path for path in Path("/proc").glob("[0-9]*") if int(path.name) != os.getpid())
    return [int(path.name) for path in others if _is_marked(path, entry)]


def _is_marked(path: Path, entry: bytes) -> bool:
    try:
        state = (path / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        return state != "Z" and entry in (path / "environ").read_bytes().split(b"\0")
    except (OSError, IndexError):
        return False  # it has just ended, or is another user's


def end_all(mark: str) -> None:
    """Kill what an attempt has left."""
    for process in marked(mark):
        try:
            os.kill(process, 9)
        except OSError:
            continue
