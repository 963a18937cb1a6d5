"""A process is killed at a random instant; what it had acknowledged is there on reopening.

An attempt kills a child that does one operation step by step, and opens the project again. The
children are forked by a process that has imported everything, so that they start at once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from robustness import projects, reopening
from robustness.children import environment
from robustness.operations import OPERATIONS, known, start, warm
from robustness.result import Result, Tally
from robustness.work import folder

KINDS = (*reopening.KINDS, "child failed")
NAMES = tuple(OPERATIONS)
SERVER = "from robustness.kill import serve; serve()"
LONGEST = 0.03
"""Seconds after an acknowledged step until the kill, at most."""
PATIENCE = 60.0


def run(count: int, seed: int, first: int = 0) -> Result:
    """Kill children ``first`` to ``first + count - 1``, each operation in turn."""
    tally = Tally(seed, KINDS)
    with folder() as work, _server() as server:
        template = projects.make(work / "template").parent
        for index in range(first, first + count):
            tally.tried()
            name = NAMES[index % len(NAMES)]
            project = start(name, template, work / f"{index}")
            done = _killed(server, name, project, np.random.default_rng([seed, index]))
            if done is None:
                tally.fail("child failed", index, f"{name}: {_acknowledged(project)[1]}")
            else:
                tally.count("acknowledged", done)
                reopening.judge(name, project, done, index, tally)
            projects.remove(project.parent)
    return tally.result()


@contextmanager
def _server() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], env=environment(), text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as server:  # fmt: skip
        try:
            yield server
        finally:
            assert server.stdin is not None
            server.stdin.close()


def serve() -> None:
    """Fork a child for every line, say its number and, when it has ended, how."""
    warm()  # what is imported here need not be imported by each child
    for line in sys.stdin:
        name, project = json.loads(line)
        number = os.fork()
        if not number:
            _work(name, Path(project))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        _, status = os.waitpid(number, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


def _work(name: str, project: Path) -> None:
    """Do an operation, note each step that is done, and wait for the kill."""
    notes = os.open(_notes(project), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for step in OPERATIONS[name].steps(project):
            step()
            os.write(notes, b"done\n")
        os.write(notes, b"all\n")
    except BaseException as error:  # noqa: BLE001 - nobody above would tell
        os.write(notes, f"error {type(error).__name__}: {error}\n".encode())
    while True:
        signal.pause()


def _notes(project: Path) -> Path:
    return project.parent / "notes"


def _acknowledged(project: Path) -> tuple[int, str]:
    """How many steps a child has noted, and its last line."""
    try:
        lines = _notes(project).read_text().splitlines()
    except FileNotFoundError:
        return 0, ""
    return lines.count("done"), lines[-1] if lines else ""


def _killed(
    server: subprocess.Popen[str], name: str, project: Path, rng: np.random.Generator
) -> int | None:
    """Start a child and kill it; how many steps it had acknowledged, None if it failed."""
    assert server.stdin is not None
    assert server.stdout is not None
    steps = int(rng.integers(len(known(name)) - 1))
    server.stdin.write(json.dumps([name, str(project)]) + "\n")
    server.stdin.flush()
    number = int(server.stdout.readline())
    end = time.monotonic() + PATIENCE
    while (noted := _acknowledged(project))[0] < steps and not noted[1].startswith("error"):
        if time.monotonic() > end:
            break
        time.sleep(0.001)
    time.sleep(rng.uniform(0, LONGEST))
    os.kill(number, signal.SIGKILL)
    server.stdout.readline()
    done, last = _acknowledged(project)
    return None if last.startswith("error") or done < steps else done
