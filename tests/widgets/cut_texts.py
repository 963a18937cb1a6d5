"""Finds what is cut or covered in a window: texts without room, and widgets on each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qtpy.QtCore import QRect, QSize
from qtpy.QtGui import QTextDocumentFragment
from qtpy.QtWidgets import QAbstractButton, QLabel, QPushButton, QScrollBar, QWidget

from napari_alnt.widgets.parts.fixed_label import FixedLabel


def cut(top: QWidget) -> Iterator[str]:
    """What is cut of the visible labels and buttons below a widget, one sentence each.

    A :class:`FixedLabel` may shorten its text, as the whole of it stands in its tip.
    """
    for one in (*top.findChildren(QLabel), *top.findChildren(QPushButton)):
        if not one.isVisibleTo(top) or not one.text() or not one.visibleRegion():
            continue
        if isinstance(one, FixedLabel):
            whole, shown = one.text(), QLabel.text(one)
            if "…" in shown.replace(whole, "") and "…" not in whole and not one.toolTip():
                yield f"{one.text()!r} is cut and has no tip"
            continue
        need, room = _need(one), _room(one)
        if need.width() > room.width() or need.height() > room.height():
            yield f"{one.text()!r} needs {need.width()} x {need.height()}, has {room}"


def overlapping(top: QWidget) -> Iterator[str]:
    """Which visible siblings below a widget lie on each other, one sentence each."""
    for parent in (top, *top.findChildren(QWidget)):
        if not parent.isVisibleTo(top) and parent is not top:
            continue
        shown = [
            one
            for one in parent.children()
            if isinstance(one, QWidget) and one.isVisible() and not one.isWindow()
        ]
        shown = [one for one in shown if not isinstance(one, QScrollBar)]
        for place, one in enumerate(shown):
            for other in shown[place + 1 :]:
                if not _is_laid_out(parent, one, other):
                    continue
                if one.geometry().intersects(other.geometry()):
                    yield f"{_name(one)} lies on {_name(other)} in {_name(parent)}"


def _is_laid_out(parent: QWidget, *ones: QWidget) -> bool:
    """Whether a layout places both: an overlay such as the button in a search field is meant."""
    layout = parent.layout()
    return layout is not None and all(_holds(layout, one) for one in ones)


def _holds(layout: object, widget: QWidget) -> bool:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        if item.widget() is widget or (item.layout() is not None and _holds(item.layout(), widget)):
            return True
    return False


def _need(one: QLabel | QAbstractButton) -> QSize:
    """The room that the text of a label or a button takes."""
    text = one.text()
    metrics = one.fontMetrics()
    if isinstance(one, QLabel):
        if re.search(r"<\w|&\w+;", text):
            text = QTextDocumentFragment.fromHtml(text).toPlainText()
        if one.wordWrap():
            width = max(map(metrics.horizontalAdvance, text.split()), default=0)
            around = one.height() - one.contentsRect().height()
            return QSize(width, one.heightForWidth(one.width()) - around)
        width = max(map(metrics.horizontalAdvance, text.split("\n")))
        return QSize(width, metrics.lineSpacing() * text.count("\n") + metrics.ascent())
    return one.minimumSizeHint() if text else QSize()


def _room(one: QWidget) -> QRect:
    return one.rect() if isinstance(one, QAbstractButton) else one.contentsRect()


def _name(one: QWidget) -> str:
    text = getattr(one, "text", lambda: "")
    said = text() if callable(text) else ""
    return f"{type(one).__name__} {one.objectName()} {said!r} {one.geometry().getRect()}"
