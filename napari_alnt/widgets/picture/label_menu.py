"""Right-click on a label's chip: another name, another colour; kept in the project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QPoint, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QInputDialog, QMenu

from napari_alnt.data.label_looks import read_colours, recolour_label, rename_label
from napari_alnt.widgets.parts.style import CLASS_COLOURS, dot

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

    from napari_alnt.widgets.loop import Loop

HINT = "right-click for another name or colour"


class LabelMenu(QObject):
    """Reads the colours of an open project's labels, and changes their looks."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        self._loop = loop
        self._project = loop.session.project
        self._layers = loop.layers
        self._layers.palette.changed.connect(self._show)
        self._show()
        self._run(partial(read_colours, self._project), self._layers.palette.choose)

    def close(self) -> None:
        """Hear of no colours any more."""
        self._layers.palette.changed.disconnect(self._show)

    def menu(self, value: int) -> QMenu:
        """What can be changed of a label."""
        menu = QMenu(self._loop.case_bar.chips[value])
        menu.addAction("Rename …").triggered.connect(partial(self._ask_name, value))
        colours = menu.addMenu("Colour")
        assert colours is not None
        for colour in CLASS_COLOURS:
            action = colours.addAction(dot(colour, 12), colour)
            action.triggered.connect(partial(self.recolour, value, colour))
        colours.addAction("Other …").triggered.connect(partial(self._ask_colour, value))
        return menu

    def rename(self, value: int, name: str) -> None:
        """Give a label another name."""

        def renamed(names: dict[int, str]) -> None:
            self._layers.labels.update(names)
            self._show()

        def write() -> dict[int, str]:
            rename_label(self._project, value, name)
            return self._project.label_names

        self._run(write, renamed)

    def recolour(self, value: int, colour: str, *_: object) -> None:
        """Give a label another colour."""

        def write() -> dict[int, str]:
            recolour_label(self._project, value, colour)
            return read_colours(self._project)

        self._run(write, self._layers.palette.choose)

    def _run(
        self, read: Callable[[], dict[int, str]], done: Callable[[dict[int, str]], None]
    ) -> None:
        say = self._loop.case_bar.say
        failed = partial(_say_error, say)
        self._loop.correction.files.run(read, done=done, failed=failed)

    def _show(self) -> None:
        loop, layers = self._loop, self._layers
        enabled = {value: chip.isEnabled() for value, chip in loop.case_bar.chips.items()}
        loop.case_bar.set_labels(layers.labels, layers.colours, layers.ignore_label)
        for value, chip in loop.case_bar.chips.items():
            chip.setEnabled(enabled.get(value, False))
            if value in layers.labels and self._project.writable:
                chip.setToolTip(f"{chip.toolTip()}; {HINT}")
                chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
                chip.customContextMenuRequested.connect(partial(self._pop_up, value, chip))
        layers._tell_label()

    def _pop_up(self, value: int, chip: QWidget, place: QPoint) -> None:
        self.menu(value).popup(chip.mapToGlobal(place))

    def _ask_name(self, value: int, *_: object) -> None:
        before = self._layers.labels[value]
        name, given = QInputDialog.getText(
            self._loop, "Rename label", f"Name of label {value}:", text=before
        )
        if given:
            self.rename(value, name)

    def _ask_colour(self, value: int, *_: object) -> None:
        before = QColor(self._layers.colours[value])
        colour = QColorDialog.getColor(before, self._loop, f"Colour of label {value}")
        if colour.isValid():
            self.recolour(value, colour.name())


def _say_error(say: Callable[[str, str], object], error: Exception) -> None:
    say(str(error), "warn")
