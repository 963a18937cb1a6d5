"""The versions of the open case in a menu: take one up again, or compare it as outlines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMenu, QWidget

from napari_alnt.widgets.case.version_words import words
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from napari_alnt.data import LabelVersion


class VersionsMenu(QMenu):
    """``taken_up`` carries the number of a version to accept again, ``compared`` of one to show."""

    taken_up = Signal(int)
    compared = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)

    def fill(
        self,
        versions: Sequence[LabelVersion],
        now: int,
        shown: Collection[int] = (),
        refused: str = "",
    ) -> None:
        """List versions, the newest first.

        Parameters
        ----------
        versions : oldest first
        now : number of the one that is in use, 0 for none
        shown : numbers of those whose outlines are shown
        refused : why none can be taken up again, or ''
        """
        self.clear()
        if not versions:
            self.addAction("No mask of this case has been accepted yet").setEnabled(False)
        for version in reversed(versions):
            number = version.number
            entry = self.addMenu(words(version, now).replace("&", "&&"))
            entry.setToolTipsVisible(True)
            again = entry.addAction("Accept again, as a new version")
            why = "It is the one in use." if number == now else refused
            again.setEnabled(not why)
            again.setToolTip(why or "All versions between stay in the list")
            again.triggered.connect(partial(self._tell, self.taken_up, number))
            compare = entry.addAction("Show as outlines")
            compare.setCheckable(True)
            compare.setChecked(number in shown)
            compare.setToolTip("A layer of its own, which goes with the case")
            compare.triggered.connect(partial(self._tell, self.compared, number))

    @staticmethod
    def _tell(signal: Signal, number: int, *_: object) -> None:
        signal.emit(number)
