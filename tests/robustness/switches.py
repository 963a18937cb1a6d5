"""A window goes from case to case, and neither dies nor loses, doubles or mixes up a layer.

An attempt is a switch in one napari window, in a process of its own. The cases differ in shape,
spacing and type; they are switched by keys, by clicks in the queue and by Accept, from two and
three displayed axes, while our layers are painted on, hidden and deleted, while layers of the
user's own lie around, and in the middle third of a run while a student is trained.
"""

from __future__ import annotations

import dataclasses
import faulthandler
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import psutil
from conftest import TINY

from napari_alnt.data import CaseFiles, Grid, Project, write_image, write_labels
from napari_alnt.errors import AlntError
from robustness import soak
from robustness.children import environment
from robustness.result import Result, Tally
from robustness.soak import Held
from robustness.work import folder, without

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_alnt.widgets.loop import Loop
    from napari_alnt.widgets.picture.layers import CaseLayers

    Array = np.ndarray[Any, Any]

LOST, DOUBLED, CHANGED = "layer lost", "layer doubled", "own layer changed"
MIXED, UNDONE = "of another case", "undo of another case"
KINDS = (
    "crashed", "stopped early", LOST, DOUBLED, CHANGED, MIXED, UNDONE, *soak.KINDS[:3]
)  # fmt: skip
SHAPES = (
    ((24, 28, 26), (3.0, 2.5, 2.0)),
    ((40, 20, 33), (1.0, 0.7, 0.7)),
    ((16, 64, 48), (5.0, 0.9, 0.9)),
    ((1, 40, 44), (4.0, 1.5, 1.5)),
    ((33, 36, 3), (0.8, 0.8, 8.0)),
)
"""Voxels and mm of the cases, in turn; a single slice and one of three columns among them."""
TYPES = (np.int16, np.uint8, np.float32, np.int32)
EXPERTS, POOL = 4, 20
SETTINGS = dataclasses.replace(TINY, epochs=100_000, steps_per_epoch=10, rank_every=5)
TRAINED = 60
"""Attempts from which on a run has a training: it takes long to begin."""
SERVER = "from robustness.switches import serve; serve()"


def run(count: int, seed: int, first: int = 0) -> Result:
    """Switch ``count`` times in one window."""
    tally = Tally(seed, KINDS)
    with folder() as work, mock.patch.dict(os.environ, soak.settings(work)):
        rows, code, error = _window(make_project(work), seed, count)
        held = [Held(**row["held"]) for row in rows]
        for index, row in enumerate(rows, start=first):
            tally.tried()
            for kind, text in row["faults"]:
                tally.fail(kind, index, f"{row['way']}: {text}")
            tally.count(row["way"])
        if len(rows) < count:
            kind = "crashed" if code < 0 or "Fatal Python error" in error else "stopped early"
            tally.fail(kind, first + len(rows), without(work, AlntError(error[-250:])))
        else:
            soak.judge(held, first, tally)
    return tally.result()


def make_project(work: Path) -> Path:
    """A project whose cases have nothing in common; its folder."""
    files = []
    for number in range(EXPERTS + POOL):
        shape, spacing = SHAPES[number % len(SHAPES)]
        grid = Grid.new(shape, spacing, origin=(number, -number, 2.0 * number))
        rng = np.random.default_rng(number)
        mask = np.zeros(shape, np.uint8)
        mask[:, 8:20, 1:14] = 1
        image = rng.integers(0, 90, shape) + 100 * mask + number
        paths = [work / f"case_{number:02d}_{kind}.nii.gz" for kind in ("image", "mask")]
        write_image(paths[0], image.astype(TYPES[number % len(TYPES)]), grid)
        write_labels(paths[1], mask, grid)
        kind = "expert" if number < EXPERTS else "teacher"
        files.append(CaseFiles(f"case_{number:02d}", paths[0], **{kind: paths[1]}))
    made = Project.create(
        work / "project", files, settings=SETTINGS, labels={1: "box"}, reference=2, test=2
    )
    made.close()
    return made.folder


