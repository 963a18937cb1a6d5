"""Colours and small pieces that look alike everywhere in the dock."""

from __future__ import annotations

import math

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QWidget

from napari_alnt.session.training_facts import time_left
from napari_alnt.widgets.parts.contrast import readable

CLASS_COLOURS = (
    "#4cc9f0",
    "#ffb703",
    "#f472b6",
    "#80ed99",
    "#b197fc",
    "#ff8fa3",
    "#e9c46a",
    "#74c69d",
)
UNKNOWN_COLOUR = "#8a8f98"
# of a label that is none of the project's, which is not to be taken for unknown
OTHER_COLOUR = "#b08968"
# of no label, and neither the teacher's nor the student's
VERSION_COLOUR = "#f7ff56"
# dark enough for a light theme, and light enough for a dark one
SLICE_COLOURS = {
    "structure": "#2b83ba",
    "unknown": "#7d828a",
    "differing": "#c4690a",
    "corrected": "#2f8f4e",
}
# of the bars in the queue, likewise
WEIGHT_COLOURS = {"trust": "#2b83ba", "informativeness": "#c4690a", "weight": "#8a63c9"}
# on the picture, whatever its ground: light letters with a dark line around them
PICTURE_TEXT, PICTURE_HALO = "#f2f5f7", "#10141a"
CROSSHAIR = "#ffd166"
# a status is never told by its colour alone: the word stands beside it
STATUS_COLOURS = {
    "new": "#9aa5b1",
    "draft": "#ffb703",
    "skipped": "#5c677d",
    "flagged": "#f25c54",
    "accepted": "#6bcb77",
    "expert": "#6bcb77",
}
LOSS = "#8ecae6"
EXPERT_LOSS = "#ffb703"
DICE = "#6bcb77"

STYLE = """
QLabel#title {{ font-size: 13pt; font-weight: 600; }}
QLabel#faint {{ color: {faint}; }}
QLabel#badge {{ background: {foreground}; border-radius: 7px; padding: 1px 7px; }}
QLabel#warn {{ color: {warn}; }}
QLabel#error {{ color: {error}; }}
QPushButton {{ padding: 4px 8px; }}
QPushButton#main {{ background: {accept}; color: white; font-weight: 600; }}
QPushButton#main:hover {{ background: {accept_hover}; color: white; }}
QPushButton#main:disabled {{ background: {foreground}; color: {disabled}; }}
QPushButton#small {{ padding: 0px; }}
QPushButton:disabled {{
    color: {disabled}; background: {background};
    border: 1px solid {foreground}; padding: 3px 7px;
}}
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled, QCheckBox:disabled {{
    color: {disabled};
}}
QLineEdit {{ placeholder-text-color: {faint}; }}
QPushButton#chip {{
    padding: 2px 5px; text-align: left; background: transparent; border: 1px solid transparent;
}}
QPushButton#chip:hover {{ background: {foreground}; }}
QPushButton#chip:disabled {{
    background: transparent; border: 1px solid transparent; padding: 2px 5px;
}}
QPushButton#chip:checked {{ border: 1px solid {primary}; background: {foreground}; }}
QProgressBar {{
    min-height: 6px; max-height: 6px; border: none; border-radius: 3px; background: {foreground};
}}
QProgressBar::chunk {{ background: {accept}; border-radius: 3px; }}
QTableView {{
    border: none; background: {background}; alternate-background-color: {stripe}; color: {text};
}}
QTableView::item {{ padding: 0px 4px; }}
QTableView::item:selected {{ background: {selected}; color: {text}; }}
QHeaderView::section {{
    background: {background}; color: {faint}; border: none; padding: 3px 4px;
}}
QSplitter::handle:vertical {{ background: transparent; border-top: 1px solid {foreground}; }}
QSplitter::handle:vertical:hover {{ border-top: 2px solid {primary}; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ qproperty-drawBase: 0; background: {background}; }}
QTabBar::tab {{ padding: 4px 10px; background: {background}; color: {faint}; }}
QTabBar::tab:selected {{
    color: {text}; border-bottom: 2px solid {accept}; background: {background};
}}
"""
"""The dock's style sheet; the names in braces are colours of the theme."""


