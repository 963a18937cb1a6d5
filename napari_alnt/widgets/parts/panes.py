"""The parts of the dock share its height, and remember how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QFrame, QScrollArea, QSplitter, QWidget

from napari_alnt.data import local
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QHideEvent, QResizeEvent

    from napari_alnt.errors import AlntError

KEY = "splitter"
"""Under which name the heights are kept for the user."""
PAUSE = 400
"""Milliseconds after the last move until the heights are saved."""


class Panes(QSplitter):
    """Widgets one above the other, with handles between them.

    Parameters
    ----------
    parts : the widgets
    shares : how they share the height that is left
    """

    def __init__(
        self, parts: Sequence[QWidget], shares: Sequence[int], parent: QWidget | None = None
    ) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._files = FileWorker(self)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(9)
        for place, (part, share) in enumerate(zip(parts, shares, strict=True)):
            self.addWidget(part)
            self.setStretchFactor(place, share)
        self._pause = QTimer(self, interval=PAUSE, singleShot=True)
        self._pause.timeout.connect(self._save)
        self._parts, self._shares = tuple(parts), tuple(shares)
        self._heights = checked(local.load(KEY), len(parts))
        if self._heights:
            self.setSizes(self._heights)
        self.splitterMoved.connect(self._take)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height out anew, until the user has done so."""
        super().resizeEvent(event)
        if not self._heights:
            least = [
                max(part.minimumHeight(), part.minimumSizeHint().height()) for part in self._parts
            ]
            handles = self.handleWidth() * (len(self._parts) - 1)
            wanted = self._parts[0].sizeHint().height()
            self.setSizes(shared_out(self.height() - handles, least, wanted, self._shares))

    def hideEvent(self, event: QHideEvent) -> None:
        """What was moved just now is saved before the window goes."""
        if self._pause.isActive():
            self._save()
        super().hideEvent(event)

    def _take(self, *_: int) -> None:
        self._heights = self.sizes()
        self._pause.start()

    def _save(self) -> None:
        self._pause.stop()
        # how the window looks is not worth an error where it cannot be kept
        self._files.run(local.save, KEY, self.sizes(), done=_nothing, failed=_nothing)


def scrolled(widget: QWidget) -> QScrollArea:
    """An area in which a widget can be scrolled up and down where it is too high."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def shared_out(height: int, least: Sequence[int], wanted: int, shares: Sequence[int]) -> list[int]:
    """Heights of parts: what each needs, then what the first one wants, then by shares."""
    heights = list(least)
    heights[0] += max(min(wanted - heights[0], height - sum(heights)), 0)
    left = max(height - sum(heights), 0)
    return [one + left * share // sum(shares) for one, share in zip(heights, shares, strict=True)]


def checked(found: Any, count: int) -> list[int]:
    """Heights from a file that anybody may have edited; none where they are not so many."""
    is_list = isinstance(found, list) and len(found) == count
    if is_list and all(type(height) is int and 0 <= height < 10_000 for height in found):
        return list(found)
    return []


def _nothing(_: AlntError | None) -> None:
    """Nothing follows."""