def _window(project: Path, seed: int, count: int) -> tuple[list[dict[str, Any]], int, str]:
    """What a window's process said after each switch, how it ended, and its errors."""
    command = [
        *soak.screen(), sys.executable, "-c", SERVER, json.dumps([str(project), seed, count])
    ]  # fmt: skip
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as window:
        out, errors = window.communicate()
    rows = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return rows, window.returncode, errors


def faults(
    layers: CaseLayers, own: Mapping[Layer, Array], is_predicted: bool
) -> list[tuple[str, str]]:
    """What is wrong with the layers of a case that has just come into a viewer.

    Parameters
    ----------
    layers : those of the open case
    own : the user's own layers, and a copy of the data of each
    is_predicted : whether a student has said something of the case
    """
    opened, there = layers.opened, list(layers.viewer.layers)
    assert opened is not None
    ours = {role: layers.kept.get(role) for role in ("image", "correction", "teacher")}
    found = [(LOST, role) for role, layer in ours.items() if layer not in there]
    others = [one for one in there if one not in own and not layers.kept.is_ours(one)]
    found += [(DOUBLED, layer.name) for layer in others]
    for layer, data in own.items():
        if layer not in there or not np.array_equal(layer.data, data):
            found.append((CHANGED, layer.name))
    said = {"image": opened.image.voxels, "correction": opened.start, "teacher": opened.teacher}
    for role, data in said.items():
        if ours[role] is not None and not np.array_equal(ours[role].data, data):
            found.append((MIXED, role))
    for role in ("student", "voxel trust"):
        layer = layers.kept.get(role)
        if layer in there and not is_predicted and layer.data.any():
            found.append((MIXED, role))
    grid = opened.image.layer_kwargs()
    for layer in there:
        placed = (*layer.scale, *layer.translate) == (*grid["scale"], *grid["translate"])
        if layers.kept.is_ours(layer) and not placed:
            found.append((MIXED, f"place of {layer.name}"))
    before = layers.mask.copy()
    layers.correction.undo()
    if not np.array_equal(before, layers.mask):
        found.append((UNDONE, "correction"))
    return found


# the process of the window ------------------------------------------------------------------------


def serve() -> None:
    """Switch cases in a window, and say after each switch what is wrong and what is held."""
    faulthandler.enable()
    project, seed, count = json.loads(sys.argv[1])
    process = psutil.Process()
    for way, found in _Switching(Path(project), np.random.default_rng(seed)).switches(count):
        row = {"way": way, "faults": found, "held": dataclasses.asdict(Held.now(process))}
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


