"""Two lines below the training's bar: how far it is and what it takes, or what is to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from napari_alnt.widgets.parts.fixed_label import FixedLabel
from napari_alnt.widgets.parts.style import restyle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FACTS = {
    "left": ("{} left", "About the time until the training is done"),
    "device": ("{}", "Where the training computes"),
    "memory": ("{}", "Memory that the training has in use"),
    "step": ("{} a step", "Time of the newest training step"),
}
"""How each fact is written, and its tip; the first stands beside the stage."""


class JobLines(QWidget):
    """While a job runs: its stage and time left, and below them its facts, or a message.

    Between two jobs a message has both lines. The height is the same whatever is shown.

    Attributes
    ----------
    stage : how far the job is
    facts : the label of each fact
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage = FixedLabel()
        self.facts = {name: FixedLabel() for name in FACTS}
        self._short, self._long = FixedLabel(), FixedLabel(lines=2)
        self._text, self._running = "", False
        self._pages, self._below = QStackedLayout(), QStackedLayout()
        self._lay_out()
        self.say("")

    def text(self) -> str:
        """The message that is shown."""
        return self._text

    @property
    def kind(self) -> str:
        """The style of the message."""
        return str(self._long.objectName())

    def say(self, text: str, kind: str = "") -> None:
        """Show a message, or '' for none."""
        self._text = text
        for one in (self._short, self._long):
            one.setText(text)
            restyle(one, kind)
        self._turn()

    def show_job(self, stage: str, facts: Mapping[str, str], running: bool) -> None:
        """Show how far a job is; a fact that is '' is not known."""
        self.stage.setText(stage)
        for name, (words, _) in FACTS.items():
            self.facts[name].setText(words.format(facts[name]) if facts[name] else "")
        self._running = running
        self._turn()

    def _turn(self) -> None:
        self._pages.setCurrentIndex(int(bool(self._text) and not self._running))
        self._below.setCurrentIndex(int(bool(self._text)))

    def _lay_out(self) -> None:
        for name, (_, tip) in FACTS.items():
            self.facts[name].setToolTip(tip)
            # its room does not follow its text
            self.facts[name].setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        above, facts, running = QWidget(), QWidget(), QWidget()
        _row(above, (self.stage, self.facts["left"]), (3, 2))
        _row(facts, [self.facts[name] for name in ("device", "memory", "step")], (1, 1, 1))
        self._below.addWidget(facts)
        self._below.addWidget(self._short)
        lines = QVBoxLayout(running)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(above)
        lines.addLayout(self._below)
        self._pages.addWidget(running)
        self._pages.addWidget(self._long)
        self.setLayout(self._pages)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)


def _row(widget: QWidget, labels: Sequence[FixedLabel], parts: Sequence[int]) -> None:
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    for label, part in zip(labels, parts, strict=True):
        row.addWidget(label, part)
