"""The settings as a form, derived from :class:`napari_alnt.settings.Settings`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, get_args, get_origin

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit, SpinBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QFormLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_alnt.errors import AlntError
from napari_alnt.settings import HINTS, Settings, choices
from napari_alnt.widgets.style import label, say

if TYPE_CHECKING:
    from magicgui.widgets.bases import ValueWidget


class SettingsForm(QWidget):
    """One row for each setting, with its range and help; what it holds applies to the next run."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.base = settings
        self.rows = {
            item.name: _widget(item, getattr(settings, item.name))
            for item in dataclasses.fields(Settings)
        }
        self.fresh = QCheckBox("Begin anew instead of going on")
        self.fresh.setToolTip("The next run starts with a new network; the runs before are kept.")
        self.sentence = label("", "error", wrap=True)
        self._box = QWidget()
        form = QFormLayout(self._box)
        form.setContentsMargins(0, 0, 6, 0)
        form.setSpacing(3)
        for name, row in self.rows.items():
            title = label(name.replace("_", " ").capitalize(), "faint")
            title.setToolTip(row.tooltip or "")
            form.addRow(title, row.native)
            row.changed.connect(self._check)  # a mistake is said where it is made, not at the start
        self._lay_out(self._box)

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
        self.fresh.setEnabled(writable)

    def _check(self) -> None:
        try:
            self.value()
        except AlntError as error:
            say(self.sentence, str(error), "error")
        else:
            say(self.sentence, "These settings apply from the next start.", "faint")

    def _lay_out(self, form: QWidget) -> None:
        area = QScrollArea()
        area.setWidget(form)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(area)
        layout.addWidget(self.fresh)
        layout.addWidget(self.sentence)
        say(self.sentence, "")


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