class _Switching:
    """A user in a hurry."""

    def __init__(self, project: Path, rng: np.random.Generator) -> None:
        import napari

        from napari_alnt.widgets import dock

        self.rng = rng
        self.viewer = napari.Viewer()
        self.window = dock(self.viewer)
        self.own: dict[Layer, Array] = {}
        self._add_own()
        assert self.window.open_project(project)
        assert self.window.loop is not None
        self.loop: Loop = self.window.loop
        self.layers = self.loop.layers
        self.loop.open_case(next(iter(self.loop.queue.in_order())).case)
        self._shown("")

    def switches(self, count: int) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """The way of each switch, and what was wrong after it."""
        trains = count >= TRAINED
        for number in range(count):
            if trains and number == count // 3:
                self.loop.jobs.train(SETTINGS)
            if trains and number == 2 * count // 3:
                self.loop.jobs.stop()
            way = str(self.rng.choice(("next", "previous", "click", "accept", "button")))
            self._disturb()
            way = self._switch(way)
            predicted = self.loop.session.history.predictions
            found = faults(self.layers, self.own, self.loop.correction.case in predicted)
            soak.until(lambda: not (self._files.busy or self.loop.redraw.files.busy))
            yield way, found
        soak.until(lambda: self.loop.jobs.status.state == "idle")
        assert self.window.close_project()
        assert set(self.viewer.layers) == set(self.own)
        self.viewer.close()

    @property
    def _files(self) -> Any:
        return self.loop.correction.files

    def _switch(self, way: str) -> str:
        """Go to another case; the way that was gone, as a queue has an end."""
        before = self.loop.correction.case
        step = {"next": 1, "previous": -1}.get(way)
        if step and not self.loop.queue.neighbour(before, step):
            way = "click"
        if way in ("accept", "button") and not self.loop.queue.next_undecided(before):
            way = "click"
            self._decide_again()
        self._ways[way]()
        self._shown(before)
        return way

    @property
    def _ways(self) -> dict[str, Callable[[], None]]:
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        from napari_alnt.widgets.viewer_adapter import canvas

        def press(key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
            QTest.keyClick(canvas(self.viewer), key, modifier)

        none, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
        control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        return {
            "next": lambda: press(Qt.Key.Key_N, none),
            "previous": lambda: press(Qt.Key.Key_N, shift),
            "accept": lambda: press(Qt.Key.Key_Return, control),
            "button": lambda: QTest.mouseClick(self.loop.case_bar.buttons["accept"], left),
            "click": self._click,
        }

    def _click(self) -> None:
        """Click another row of the queue."""
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        queue = self.loop.queue
        rows = [row.case for row in queue.in_order()]
        others = [place for place, case in enumerate(rows) if case != self.loop.correction.case]
        index = queue.model().index(int(self.rng.choice(others)), 0)
        queue.scrollTo(index)
        centre = queue.visualRect(index).center()
        QTest.mouseClick(queue.viewport(), Qt.MouseButton.LeftButton, pos=centre)

    def _decide_again(self) -> None:
        """Take all decisions back, as where every case is accepted nothing follows Accept."""
        session = self.loop.session
        for case in session.project.cases:
            if case.version and case.name != self.loop.correction.case:
                self._files.call(session.revert, case.name)
        soak.until(lambda: bool(self.loop.queue.next_undecided(self.loop.correction.case)))

    def _shown(self, before: str) -> None:
        correction = self.loop.correction
        soak.until(
            lambda: bool(
                correction.case not in ("", before)
                and not correction.loading
                and not correction.deciding
            )
        )

    def _disturb(self) -> None:
        """Do some of what a user does with a case before he goes on."""
        chance = self.rng.random(6)
        layer = self.layers.correction
        assert layer is not None
        if chance[0] < 0.4:
            layer.paint(tuple(int(self.rng.integers(size)) for size in layer.data.shape), 1)
        if chance[1] < 0.1 and (one := self._ours("teacher", "student", "image")):
            one.visible ^= True
        if chance[2] < 0.1 and (one := self._ours("teacher", "voxel trust", "image")):
            self.viewer.layers.remove(one)
        if chance[3] < 0.1:
            self._add_own()
        if chance[4] < 0.25:
            self.viewer.dims.roll()
        self.viewer.dims.ndisplay = 3 if chance[5] < 0.4 else 2
        self.layers.activate()
        soak.until(lambda: True)

    def _ours(self, *roles: str) -> Any:
        """One of our layers that are there."""
        there = [role for role in roles if self.layers.kept.is_there(role)]
        return self.layers.kept.get(str(self.rng.choice(there))) if there else None

    def _add_own(self) -> None:
        """Layers of the user's own: other axes than ours, and none of them the same as before."""
        for layer in self.own:
            self.viewer.layers.remove(layer)
        large = self.rng.integers(0, 9, (2, 3, 16, 18))
        points = self.rng.uniform(0, 20, (5, 3))
        made = (
            self.viewer.add_points(points, name="my points"),
            self.viewer.add_image(large, name="my series"),
        )
        self.own = {layer: np.array(layer.data) for layer in made}
