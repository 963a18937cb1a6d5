"""Takes the README's pictures: opens the demo in a window, trains, corrects, and grabs the window.

xvfb-run -a -s "-screen 0 1600x1000x24" python tests/widgets/make_images.py [FOLDER]

A folder that already holds a trained demo is taken as it is, and trained on for the time the
pictures take.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import napari
from PIL import Image
from qtpy.QtWidgets import QApplication

from napari_alnt.data import read_labels
from napari_alnt.events import RankingDone
from napari_alnt.simulation import DEMO_PROJECT, Radiologist, make_demo
from napari_alnt.widgets import dock
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.loop import Loop

IMAGES = Path(__file__).parents[2] / "images"
SETTINGS = {
    "patch": "32, 32, 32",
    "epochs": 12,
    "steps_per_epoch": 20,
    "rank_every": 4,
    "test_every": 2,
}
LARGEST = 400_000


def until(what: Callable[[], object], seconds: float = 1200) -> None:
    """Let the window live until something is true."""
    end = time.monotonic() + seconds
    while not what():
        QApplication.processEvents()
        time.sleep(0.01)
        if time.monotonic() > end:
            raise TimeoutError


def rest(seconds: float) -> None:
    """Let the window live for a while."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def grab(viewer: napari.Viewer, name: str) -> None:
    """Save the window as a PNG of at most ``LARGEST`` bytes."""
    rest(1)
    path = IMAGES / f"{name}.png"
    viewer.window._qt_window.grab().save(str(path))
    if path.stat().st_size > LARGEST:
        few = Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    print(path, path.stat().st_size, "bytes", flush=True)


def demo_in(folder: Path) -> tuple[Path, dict[str, Path]]:
    """The demo's project and its true masks; made if it is not there."""
    if not (folder / DEMO_PROJECT).exists():
        make_demo(folder)
    truth = {
        path.name.split(".")[0]: path
        for path in sorted((folder / "data" / "truth").glob("*.nii.gz"))
    }
    return folder / DEMO_PROJECT, truth


def train_and_correct(loop: Loop, truth: dict[str, Path]) -> None:
    """Train from nothing through two rankings, with two cases corrected after the first."""
    rankings: list[RankingDone] = []
    loop.jobs.event_received.connect(
        lambda event: rankings.append(event) if isinstance(event, RankingDone) else None
    )
    until(lambda: rankings)
    radiologist = Radiologist(truth)
    for row in loop.session.queue()[:2]:
        radiologist.correct(loop.session, row.case)
    until(lambda: len(rankings) > 1)


def main(folder: Path) -> None:
    """Open the demo, train, and take the pictures."""
    project, truth = demo_in(folder)
    viewer = napari.Viewer(show=False)
    viewer.show()
    viewer.window._qt_window.resize(1600, 1000)  # napari has brought back the size of last time
    widget = dock(viewer)
    grab(viewer, "start")
    widget.open_project(project)
    loop = widget.loop
    assert loop is not None
    trained = loop.session.last_student() is not None and bool(loop.session.history.predictions)
    for name, value in SETTINGS.items():
        loop.form.rows[name].value = value
    loop.training.start()
    if not trained:
        train_and_correct(loop, truth)
    until(lambda: len(loop.session.history.steps) > 12 and loop.session.history.predictions)

    top = next(
        row.case for row in loop.queue.in_order() if row.case in loop.session.history.predictions
    )
    loop.open_case(top)
    until(lambda: loop.layers.opened is not None and loop.layers.opened.prediction is not None)
    until(lambda: loop.jobs.status.stage == "training")
    grab(viewer, "annotation_loop")

    assert loop.layers.opened is not None
    assert loop.layers.opened.prediction is not None
    assert loop.layers.correction is not None
    here = loop.layers.opened.prediction.slice
    loop.layers.correction.data[here] = read_labels(truth[top]).voxels[here]
    loop.layers.correction.refresh()
    loop.act(ACTIONS["trust"])
    loop.tabs.setCurrentWidget(loop.scatter)
    grab(viewer, "correction")
    loop.tabs.setCurrentWidget(loop.form)
    grab(viewer, "settings")
    viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "demo")
