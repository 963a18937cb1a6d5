"""All keys on one panel."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_alnt.widgets.actions import ACTIONS
from napari_alnt.widgets.cheat_sheet import CheatSheet


@pytest.fixture
def sheet(qtbot):
    made = CheatSheet()
    qtbot.addWidget(made)
    made.turn()
    return made


def test_every_key_stands_on_it_with_what_it_does(sheet):
    texts = [widget.text() for widget in sheet.findChildren(QLabel)]
    for action in ACTIONS.values():
        assert texts.count(action.tip) == 1
        assert action.key_text in texts


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Question])
def test_it_is_closed_by_key_and_comes_again(sheet, qtbot, key):
    qtbot.keyClick(sheet, key)
    assert not sheet.isVisible()
    sheet.turn()
    assert sheet.isVisible()
    sheet.turn()
    assert not sheet.isVisible()
