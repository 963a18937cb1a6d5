"""Buttons that go on in the next line."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QPushButton, QWidget

from napari_alnt.widgets.parts.flow import Flow


@pytest.fixture
def row(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    flow = Flow(parent)
    for number in range(6):
        flow.addWidget(QPushButton(f"Button {number}"))
    parent.show()
    return parent


def lines(row, width):
    row.resize(width, row.layout().heightForWidth(width))
    row.layout().activate()
    buttons = [row.layout().itemAt(place).widget() for place in range(row.layout().count())]
    assert all(button.geometry().right() < width for button in buttons)
    assert all(button.geometry().bottom() < row.height() for button in buttons)
    assert not any(
        one.geometry().intersects(other.geometry())
        for one in buttons
        for other in buttons
        if one is not other
    )
    return len({button.y() for button in buttons})


def test_the_narrower_the_more_lines(row):
    wide = sum(row.layout().itemAt(place).sizeHint().width() + 2 for place in range(6))
    assert lines(row, wide) == 1
    assert lines(row, wide // 2) in (2, 3)
    assert lines(row, row.layout().minimumSize().width()) == 6


def test_what_is_taken_out_leaves_no_gap(row):
    first = row.layout().itemAt(0).widget()
    row.layout().removeWidget(first)
    first.deleteLater()
    row.layout().activate()
    assert row.layout().count() == 5
    assert row.layout().itemAt(0).geometry().x() == 0
    assert row.layout().itemAt(9) is None
    assert row.layout().takeAt(9) is None
