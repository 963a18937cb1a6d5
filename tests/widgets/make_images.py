"""Takes the README's pictures: goes through the window as the tutorial does, and grabs it.

xvfb-run -a -s "-screen 0 1600x1000x24" python tests/widgets/make_images.py [FOLDER]

A folder that already holds a trained demo is taken as it is, and trained on for the time the
pictures take.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import QPoint, QRect
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QApplication, QWidget
from scipy import ndimage

from napari_alnt.data import Array, read_labels
from napari_alnt.events import RankingDone, StepDone
from napari_alnt.session import Session
from napari_alnt.simulation import DEMO_PROJECT, Radiologist, make_demo
from napari_alnt.widgets import AnnotationLoop, dock
from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.loop import Loop
from napari_alnt.widgets.start.new_project import NewProject

IMAGES = Path(__file__).parents[2] / "images"
SETTINGS = {
    "patch": "32, 32, 32",
    "epochs": 12,
    "steps_per_epoch": 20,
    "rank_every": 4,
    "test_every": 2,
    "prefetch_cases": 10,
}
LARGEST = 400_000
SHARES = ((250, 210, 340), (170, 210, 420))
"""Heights in pixels of queue, case and training: to see the queue, and to see a tab."""
LOOKED_AT = 10
"""Cases at the top of the queue among which the one for the pictures is chosen."""
EXPERTS = 5
"""Cases of the new project that have an expert mask."""
SCANS = {"ct": "images", "gold": "truth", "auto": "teacher"}
"""Folders of the new project's files, and whence the demo's files come into them."""
FORM = {
    "images": "ct/*.nii.gz",
    "expert": "gold/{case}.nii.gz",
    "teacher": "auto/{case}.nii.gz",
    "project": "lungs",
}


def until(what: Callable[[], object], seconds: float = 1800) -> None:
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


def grab(viewer: napari.Viewer, name: str, dialog: QWidget | None = None) -> None:
    """Save the window, and a dialog in front of it, as a PNG of at most ``LARGEST`` bytes."""
    rest(2)
    picture = viewer.window._qt_window.grab()
    if dialog is not None:
        front = dialog.grab()
        room = picture.size() - front.size()
        painter = QPainter(picture)
        painter.fillRect(picture.rect(), QColor(0, 0, 0, 110))
        corner = QPoint(room.width() // 2, room.height() // 2)
        painter.drawPixmap(corner, front)
        painter.setPen(QColor(110, 120, 130))  # its frame is the desktop's, which is not grabbed
        painter.drawRect(QRect(corner, front.size()))
        painter.end()
    path = IMAGES / f"{name}.png"
    picture.save(str(path))
    if path.stat().st_size > LARGEST:
        few = Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    print(path, path.stat().st_size, "bytes", flush=True)


# the files ----------------------------------------------------------------------------------------


def demo_in(folder: Path) -> tuple[Path, dict[str, Path]]:
    """The demo's project and its true masks; made if it is not there."""
    if not (folder / DEMO_PROJECT).exists():
        make_demo(folder)
    truth = {
        path.name.split(".")[0]: path
        for path in sorted((folder / "data" / "truth").glob("*.nii.gz"))
    }
    return folder / DEMO_PROJECT, truth


def scans_in(folder: Path, data: Path) -> Path:
    """A folder with images, some expert masks and the teacher's masks, as a user would have it."""
    scans = folder / "scans"
    shutil.rmtree(scans, ignore_errors=True)
    for name, source in SCANS.items():
        (scans / name).mkdir(parents=True)
        files = sorted((data / source).glob("*.nii.gz"))
        for file in files[:EXPERTS] if name == "gold" else files:
            shutil.copy(file, scans / name)
    return scans


# what is seen -------------------------------------------------------------------------------------


def picture_new_project(viewer: napari.Viewer, widget: AnnotationLoop) -> None:
    """Fill in the form as a user would, and make the project."""
    widget.ask_for_files()
    dialog = widget.findChild(NewProject)
    assert dialog is not None
    for name, text in FORM.items():
        dialog.rows[name].field.setText(text)
    until(lambda: dialog.looker.complete, 300)
    grab(viewer, "new_project", dialog)
    dialog.make.click()
    until(dialog.anyway.isVisible, 300)
    dialog.anyway.click()
    until(lambda: widget.loop, 300)
    widget.close_project()


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


