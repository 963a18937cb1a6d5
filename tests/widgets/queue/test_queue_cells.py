"""How the cells of the queue are drawn: see also the names in ``test_queue``."""

from __future__ import annotations

from qtpy.QtCore import QRect, Qt
from qtpy.QtGui import QFontMetricsF
from qtpy.QtWidgets import QStyleOptionViewItem

from napari_alnt.session import QueueRow
from napari_alnt.widgets.queue.queue import QueueView


def test_a_name_is_no_wider_than_its_cell(qtbot):
    view = QueueView()
    qtbot.addWidget(view)
    view.setStyleSheet("QTableView::item { padding: 0px 4px; }")
    view.set_rows([QueueRow(f"a_long_name_of_a_case_{n}", n, "new") for n in range(20)])
    cell = view.itemDelegateForColumn(0)
    for width in (80, 120, 300):
        option = QStyleOptionViewItem()
        view.initViewItemOption(option)
        option.rect = QRect(0, 0, width, 22)
        cell.initStyleOption(option, view.source.index(3, 0))
        assert option.textElideMode == Qt.TextElideMode.ElideNone
        assert QFontMetricsF(option.font).horizontalAdvance(option.text) <= width - 8
