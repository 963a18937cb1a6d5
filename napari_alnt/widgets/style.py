"""Colours and small pieces that look alike everywhere in the dock."""

from __future__ import annotations

import math

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QWidget

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
QLabel#warn {{ color: #ffb703; }}
QLabel#error {{ color: #ff8a80; }}
QPushButton {{ padding: 4px 8px; }}
QPushButton#main {{ background: {accept}; color: white; font-weight: 600; }}
QPushButton#main:hover {{ background: {accept_hover}; }}
QPushButton#main:disabled {{ background: {foreground}; color: {disabled}; }}
QPushButton:disabled {{ color: {disabled}; }}
QPushButton#chip {{
    padding: 2px 7px; text-align: left; background: transparent; border: 1px solid transparent;
}}
QPushButton#chip:hover {{ background: {foreground}; }}
QPushButton#chip:checked {{ border: 1px solid {primary}; background: {foreground}; }}
QProgressBar {{
    min-height: 6px; max-height: 6px; border: none; border-radius: 3px; background: {foreground};
}}
QProgressBar::chunk {{ background: {accept}; border-radius: 3px; }}
QTableView {{
    border: none; background: {background}; alternate-background-color: {stripe};
}}
QTableView::item {{ padding: 0px 4px; }}
QTableView::item:selected {{ background: {selected}; color: {text}; }}
QHeaderView::section {{
    background: {background}; color: {faint}; border: none; padding: 3px 4px;
}}
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


def dot(colour: str, size: int = 9) -> QIcon:
    """A round spot as an icon."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
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
    widget.setVisible(bool(text) or widget.sizePolicy().retainSizeWhenHidden())
    # Qt looks a style up only once, so a new name has to ask for it
    if widget.objectName() != kind:
        widget.setObjectName(kind)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def duration(seconds: float) -> str:
    """Seconds in words: 45 s, 3 min, 1 h 20 min."""
    if not math.isfinite(seconds):
        return ""
    if seconds < 60:
        return f"{max(round(seconds), 0)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def style_sheet(theme: str) -> str:
    """The dock's style in the colours of a napari theme."""
    given = get_theme(theme)
    dark = given.type == "dark"
    colours = {
        name: getattr(given, name).as_hex()
        for name in ("background", "foreground", "primary", "text")
    }
    return STYLE.format(
        **colours,
        faint="#9aa3ad" if dark else "#5f6872",
        disabled="#6a7079" if dark else "#a5abb3",
        stripe="#2b3039" if dark else "#f2f2f2",
        selected="#3d5a80" if dark else "#bcd4f2",
        accept="#2a7f9e",
        accept_hover="#3393b5",
    )
