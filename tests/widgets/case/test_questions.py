"""A question in a box, and the answer that comes of a click."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox, QWidget

from napari_alnt.widgets.case.questions import CANCEL, Question, ask_in


@pytest.mark.parametrize("answer", ["Show it", "Accept", CANCEL, "Escape"])
def test_the_answer_is_the_button_that_was_pressed(qtbot, answer):
    window = QWidget()
    qtbot.addWidget(window)

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert box.defaultButton().text() == CANCEL
        if answer == "Escape":
            box.reject()
        else:
            next(one for one in box.buttons() if one.text() == answer).click()

    QTimer.singleShot(0, press)
    given = ask_in(window)(Question("The correction is hidden.", ("Show it", "Accept")))
    assert given == (answer if answer in ("Show it", "Accept") else CANCEL)
