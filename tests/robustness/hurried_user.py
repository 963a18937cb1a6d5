"""A user in a hurry: goes from case to case in a napari window, and does much in between."""

from __future__ import annotations

import dataclasses
import faulthandler
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from robustness import switches
from robustness.held import Held
from robustness.window import say, until, wave_away

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_alnt.widgets.loop import Loop

    Array = np.ndarray[Any, Any]


def serve() -> None:
    """Switch cases in a window, and say after each switch what is wrong and what is held."""
    faulthandler.enable()
    project, seed, count = json.loads(sys.argv[1])
    process = psutil.Process()
    user = HurriedUser(Path(project), np.random.default_rng(seed))
    for number, row in enumerate(user.switches(count), start=1):
        is_measured = number % switches.MEASURED == 0
        held = dataclasses.asdict(Held.kept(process)) if is_measured else None
        say({**row, "held": held})


class HurriedUser:
    """Has a window with an open project, and layers of his own in it.

    Parameters
    ----------
    project : its folder
    rng : what he does
    """

    def __init__(self, project: Path, rng: np.random.Generator) -> None:
        import napari

        from napari_alnt.widgets import dock

        self.rng = rng
        self.viewer = napari.Viewer()
        self.window = dock(self.viewer)
        self.own: dict[Layer, Array] = {}
        self._has_changed = False  # whether he has added or deleted layers since the last switch
        self._add_own()
        assert self.window.open_project(project)
        assert self.window.loop is not None
        self.loop: Loop = self.window.loop
        self.layers = self.loop.layers
        self.loop.open_case(next(iter(self.loop.queue.in_order())).case)
        self._shown("")

    def switches(self, count: int) -> Iterator[dict[str, Any]]:
        """The way of each switch, what was shown before it, and what was wrong after it."""
        trains = count >= switches.TRAINED
        for number in range(count):
            if trains and number == count // 3:
                self.loop.jobs.train(switches.SETTINGS)
            if trains and number == 2 * count // 3:
                self.loop.jobs.stop()
            way = str(self.rng.choice(("next", "previous", "click", "accept", "button")))
            self._disturb()
            shown = self._shown_axes
            wave_away()
            way = self._switch(way)
            predicted = self.loop.session.history.predictions
            found = switches.faults(self.layers, self.own, self.loop.correction.case in predicted)
            until(lambda: not (self._files.busy or self.loop.redraw.files.busy))
            # where layers come or go beside the user's own ones, napari warns of their units
            if wave_away() and not self._has_changed:
                found.append((switches.COMPLAINED, "a note of napari's after a switch"))
            yield {"way": way, "shown": shown, "faults": found}
        until(lambda: self.loop.jobs.status.state == "idle")
        assert self.window.close_project()
        assert set(self.viewer.layers) == set(self.own)
        self.viewer.close()

    @property
    def _shown_axes(self) -> list[str]:
        axes = [f"from {self.viewer.dims.ndisplay} axes"]
        return [*axes, "with 2 x 2 planes"] if self.loop.slices.planes.on else axes

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
            "planes": lambda: press(Qt.Key.Key_O, shift),
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
        until(lambda: bool(self.loop.queue.next_undecided(self.loop.correction.case)))

    def _shown(self, before: str) -> None:
        correction = self.loop.correction
        until(
            lambda: bool(
                correction.case not in ("", before)
                and not correction.loading
                and not correction.deciding
            )
        )

    def _disturb(self) -> None:
        """Do some of what a user does with a case before he goes on."""
        chance = self.rng.random(7)
        self._has_changed = False
        layer = self.layers.correction
        assert layer is not None
        if chance[0] < 0.4:
            layer.paint(tuple(int(self.rng.integers(size)) for size in layer.data.shape), 1)
        if chance[1] < 0.1 and (one := self._ours("teacher", "student", "image")):
            one.visible ^= True
        if chance[2] < 0.1 and (one := self._ours("teacher", "voxel trust", "image")):
            self.viewer.layers.remove(one)
            self._has_changed = True
        if chance[3] < 0.1:
            self._add_own()
        if chance[4] < 0.25:
            self.viewer.dims.roll()
        if chance[5] < (0.3 if self.loop.slices.planes.on else 0.1):
            self._ways["planes"]()
        self.viewer.dims.ndisplay = 3 if chance[6] < 0.3 else 2
        self.layers.activate()
        until(lambda: True)

    def _ours(self, *roles: str) -> Any:
        """One of our layers that are there."""
        there = [role for role in roles if self.layers.kept.is_there(role)]
        return self.layers.kept.get(str(self.rng.choice(there))) if there else None

    def _add_own(self) -> None:
        """Layers of the user's own, of two, three and four axes, all others than before."""
        self._has_changed = True
        for layer in self.own:
            self.viewer.layers.remove(layer)
        sizes = (2, 3, 16, 18)[-int(self.rng.integers(2, 5)) :]
        axes = int(self.rng.integers(2, 4))
        points = self.rng.uniform(0, 20, (5, axes))
        corners = self.rng.uniform(0, 20, (4, 2))
        made = (
            self.viewer.add_points(points, name="my points"),
            self.viewer.add_image(self.rng.integers(0, 9, sizes), name="my image"),
            self.viewer.add_shapes([corners], shape_type="polygon", name="my shape"),
        )
        self.own = {layer: np.array(layer.data) for layer in made}
