"""The bar of the open case: what it is, what to paint, and what to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QHBoxLayout, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_alnt.widgets.actions import ACTIONS, Action, Place
from napari_alnt.widgets.case.chips import Chips
from napari_alnt.widgets.case.note_field import NoteField
from napari_alnt.widgets.case.undo_line import UndoLine
from napari_alnt.widgets.case.versions_menu import VersionsMenu
from napari_alnt.widgets.parts.fixed_label import MIDDLE, FixedLabel
from napari_alnt.widgets.parts.flow import Flow
from napari_alnt.widgets.parts.style import button, label
from napari_alnt.widgets.qt import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtGui import QResizeEvent

    from napari_alnt.widgets.parts.fixed_label import Shorten

FIXED = QSizePolicy.Policy.Fixed
UNDO = "undo_decision"
OPEN_ONE = "Click a case in the queue to open it."
NOTHING: Mapping[str, str] = {}
TIME_TIP = "Time you have spent on this case; it stands still while the mouse rests"


class CaseBar(QWidget):
    """Buttons of the open case: ``asked`` carries an :class:`Action`, ``label_chosen`` a label.

    ``note_written`` carries a new note on the case, and ``note_left`` says that its field is done.
    Whatever is shown, no button moves.
    """

    asked = Signal(object)
    label_chosen = Signal(int)
    note_written = Signal(str)
    note_left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        self._name = FixedLabel("title", elide=MIDDLE)
        # the words beside it keep their room, and so does the time
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, FIXED)
        self._note = FixedLabel("faint")
        self._time = label("", "faint")
        self._time.setToolTip(TIME_TIP)
        self._paint = Chips()
        self._paint.chosen.connect(self.label_chosen)
        self.note = NoteField()
        self.note.written.connect(self.note_written)
        self.note.left.connect(self.note_left)
        self.versions = VersionsMenu(self)
        self.line = UndoLine(ACTIONS[UNDO].key_text)
        self.line.undo_asked.connect(lambda: self.asked.emit(ACTIONS[UNDO]))
        self._lay_out()
        self.set_open("", "")
        self.say(OPEN_ONE)

    @property
    def chips(self) -> dict[int, QPushButton]:
        """The chip of each label that can be painted."""
        return self._paint.chips

    @property
    def sentence(self) -> FixedLabel:
        """The sentence below the buttons."""
        return self.line.sentence

    def set_labels(
        self, labels: Mapping[int, str], colours: Mapping[int, str], unknown: int | None = None
    ) -> None:
        """Show one chip for each label of the project; ``unknown`` is the value for that."""
        self._paint.set_labels(labels, colours, unknown)

    def check_label(self, value: int) -> None:
        """Show which label is painted."""
        self._paint.check(value)

    def set_open(
        self, case: str, note: str, writable: bool = True, refused: Mapping[str, str] = NOTHING
    ) -> None:
        """Show which case is open and what its correction started from.

        Parameters
        ----------
        case : its name, or ''
        note : a few words beside it
        writable : whether anything can be changed
        refused : why actions cannot be done on it, by their ids
        """
        self._name.setText(case or "No case is open")
        self._note.setText(note)
        for name, widget in self.buttons.items():
            action = ACTIONS[name]
            why = refused.get(name, "")
            allowed = writable or not action.needs_write
            widget.setEnabled(bool(case) and allowed and not why)
            widget.setToolTip(f"{why}\n{action.full_tip}" if why else action.full_tip)
        for chip in self.chips.values():
            chip.setEnabled(bool(case) and writable)
        self.note.refuse(refused.get("flag", "" if case and writable else "Open a case first"))
        if not case:
            self._time.setText("")
            self.note.show_note("")

    def shorten_with(self, shorten: Shorten) -> None:
        """Have the name of a case made shorter as it is elsewhere, where it is too long."""
        self._name.shorten_with(shorten)

    def set_time(self, seconds: float) -> None:
        """Show the time spent."""
        self._time.setText(f"{int(seconds) // 60}:{int(seconds) % 60:02d}")

    def say(self, text: str, kind: str = "faint") -> None:
        """Show a sentence below the buttons."""
        self.line.say(text, kind)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Have the height that the rows take at this width."""
        super().resizeEvent(event)
        self._keep_height()

    def event(self, event: QEvent) -> bool:
        """Have the height that the rows take with other labels, or in another font."""
        done = bool(super().event(event))
        if event.type() == QEvent.Type.LayoutRequest:
            self._keep_height()
        return done

    def _keep_height(self) -> None:
        # a splitter asks for no height that goes with a width, and would squeeze the rows
        height = self._rows.totalHeightForWidth(self.width())
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._name, 1)
        head.addWidget(self._note)
        head.addWidget(self._time)
        rows: dict[Place, QLayout] = {
            Place.VIEW: Flow(),
            Place.DECISION: QHBoxLayout(),
            Place.STEP: QHBoxLayout(),
            Place.HISTORY: Flow(),
        }
        for action in ACTIONS.values():
            if action.place in rows:
                self.buttons[action.id] = self._add_button(rows[action.place], action)
        self._rows = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addLayout(_titled("Paint", self._paint))
        layout.addLayout(_titled("Show", rows[Place.VIEW]))
        layout.addLayout(rows[Place.DECISION])
        layout.addLayout(rows[Place.STEP])
        layout.addLayout(_titled("Steps", rows[Place.HISTORY]))
        layout.addLayout(_titled("Note", self.note))
        layout.addWidget(self.line)

    def _add_button(self, row: QLayout, action: Action) -> QPushButton:
        # the first decision is what the bar is for: it is larger than the others, and coloured
        is_main = action.place is Place.DECISION and row.count() == 0
        is_chip = action.place in (Place.VIEW, Place.HISTORY)
        style = "main" if is_main else "chip" if is_chip else ""
        widget = button(action.title, action.tip, action.key_text, style)
        widget.clicked.connect(lambda: self.asked.emit(action))
        if is_chip:
            widget.setSizePolicy(FIXED, FIXED)
        row.addWidget(widget)
        if isinstance(row, QHBoxLayout):
            # 3 : 2 for the first row; in the second all are alike
            row.setSpacing(4)
            row.setStretchFactor(widget, 3 if is_main else 2)
        return widget


def _titled(title: str, row: QWidget | QLayout) -> QHBoxLayout:
    """A row with its name before it."""
    name = label(title, "faint")
    name.setFixedSize(46, 24)
    layout = QHBoxLayout()
    layout.setSpacing(2)
    # beside the first line, where there are several
    layout.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
    if isinstance(row, QWidget):
        layout.addWidget(row, 1)
    else:
        layout.addLayout(row, 1)
    return layout