def most_telling(session: Session) -> tuple[str, int]:
    """The case of the queue's top, and its slice, in which the masks of teacher and student both
    differ and overlap most: by the smaller of the two numbers of voxels.
    """
    best = (-1, "", 0)
    for row in session.queue()[:LOOKED_AT]:
        predicted = session.history.predictions.get(row.case)
        if predicted is None:
            continue
        case = session.project.case(row.case)
        teacher = session.project.teacher(case)
        assert teacher is not None
        image = session.project.image(case)
        student = read_labels(session.project.folder / predicted.student, like=image).voxels
        differ = _voxels((teacher.voxels > 0) != (student > 0))
        tells = np.minimum(differ, _voxels((teacher.voxels > 0) & (student > 0)))
        best = max(best, (int(tells.max()), row.case, int(tells.argmax())))
    assert best[1], "no case at the top has a student's mask"
    return best[1], best[2]


def _voxels(mask: Array) -> Array:
    """How many voxels of each slice are in a mask (Z, Y, X)."""
    return np.count_nonzero(mask, axis=(1, 2))


def paint_truth(loop: Loop, truth: Array, slice_: int) -> None:
    """Correct one slice, as with the brush: it can be undone, and is kept as a draft."""
    layer = loop.layers.correction
    assert layer is not None
    wanted = truth[slice_]
    y, x = np.nonzero(wanted != layer.data[slice_])
    layer.data_setitem((np.full(len(y), slice_), y, x), wanted[y, x])


def inside(mask: Array, slice_: int) -> tuple[int, int, int]:
    """The voxel of a slice that lies deepest in a mask."""
    depth = ndimage.distance_transform_edt(mask[slice_] > 0)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return slice_, int(y), int(x)


def picture_case(viewer: napari.Viewer, loop: Loop, truth: dict[str, Path]) -> None:
    """The case that tells most: as it opens, corrected, in three planes, and beside the tabs."""
    case, slice_ = most_telling(loop.session)
    print("pictures of", case, "slice", slice_, flush=True)
    loop.open_case(case)
    until(lambda: loop.layers.opened is not None and loop.layers.opened.prediction is not None)
    loop.slices.go(slice_)
    true = read_labels(truth[case]).voxels
    paint_truth(loop, true, slice_)
    until(loop.slices.legend.widget.isVisible)
    loop.panes.setSizes([*SHARES[0]])
    grab(viewer, "annotation_loop")
    loop.act(ACTIONS["planes"])
    loop.slices.planes.main.go(inside(true, slice_))
    grab(viewer, "planes")
    loop.act(ACTIONS["planes"])
    loop.slices.go(slice_)
    loop.act(ACTIONS["trust"])
    loop.tabs.setCurrentWidget(loop.scatter)
    grab(viewer, "correction")
    loop.act(ACTIONS["trust"])
    for name, page in (("weights", loop.shares), ("settings", loop.form)):
        loop.panes.setSizes([*SHARES[1]])
        loop.tabs.setCurrentWidget(page)
        grab(viewer, name)


def main(folder: Path) -> None:
    """Go through the window, and take the pictures."""
    folder = folder.resolve()
    project, truth = demo_in(folder)
    os.environ.setdefault("NAPARI_ALNT_CONFIG", str(folder / "config"))
    os.chdir(scans_in(folder, folder / "data"))
    viewer = napari.Viewer(show=False)
    viewer.show()
    viewer.window._qt_window.resize(1600, 1000)  # napari has brought back the size of last time
    widget = dock(viewer)
    picture_new_project(viewer, widget)
    widget.open_project(project)
    widget.close_project()
    grab(viewer, "start")  # with both projects on its list
    widget.open_project(project)
    loop = widget.loop
    assert loop is not None
    trained = loop.session.last_student() is not None and bool(loop.session.history.predictions)
    for name, value in SETTINGS.items():
        loop.form.rows[name].value = value
    steps: list[StepDone] = []
    loop.jobs.event_received.connect(
        lambda event: steps.append(event) if isinstance(event, StepDone) else None
    )
    loop.training.start()
    if not trained:
        train_and_correct(loop, truth)
        steps.clear()
    # the queue's bars show what a training makes of the cases now
    until(lambda: len(steps) > 12 and loop.session.history.predictions)
    picture_case(viewer, loop, truth)
    viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "demo")
