"""How long a stroke keeps the window, and how long it takes until it is on the disk.

``python tests/robustness/stroke_times.py [FOLDER] [STROKES]`` paints on a mask of 512 × 512 × 300
voxels in a napari layer without a window, and prints both; nothing is asserted.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np

SHAPE = (300, 512, 512)


def measure(folder: Path, strokes: int = 300) -> dict[str, np.ndarray]:
    """Milliseconds of each stroke: ``window`` for the window's share, ``processor`` for what of it
    was not waiting, as for other programs, and ``disk`` until it is kept. ``control`` is what a
    loop of a similar length takes that has nothing to do with strokes: where it is slow, the
    machine is busy.

    A stroke has 40 moves of a brush of 15 voxels; every tenth is followed by an undo. From time to
    time the mask is compared as a whole.
    """
    from napari.layers import Labels
    from qtpy.QtCore import QObject
    from qtpy.QtWidgets import QApplication

    from napari_alnt.data.strokes.journal import resume
    from napari_alnt.data.strokes.journal_writer import Journal
    from napari_alnt.widgets.case import strokes as strokes_module
    from napari_alnt.widgets.case.clock import CaseClock
    from napari_alnt.widgets.case.strokes import Strokes

    with patch.dict(os.environ):  # programs that are started later do want a screen
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        app = QApplication.instance() or QApplication([])
    parent = QObject()
    mask = np.zeros(SHAPE, np.uint8)
    mask[100:200, 128:384, 128:384] = 1
    layer = Labels(mask.copy())
    layer.brush_size = 15
    kept = {0: 0.0}  # when so many strokes were on the disk
    strokes_module.Journal = partial(
        Journal, written=lambda count: kept.setdefault(count, time.perf_counter())
    )
    watch = Strokes(CaseClock(parent), parent)
    watch.begin(layer, resume(folder / "journal", mask, 0, draft=False))
    told = watch._painted
    shares: list[float] = []
    busies: list[float] = []
    controls: list[float] = []

    def timed(event: object) -> None:
        begin, busy = time.perf_counter(), time.thread_time()
        told(event)
        busies.append(1000 * (time.thread_time() - busy))
        shares.append(1000 * (time.perf_counter() - begin))

    layer.events.paint.disconnect(watch._painted)
    layer.events.paint.connect(timed)
    rng = np.random.default_rng(0)
    disk = []
    time.sleep(2)  # the base is encoded meanwhile, as while a case is looked at
    for number in range(strokes):
        z, y, x = rng.integers(20, 280, 3)
        with layer.block_history():
            for move in range(40):
                layer.paint((z, y + 3 * move, x), number % 4 + 1, refresh=False)
        begin = time.perf_counter()
        sum(range(3000))
        controls.append(1000 * (time.perf_counter() - begin))
        begin = time.perf_counter()
        while watch.journal.count not in kept:
            time.sleep(0.0005)
        disk.append(1000 * (kept[watch.journal.count] - begin))
        if number % 10 == 9:
            layer.undo()
        if number % 50 == 49:
            watch.compare()
        app.processEvents()
    layer.events.paint.disconnect(timed)
    layer.events.paint.connect(watch._painted)
    watch.flush()
    watch.end()
    lists = {"window": shares, "processor": busies, "control": controls, "disk": disk}
    return {name: np.array(times) for name, times in lists.items()}


def main(arguments: list[str]) -> None:
    """Print medians and 99th percentiles."""
    count = int(arguments[1]) if len(arguments) > 1 else 300
    with tempfile.TemporaryDirectory(dir=arguments[0] if arguments else None) as folder:
        for name, times in measure(Path(folder), count).items():
            median, high = np.percentile(times, (50, 99))
            sys.stdout.write(
                f"{name}: median {median:.3f} ms, p99 {high:.3f} ms, most {times.max():.3f} ms of"
                f" {len(times)} strokes\n"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
