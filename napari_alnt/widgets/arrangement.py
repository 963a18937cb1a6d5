"""How the parts of a project's window stand, hear of each other, and are drawn."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QDockWidget, QVBoxLayout, QWidget

from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.case import case_actions
from napari_alnt.widgets.cheat_sheet import CheatSheet
from napari_alnt.widgets.keys import bind_keys
from napari_alnt.widgets.opening import readers
from napari_alnt.widgets.parts.panes import Panes, scrolled
from napari_alnt.widgets.parts.style import rule
from napari_alnt.widgets.redraw import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_alnt.widgets.loop import Loop

NARROWEST = 400
"""Width in pixels below which the buttons of the dock would be cut."""
WIDEST = 560
"""Width above which the dock is not made by itself."""
SHARE = 0.31
"""Of the window's width, that the dock takes by itself: the room is the image's."""


def connect(loop: Loop) -> None:
    """Let the parts of the window hear of each other."""
    loop.header.ranking_changed.connect(loop._rerank)
    loop.queue.chosen.connect(loop.open_case)
    loop.queue_panel.search_with(QKeySequence.StandardKey.Find, loop)
    loop.curves.chosen.connect(loop.open_case)
    loop.scatter.chosen.connect(loop.open_case)
    loop.scatter.selected.connect(loop.queue.show_only)
    loop.queue_panel.filter.changed.connect(loop.scatter.follow_filter)
    loop.shares.chosen.connect(loop.open_case)
    loop.report.failed.connect(partial(loop.training.say, kind="error"))
    loop.case_bar.asked.connect(loop.act)
    loop.case_bar.label_chosen.connect(loop.layers.choose_label)
    loop.case_bar.note_written.connect(partial(case_actions.write_note, loop))
    loop.case_bar.note_left.connect(viewer_adapter.canvas(loop.viewer).setFocus)
    decider, line = loop.correction.decider, loop.case_bar.line
    decider.made_one.connect(lambda made: line.decide(made.sentence, made.kind))
    decider.took_back.connect(line.tell)
    loop.case_bar.shorten_with(partial(_short, loop))
    loop.layers.label_changed.connect(loop.case_bar.check_label)
    loop.correction.opened.connect(loop._case_opened)
    loop.correction.message.connect(loop.case_bar.say)
    loop.correction.deciding_changed.connect(loop._show_state)
    loop.correction.kept.connect(loop.header.show_notice)
    loop.correction.clock.ticked.connect(loop.case_bar.set_time)
    loop.jobs.event_received.connect(loop._take_event)
    loop.tabs.currentChanged.connect(loop.redraw.draw)
    loop.viewer.mouse_move_callbacks.append(loop._touch)
    # not a key of the viewer: napari cannot tell what Shift makes of a key that is no letter
    QShortcut(QKeySequence("?"), loop).activated.connect(loop.sheet.turn)
    loop.case_bar.versions.taken_up.connect(partial(case_actions.take_up, loop))
    loop.case_bar.versions.compared.connect(partial(case_actions.compare, loop))
    bind_keys(loop.viewer, loop._press)


def lay_out(loop: Loop) -> None:
    """Put the parts of the window into their places."""
    pages = {
        "Curves": loop.curves,
        "Trust": loop.scatter,
        "Shares": loop.shares,
        "Settings": loop.form,
    }
    for title, page in pages.items():
        loop.tabs.addTab(page, title)
    loop.tabs.setCornerWidget(loop.report)
    work = _column(loop.training, loop.tabs, grows=1)
    loop.panes = Panes((loop.queue_panel, loop.case_bar, work), (3, 0, 2))
    loop.sheet = CheatSheet(loop)
    content = _column(loop.header, rule(), loop.panes, grows=2)
    content.setContentsMargins(10, 6, 10, 8)
    content.setMinimumWidth(NARROWEST)
    layout = QVBoxLayout(loop)
    layout.setContentsMargins(0, 0, 0, 0)
    area = scrolled(content)
    layout.addWidget(area)
    # the bar beside it comes and goes
    loop.setMinimumWidth(NARROWEST + area.verticalScrollBar().sizeHint().width())


def widen(loop: Loop) -> None:
    """Give the dock the width that suits the window, where it is narrower."""
    window = viewer_adapter.main_window(loop.viewer)
    frame = loop.parentWidget()
    while frame is not None and not isinstance(frame, QDockWidget):
        frame = frame.parentWidget()
    wanted = min(max(int(SHARE * window.width()), loop.minimumWidth()), WIDEST)
    if frame is not None and frame.width() < wanted:
        window.resizeDocks([frame], [wanted], Qt.Orientation.Horizontal)


def _column(*widgets: QWidget, grows: int) -> QWidget:
    """Widgets one above the other, of which one takes the height that is left."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(5)
    for place, widget in enumerate(widgets):
        layout.addWidget(widget, int(place == grows))
    return column


def _short(loop: Loop, case: str, room: float, measure: Callable[[str], float]) -> str:
    """The name of a case as the queue shortens it; '' if it is in none of its rows."""
    names = loop.queue.source.names
    return names.short(case, room, measure) if names.has(case) else ""


def _draw_shares(loop: Loop) -> None:
    order = [row.case for row in loop._by_priority]
    loop.shares.redraw(loop.session.history.shares, order, loop.correction.case)


def draw(loop: Loop, first: Mapping[Part, Any]) -> None:
    """Say how each part of the window is drawn, and after which changes."""
    session = loop.session
    history = session.history
    add = loop.redraw.add
    read = readers(session, lambda: loop._ranking)
    add(Part.QUEUE, loop._draw_queue, read[Part.QUEUE])
    add(Part.HEADER, loop._show_overview, read[Part.HEADER])
    add(Part.NOISE, loop.queue_panel.show_noise, read[Part.NOISE])
    add(Part.STUDENT, loop.training.show_student, read[Part.STUDENT])
    add(Part.FLAGS, partial(case_actions.show_flags, loop), read[Part.FLAGS])
    add(Part.TRAINING, loop._draw_training)
    add(Part.CURVES, lambda: loop.curves.redraw(history), seen=loop.curves)
    add(Part.SCATTER, loop._draw_scatter, seen=loop.scatter)
    add(Part.SHARES, partial(_draw_shares, loop), seen=loop.shares)
    queue = Part.QUEUE | Part.HEADER | Part.SCATTER | Part.SHARES
    for signal, parts in (
        (session.case_changed, queue | Part.NOISE | Part.FLAGS),
        (session.queue_changed, queue),
        (session.run_changed, queue | Part.NOISE | Part.STUDENT | Part.TRAINING),
        (session.settings_changed, queue | Part.NOISE),
        (history.steps_changed, Part.CURVES | Part.SCATTER),
        (history.tests_changed, Part.CURVES),
        (history.restarted, Part.CURVES | Part.SCATTER | Part.SHARES),
        (history.scores_changed, Part.NOISE | Part.SCATTER),
        (history.case_changed, Part.NOISE | Part.SCATTER),
    ):
        loop.redraw.follow(signal, parts)
    loop.redraw.failed.connect(loop.header.show_error)
    loop.redraw.recovered.connect(loop.header.show_notice)
    loop.redraw.start(first)
