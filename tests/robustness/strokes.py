"""Processes that paint are killed at any instant: what their journal said to be kept must be there.

An attempt is a case in three lives. In each a process goes on from what the life before has left,
paints, undoes, fills and changes voxels that nobody tells of, and is killed. What every edit does
is drawn from its number, so that the masks are known without the process.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from napari_alnt.data.leftovers import remove_temporaries
from napari_alnt.data.strokes.journal import resume
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.data.strokes.journal_writer import Journal
from robustness import work
from robustness.children import environment
from robustness.result import Result, Tally

KINDS = ("lost", "other mask", "unreadable", "said damaged", "left behind")
LIVES, LONGEST = 3, 0.08
SHAPES = ((6, 20, 24), (30, 64, 48))
SERVER = "from robustness.strokes import serve; serve()"


def run(count: int, seed: int, first: int = 0) -> Result:
    """Attempts ``first`` to ``first + count - 1``, one after another."""
    tally = Tally(seed, KINDS)
    with _server() as server:
        for index in range(first, first + count):
            tally.tried()
            with work.folder() as folder:
                _attempt(tally, server, folder, (seed, index))
    return tally.result()


def _attempt(
    tally: Tally, server: subprocess.Popen[str], folder: Path, key: tuple[int, int]
) -> None:
    path = folder / "labels" / "0001" / "journal"
    rng = random.Random(f"{key}")
    index = key[1]
    start = np.zeros(SHAPES[index % 2], np.uint8)
    begun = 0
    for _ in range(LIVES):
        kept = _killed(server, path, start.shape, begun, key, rng.uniform(0, LONGEST))
        tally.count("kills")
        tally.count("edits said to be kept", kept - begun)
        remove_temporaries(folder)
        if path.parent.is_dir() and set(os.listdir(path.parent)) - {"journal"}:
            tally.fail("left behind", index, os.listdir(path.parent))
        try:
            found = resume(path, start.copy(), 0, draft=False)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            tally.fail("unreadable", index, work.without(folder, error))
            return
        if found.notice:
            tally.fail("said damaged", index, found.notice)
        states = _states(start, key, kept + 1000)
        fits = [number for number, mask in states if np.array_equal(mask, found.mask)]
        if not fits:
            tally.fail("other mask", index)
            return
        if fits[-1] < kept:
            tally.fail("lost", index, f"{fits[-1]} of {kept}")
        begun = fits[-1]


def _killed(
    server: subprocess.Popen[str], path: Path, shape: tuple[int, ...], begun: int,
    key: tuple[int, int], after: float,
) -> int:  # fmt: skip
    """Let a process paint and kill it; how many edits it has said to be kept."""
    assert server.stdin is not None
    assert server.stdout is not None
    notes = _notes(path)
    notes.unlink(missing_ok=True)
    server.stdin.write(json.dumps([str(path), shape, begun, key]) + "\n")
    server.stdin.flush()
    number = int(server.stdout.readline())
    while not (notes.exists() and notes.read_text()):
        time.sleep(0.001)
    time.sleep(after)
    os.kill(number, signal.SIGKILL)
    server.stdout.readline()
    # the last line may have been cut
    lines = notes.read_text().split("\n")[:-1]
    return max(map(int, lines), default=begun)


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
    """Fork a process for every line, say its number and, when it has ended, that it has."""
    for line in sys.stdin:
        path, shape, begun, key = json.loads(line)
        number = os.fork()
        if not number:
            _paint(Path(path), tuple(shape), begun, (key[0], key[1]))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        os.waitpid(number, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


def _notes(path: Path) -> Path:
    return path.parents[2] / "notes"


def _paint(path: Path, shape: tuple[int, ...], begun: int, key: tuple[int, int]) -> None:
    """What the process does until it is killed."""
    notes = os.open(_notes(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(number: int) -> None:
        os.write(notes, b"%d\n" % number)

    found = resume(path, np.zeros(shape, np.uint8), 0, draft=False)
    mask = found.mask.copy()
    numbers = [begun]  # of the edits that were handed over
    journal = Journal(found, lambda: (mask, True), print, lambda count: say(numbers[count]))
    say(begun)
    number = begun
    while True:
        number += 1
        change, kind = edit(key, number, mask.shape)
        mask[change.where] = change.values
        if kind is Kind.TOOL:  # nobody tells
            journal.compare()
            if journal.flush():
                say(number)
        else:
            numbers.append(number)
            journal.append(kind, [change])
        if number % 5 == 0:
            time.sleep(0.002)


def edit(key: tuple[int, int], number: int, shape: tuple[int, ...]) -> tuple[Change, Kind]:
    """The edit of a number: a box that gets one label."""
    rng = random.Random(f"{key} {number}")
    kind = rng.choices((Kind.STROKE, Kind.FILL, Kind.UNDO, Kind.TOOL), (8, 2, 2, 1))[0]
    ends = [sorted(rng.sample(range(size + 1), 2)) for size in shape]
    if kind is Kind.STROKE:  # in one slice
        ends[0][1] = ends[0][0] + 1
    where = tuple(slice(begin, end) for begin, end in ends)
    # every edit differs from the last ones, so that a mask tells its number
    return Change(where, None, number % 250 + 1), kind


def _states(start: np.ndarray, key: tuple[int, int], last: int) -> Iterator[tuple[int, np.ndarray]]:
    """The mask after each edit, changed in place."""
    mask = start.copy()
    yield 0, mask
    for number in range(1, last + 1):
        change, _ = edit(key, number, mask.shape)
        mask[change.where] = change.values
        yield number, mask
