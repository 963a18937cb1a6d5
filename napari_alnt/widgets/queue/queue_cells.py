"""How the cells of the queue are drawn: names that can be told apart at every width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QFontMetricsF
from qtpy.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

if TYPE_CHECKING:
    from qtpy.QtWidgets import QTableView

    from napari_alnt.widgets.queue.queue_model import Index, QueueModel

SLACK = 1
"""Pixels that a text may be wider on the screen than it was measured."""


class NameCell(QStyledItemDelegate):
    """Draws the name of a case in the form that its column has room for."""

    def __init__(self, source: QueueModel, view: QTableView) -> None:
        super().__init__(view)
        self._source = source

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Give the cell its text."""
        super().initStyleOption(option, index)
        # cut at a place that Qt chooses, names might look the same
        option.textElideMode = Qt.TextElideMode.ElideNone
        metrics = QFontMetricsF(option.font)
        room = self._room(option)
        option.text = self._source.names.short(str(index.data()), room, metrics.horizontalAdvance)

    @staticmethod
    def _room(option: QStyleOptionViewItem) -> float:
        style = option.widget.style()
        text = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, option.widget)
        margin = style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, option, option.widget)
        return float(text.width() - 2 * (margin + 1) - SLACK)
