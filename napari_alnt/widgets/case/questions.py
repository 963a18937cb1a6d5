"""A question to the user with a button for each answer; tests put another asker in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

CANCEL = "Cancel"


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes
    ----------
    text : what was found, in one sentence, and the question
    answers : the texts of the buttons; Cancel comes with them
    """

    text: str
    answers: tuple[str, ...]


Ask = Callable[[Question], str]
"""Shows a question and returns the answer: one of its answers, or :data:`CANCEL`."""


def ask_in(window: QWidget) -> Ask:
    """What asks in a box over a window."""
    return lambda question: _show(window, question)


def _show(window: QWidget, question: Question) -> str:
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("ALNT")
    box.setText(question.text)
    buttons = {
        box.addButton(answer, QMessageBox.ButtonRole.AcceptRole): answer
        for answer in question.answers
    }
    cancel = box.addButton(CANCEL, QMessageBox.ButtonRole.RejectRole)
    # a key that is pressed twice in a hurry decides nothing
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    box.exec()
    pressed = box.clickedButton()
    answer = next((text for button, text in buttons.items() if button is pressed), CANCEL)
    box.deleteLater()
    return answer
