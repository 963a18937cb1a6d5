"""Small bars in the queue: trust, informativeness and weight of a case in the newest step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import QStyle, QStyledItemDelegate

from napari_alnt.widgets.parts.style import WEIGHT_COLOURS

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex, QPersistentModelIndex
    from qtpy.QtWidgets import QStyleOptionViewItem

    from napari_alnt.session.newest_weights import NewestWeight

WEIGHTS = Qt.ItemDataRole.UserRole + 1
"""The role with the :class:`NewestWeight` of a row, or None."""
MOST = 2.0
"""The value, in means of a step, at which a bar is full; the mean is in the middle."""
BAR, GAP, MARGIN = 4.0, 2.0, 5.0
"""Height of a bar, room between two, and room at their ends, in pixels."""


class WeightBars(QStyledItemDelegate):
    """Draws three bars, the mean as a line through them; a hollow one has no weight."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw a cell."""
        style = option.widget.style()
        style.drawPrimitive(
            QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget
        )
        newest = index.data(WEIGHTS)
        if newest is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        faint = QColor(option.palette.color(option.palette.ColorRole.Text))
        faint.setAlpha(90)
        rect = QRectF(option.rect)
        middle = rect.left() + rect.width() / 2
        painter.setPen(QPen(faint, 1))
        painter.drawLine(
            round(middle), round(rect.top() + 2), round(middle), round(rect.bottom() - 2)
        )
        for bar, colour, is_hollow in bars(newest, rect):
            painter.setPen(QPen(QColor(colour), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush if is_hollow else QColor(colour))
            painter.drawRoundedRect(bar, 1, 1)
        painter.restore()


def bars(newest: NewestWeight, cell: QRectF) -> list[tuple[QRectF, str, bool]]:
    """The bars of a cell: where each is, its colour, and whether it is hollow."""
    values = {
        "trust": newest.trust,
        "informativeness": newest.informativeness,
        "weight": newest.weight,
    }
    room = cell.width() - 2 * MARGIN
    top = cell.top() + (cell.height() - 3 * BAR - 2 * GAP) / 2
    made = []
    for place, (name, value) in enumerate(values.items()):
        is_hollow = name == "weight" and newest.is_dropped
        # a hollow mark has to be seen, though its value is 0
        width = 2 * BAR if is_hollow else max(min(value / MOST, 1) * room, 1)
        bar = QRectF(cell.left() + MARGIN, top + place * (BAR + GAP), width, BAR)
        made.append((bar, WEIGHT_COLOURS[name], is_hollow))
    return made