def class_colour(place: int) -> str:
    """The colour of the label that stands at ``place`` in the project's list."""
    return CLASS_COLOURS[place % len(CLASS_COLOURS)]


def pale(colour: str, part: float = 0.62) -> str:
    """A colour mixed with white; the student's contours are the teacher's in pale."""
    full = QColor(colour)
    mixed = (int(c + (255 - c) * part) for c in (full.red(), full.green(), full.blue()))
    return QColor(*mixed).name()


SOLID = Qt.BrushStyle.SolidPattern


def dot(colour: str, size: int = 9, fill: Qt.BrushStyle = SOLID) -> QIcon:
    """A round spot as an icon; one that is not solid has an edge."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen if fill == SOLID else QColor(colour))
    painter.setBrush(QBrush(QColor(colour), fill))
    painter.drawEllipse(0, 0, size - 1, size - 1)
    painter.end()
    return QIcon(pixmap)


def label(
    text: str = "", name: str = "", wrap: bool = False, parent: QWidget | None = None
) -> QLabel:
    """A text; ``name`` picks its style."""
    widget = QLabel(text, parent)
    widget.setObjectName(name)
    widget.setWordWrap(wrap)
    return widget


def button(text: str, tip: str, key: str = "", name: str = "") -> QPushButton:
    """A push button whose tooltip ends with its key."""
    widget = QPushButton(text)
    widget.setObjectName(name)
    widget.setToolTip(f"{tip}  [{key}]" if key else tip)
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return widget


def rule() -> QFrame:
    """A thin horizontal line."""
    frame = QFrame()
    frame.setFrameShape(QFrame.Shape.HLine)
    frame.setFixedHeight(1)
    return frame


def say(widget: QLabel, text: str, kind: str = "") -> None:
    """Show a sentence, or hide the label where there is none; ``kind`` is "", "faint", "warn" or
    "error".
    """
    widget.setText(text)
    widget.setVisible(bool(text))
    restyle(widget, kind)


def restyle(widget: QWidget, kind: str) -> None:
    """Give a widget another style of the style sheet."""
    # Qt looks a style up only once, so a new name has to ask for it
    if widget.objectName() != kind:
        widget.setObjectName(kind)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def duration(seconds: float) -> str:
    """Seconds in words: 45 s, 3 min, 1 h 20 min."""
    return time_left(seconds) if math.isfinite(seconds) else ""


def style_sheet(theme: str) -> str:
    """The dock's style in the colours of a napari theme."""
    return STYLE.format(**theme_colours(theme))


def theme_colours(theme: str) -> dict[str, str]:
    """The colours of the style sheet in a napari theme, each text readable on its grounds."""
    given = get_theme(theme)
    dark = given.type == "dark"
    # by its channels, as a theme may give a colour with an opacity
    colours = {
        name: "#{:02x}{:02x}{:02x}".format(*getattr(given, name).as_rgb_tuple(alpha=False))
        for name in ("background", "foreground", "primary", "text")
    }
    page, raised = colours["background"], colours["foreground"]
    stripe = "#2b3039" if dark else "#f2f2f2"
    selected = "#3d5a80" if dark else "#bcd4f2"
    return colours | {
        "stripe": stripe,
        "selected": selected,
        "text": readable(colours["text"], page, raised, stripe, selected),
        "faint": readable("#9aa3ad" if dark else "#5f6872", page, raised, stripe),
        "disabled": readable("#6a7079" if dark else "#a5abb3", page, raised),
        "warn": readable("#ffb703", page, raised),
        "error": readable("#ff8a80" if dark else "#c62828", page, raised),
        "accept": readable("#2a7f9e", "#ffffff"),
        "accept_hover": readable("#1f6c88", "#ffffff"),
    }
