"""The settings as a form, derived from :class:`napari_alnt.settings.Settings`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, get_args, get_origin

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit, SpinBox
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_alnt.errors import AlntError
from napari_alnt.settings import FIRST, HINTS, Settings, choices
from napari_alnt.widgets.parts.fixed_label import FixedLabel
from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.parts.style import label

if TYPE_CHECKING:
    from magicgui.widgets.bases import ValueWidget

APPLIES = "These settings apply from the next start."
NONE_FOUND = "No setting has these words; try fewer letters."
EDITOR = 150
"""Pixels of the place where a value is entered."""


class SettingsForm(QWidget):
    """The settings that matter most, in words; all others behind a button, and a search over all.

    What the form holds applies to the next run.
    """

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.base = settings
        fields = dataclasses.fields(Settings)
        self.rows = {item.name: _widget(item, getattr(settings, item.name)) for item in fields}
        self.places = {item.name: _Row(item, self.rows[item.name]) for item in fields}
        self.search = QLineEdit()
        self.search.setPlaceholderText(f"Search all {len(fields)} settings")
        self.search.setClearButtonEnabled(True)
        self.all = QPushButton("All settings")
        self.all.setToolTip("Show all settings, not only those that matter most")
        self.all.setCheckable(True)
        self.fresh = QCheckBox("Begin anew instead of going on")
        self.fresh.setToolTip("The next run starts with a new network; the runs before are kept.")
        self.message = Message(2)
        self._box = QWidget()
        self._nothing = label("", "faint", wrap=True)
        self._lay_out()
        self.search.textChanged.connect(self.show_rows)
        self.all.toggled.connect(self.show_rows)
        for row in self.rows.values():
            row.changed.connect(self._check)  # a mistake is said where it is made, not at the start
        self.show_rows()

    def value(self) -> Settings:
        """The settings in the form.

        Raises
        ------
        AlntError
            If one of them is not allowed.
        """
        # on top of the project's settings, so that a row that is missing here keeps its value
        values = {name: _read(name, row.value) for name, row in self.rows.items()}
        return Settings.from_dict(values, self.base)

    def set_enabled(self, writable: bool) -> None:
        """Let settings be changed or only read."""
        self._box.setEnabled(writable)

    @property
    def shown(self) -> tuple[str, ...]:
        """The settings that are shown, from the top."""
        return tuple(name for name in _order() if not self.places[name].isHidden())

    def show_rows(self, *_: object) -> None:
        """Show the rows that were searched for, or those that matter most, or all."""
        words = self.search.text().lower().split()
        found = [name for name, place in self.places.items() if place.has(words)]
        wanted = found if words else [*self.rows] if self.all.isChecked() else [*FIRST]
        for name, place in self.places.items():
            place.setVisible(name in wanted)
        self._nothing.setText("" if wanted else NONE_FOUND)

    def _check(self) -> None:
        try:
            self.value()
        except AlntError as error:
            self.message.say(str(error), "error")
        else:
            self.message.say(APPLIES)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.search, 1)
        above.addWidget(self.all)
        rows = QVBoxLayout(self._box)
        rows.setContentsMargins(0, 0, 6, 0)
        rows.setSpacing(6)
        for name in _order():
            rows.addWidget(self.places[name])
        rows.addWidget(self._nothing)
        rows.addWidget(self.fresh)
        rows.addStretch()
        area = QScrollArea()
        area.setWidget(self._box)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(above)
        layout.addWidget(area, 1)
        layout.addWidget(self.message)


class _Row(QWidget):
    """One setting: its title, the place for its value, and a sentence below."""

    def __init__(self, item: dataclasses.Field[Any], editor: ValueWidget[Any]) -> None:
        super().__init__()
        name = item.name.replace("_", " ")
        help_text = str(item.metadata["help"])
        title, sentence = FIRST.get(item.name, (name.capitalize(), help_text))
        self._words = f"{title} {sentence} {name} {item.name} {help_text}".lower()
        self.title = FixedLabel(name="")
        self.title.setText(title)
        self.title.setToolTip(f"{help_text} (On the command line: --{item.name.replace('_', '-')})")
        self.sentence = label(sentence, "faint", wrap=True)
        editor.native.setFixedWidth(EDITOR)
        editor.native.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        editor.native.installEventFilter(self)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(editor.native, 0, 1)
        grid.addWidget(self.sentence, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    def has(self, words: list[str]) -> bool:
        """Whether the row is about all of these words."""
        return all(word in self._words for word in words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the wheel scroll the form, and change no value that nobody has clicked."""
        focused = isinstance(watched, QWidget) and watched.hasFocus()
        if event.type() == QEvent.Type.Wheel and not focused:
            event.ignore()
            return True
        return False


def _order() -> list[str]:
    """The names of the settings from the top: those that matter most, and then the others."""
    names = [item.name for item in dataclasses.fields(Settings)]
    return [*FIRST, *(name for name in names if name not in FIRST)]


def _widget(item: dataclasses.Field[Any], value: Any) -> ValueWidget[Any]:
    hint = HINTS[item.name]
    low = item.metadata["low"]
    high = item.metadata["high"]
    common = {"name": item.name, "tooltip": item.metadata["help"]}
    if allowed := choices(hint):
        return ComboBox(value=value, choices=list(allowed), **common)
    if hint is bool:
        return CheckBox(value=value, text=" ", **common)
    if hint is int:
        return SpinBox(value=value, min=int(low), max=int(high), **common)
    if hint is float:
        # magicgui's own step of 1 would leave the range of a share at the first click
        return FloatSpinBox(value=value, min=low, max=high, step=10 ** _digits(value), **common)
    # what may be None, or is three numbers, is written by hand and read again by _read
    text = ", ".join(f"{number:g}" for number in value) if isinstance(value, tuple) else value or ""
    return LineEdit(value=text, **common)


def _digits(value: float) -> int:
    """The power of ten of the last digit that matters: −3 for 0.002, −2 for 0.75."""
    power = 0
    while power > -6 and abs(value * 10**-power - round(value * 10**-power)) > 1e-9:
        power -= 1
    return min(power, -1)


def _read(name: str, value: Any) -> Any:
    """The value of a row as the settings hold it; numbers in a line of text become a tuple."""
    hint = HINTS[name]
    if hint is str or not isinstance(value, str) or choices(hint):
        return value
    if not value.strip():
        return None
    try:
        return tuple(map(_number_type(hint), value.replace(",", " ").split()))
    except ValueError:
        return value  # the settings' own check says what is wrong with it


def _number_type(hint: Any) -> type:
    """What the tuple of a setting is made of: int for patch, float for spacing."""
    for option in (hint, *get_args(hint)):
        if get_origin(option) is tuple:
            return get_args(option)[0]  # type: ignore[no-any-return]
    return float
