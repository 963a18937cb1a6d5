"""Files that claim or hold far too much are refused, or read with no more memory than they need.

Each is read in a process of its own whose memory is limited; its peak and its processor time are
measured there. Attempts beyond the number of bombs begin anew.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from napari_alnt.data import mask_dice
from napari_alnt.data.images.volume import read_grid, read_labels, read_volume
from napari_alnt.errors import AlntError
from robustness.bomb_files import BOMBS, MIB
from robustness.children import environment
from robustness.result import Result, Tally
from robustness.work import Memory, folder, without

KINDS = ("untyped", "killed", "memory", "processor time", "not refused", "hung")
ROOM = 80 * MIB
"""Memory that reading may take beside the voxels."""
TIMEOUT = 300
"""Seconds after which a process is taken to wait for ever."""
SECONDS = 5.0
"""Processor time in which a bomb is refused."""
READERS: dict[str, Callable[[Path], Any]] = {
    "grid": read_grid,
    "volume": read_volume,
    "labels": read_labels,
}
LABELS = (10**8, 2**31 - 1)
"""Label values of which Dice must cost no memory."""


# running ------------------------------------------------------------------------------------------


def run(count: int, seed: int, first: int = 0) -> Result:
    """Read the bombs ``first`` to ``first + count - 1`` with three readers each."""
    tally = Tally(seed, KINDS)
    names: list[str | int] = [*BOMBS, *LABELS]
    for index in range(first, first + count):
        tally.tried()
        name = names[index % len(names)]
        if isinstance(name, int):
            _dice(name, index, tally)
            continue
        with folder() as work:
            path = BOMBS[name].write(work)
            for reader in READERS:
                _read_in_child(name, path, reader, index, tally)
    return tally.result()


def _read_in_child(name: str, path: Path, reader: str, index: int, tally: Tally) -> None:
    bomb = BOMBS[name]
    command = [sys.executable, "-m", "robustness.bombs", str(path), reader, str(bomb.limit)]
    said = f"{name}, {reader}: "
    try:
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        tally.fail("hung", index, said)
        return
    if done.returncode:
        tally.fail("killed", index, f"{said}exit code {done.returncode}, {done.stderr[-200:]}")
        return
    found = json.loads(done.stdout)
    tally.count(found["outcome"])
    takes = bomb.takes if found["outcome"] == "read" else 0
    if found["outcome"] == "untyped":
        tally.fail("untyped", index, said + found["text"])
    # labels are once more there, as whole numbers
    if found["grown"] > takes * (1.5 if reader == "labels" else 1) + ROOM:
        tally.fail("memory", index, f"{said}{found['grown'] / MIB:.0f} MiB")
    if not takes and found["seconds"] > SECONDS:
        tally.fail("processor time", index, f"{said}{found['seconds']:.1f} s")
    if found["outcome"] == "read" and not bomb.takes and reader != "grid":
        tally.fail("not refused", index, said)


def _dice(value: int, index: int, tally: Tally) -> None:
    """Dice of two small masks with a huge label."""
    one = np.zeros((20, 30, 40), np.int32)
    one[5:15] = value
    memory = Memory()
    memory.start()
    dice = mask_dice(one, np.roll(one, 5, 0))
    if not (abs(dice - 0.5) < 1e-9 and memory.grown() < ROOM):
        tally.fail("memory", index, f"Dice {dice} of {value}: {memory.grown() / MIB:.0f} MiB")


# the child ----------------------------------------------------------------------------------------


def _child(path: Path, reader: str, limit: int) -> None:
    """Read, and print what came of it as JSON."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + limit, used + limit))
    memory = Memory()
    memory.start()
    start = time.process_time()
    text = ""
    try:
        READERS[reader](path)
        outcome = "read"
    except AlntError as error:
        outcome, text = "refused", str(error)
    except BaseException as error:  # noqa: BLE001 — this is what is looked for
        outcome, text = "untyped", without(path.parent, error)
    seconds = time.process_time() - start
    found = {"outcome": outcome, "text": text, "grown": memory.grown(), "seconds": seconds}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _child(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
