"""One open project in the dock: everything between the queue and the training."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, QTimer
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_alnt.errors import AlntError
from napari_alnt.events import Predicted, Started
from napari_alnt.session.jobs import JobController
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.actions import Action, bind_keys, unbind_keys
from napari_alnt.widgets.case_bar import CaseBar
from napari_alnt.widgets.correction import Correction
from napari_alnt.widgets.form import SettingsForm
from napari_alnt.widgets.header import ProjectHeader
from napari_alnt.widgets.layers import CaseLayers
from napari_alnt.widgets.opening import readers
from napari_alnt.widgets.plots import Curves, Scatter
from napari_alnt.widgets.queue import QueueView
from napari_alnt.widgets.redraw import Part, Redraw
from napari_alnt.widgets.style import label, rule, say
from napari_alnt.widgets.training import TrainingPanel
from napari_alnt.widgets.worker import listen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import napari

    from napari_alnt.events import Event
    from napari_alnt.session import QueueRow
    from napari_alnt.widgets.opening import Opened

WIDTH = 500
"""Width in pixels below which the queue's columns would be cut."""
WATCH = 300
"""Milliseconds between two looks at whether another program holds the project's table."""


class Loop(QWidget):
    """Header, queue, case bar, training, and tabs with curves, scatter and settings."""

    layers: CaseLayers
    correction: Correction

    def __init__(self, viewer: napari.Viewer, opened: Opened) -> None:
        super().__init__()
        self.viewer = viewer
        self.session = session = opened.session
        project = session.project
        settings = opened.settings
        self._ranking = settings.ranking
        self.layers = CaseLayers(viewer, dict(opened.labels), settings.ignore_label)
        self.correction = Correction(session, self.layers, self)
        # the controller knows no Qt; how an engine is heard in this thread is handed to it
        self.jobs = JobController(session, partial(listen, parent=self), self.correction.files.run)
        self.redraw = Redraw(self)
        self.header = ProjectHeader(project, settings.ranking, opened.notices)
        self.queue = QueueView()
        self.noise = label("", "faint", wrap=True)
        say(self.noise, "", "faint")  # no line for it before it is known
        self.case_bar = CaseBar()
        self.case_bar.set_labels(self.layers.labels, self.layers.colours)
        self.form = SettingsForm(settings)
        self.form.set_enabled(project.writable)
        self.training = TrainingPanel(self.jobs, self.form)
        self.curves = Curves()
        self.scatter = Scatter()
        self.tabs = QTabWidget()
        _lay_out(self)
        self._connect()
        _draw(self, opened.first)
        # SQLite does not say when it begins to wait
        self._watch = QTimer(self, interval=WATCH)
        self._watch.timeout.connect(self._look_at_table)
        self._watch.start()

    # the open case --------------------------------------------------------------------------------

    def open_case(self, case: str) -> None:
        """Open a case; it is read in the background."""
        if case and case not in (self.correction.case, self.correction.loading):
            self.queue.select(case)
            self.case_bar.set_open(case, "opening …", False)
            self.correction.open(case)

    def act(self, action: Action) -> None:
        """Do what a button or key says; what would change a read-only project is not done."""
        if self.session.project.writable or not action.needs_write:
            action.run(self)

    def open_neighbour(self, step: int) -> None:
        """Open the case that stands ``step`` rows below the open one."""
        self.open_case(self.queue.neighbour(self.correction.case, step))

    def decide(self, decision: Callable[[Callable[[], None]], bool]) -> None:
        """Make a decision about the open case, and go on to the next case that needs one."""
        # asked before, as the decided case takes another place in the queue
        decision(partial(self._go_on, self.queue.next_undecided(self.correction.case)))

    def _go_on(self, following: str) -> None:
        self.redraw.draw()
        if following:
            self.open_case(following)
        else:
            self.case_bar.say("The queue is done: every case is accepted or skipped.", "faint")

    def keep_work(self) -> bool:
        """Whether unsaved work is on the disk now; if it cannot be written, the note says why."""
        self.case_bar.say("Saving …")
        try:
            self.correction.keep()
        except AlntError as error:
            self.header.show_error(str(error))
            self.case_bar.say("")
            return False
        self.case_bar.say("")
        return True

    def _case_opened(self, case: str) -> None:
        self.queue.select(case)
        self.redraw.mark(Part.SCATTER)
        self._show_state()
        if self.layers.opened is None:
            return
        viewer_adapter.canvas(self.viewer).setFocus()  # a click in the queue has taken it
        self.jobs.request_prediction(case)

    def _show_state(self) -> None:
        """Show which case is open, and what is being done to it."""
        opened = self.layers.opened
        if opened is None:
            self.case_bar.set_open("", "")
        elif self.correction.deciding:
            self.case_bar.set_open(opened.case.name, self.correction.deciding, False)
        else:
            origin = f"from {opened.origin}"
            self.case_bar.set_open(opened.case.name, origin, self.session.project.writable)

    def _look_at_table(self) -> None:
        self.header.show_waiting(self.session.project.table.waiting)

    def _take_event(self, event: Event) -> None:
        if isinstance(event, Predicted):
            self.correction.take_prediction(event)
        if isinstance(event, Started):
            self.header.show_device(event.device)
        self.redraw.mark(Part.TRAINING)

    # drawing --------------------------------------------------------------------------------------

    def _draw_queue(self, rows: tuple[QueueRow, ...]) -> None:
        self.queue.set_rows(rows)
        self.redraw.mark(Part.SCATTER)

    def _draw_scatter(self) -> None:
        self.scatter.redraw(self.session.history, self.queue.source.rows, self.correction.case)

    def _rerank(self, ranking: str) -> None:
        self._ranking = ranking
        self.header.show_notice()
        self.redraw.mark(Part.QUEUE | Part.SCATTER)
        self.redraw.draw()

    # wiring ---------------------------------------------------------------------------------------

    def shutdown(self, alive: bool) -> None:
        """Keep unsaved work, end the engine, and let go of the project and the viewer.

        The window is drawn meanwhile, if it is ``alive`` and not about to go itself.

        Raises
        ------
        AlntError
            If the work could not be kept; its layer stays in the viewer, and all else is done even
            so.
        """
        self.redraw.stop()
        unbind_keys(self.viewer)
        if self._touch in self.viewer.mouse_move_callbacks:
            self.viewer.mouse_move_callbacks.remove(self._touch)
        try:
            self.correction.close(alive)
        finally:
            self.jobs.close()
            with suppress(AlntError):
                self.redraw.files.settle(alive)
            self._close_session(alive)

    def _close_session(self, alive: bool) -> None:
        try:
            # the window listens no more, so what a job says while it ends is nobody's
            self.correction.files.call(partial(self.session.close, discard=True), alive=alive)
        finally:
            self._watch.stop()
            # last, as a scene whose layers have gone is not to be drawn before all is done
            self.correction.clear()

    def _touch(self, *_: Any) -> None:
        self.correction.clock.touch()

    def _press(self, action: Action) -> None:
        self._touch()
        self.act(action)

    def _connect(self) -> None:
        self.header.ranking_changed.connect(self._rerank)
        self.queue.chosen.connect(self.open_case)
        self.scatter.chosen.connect(self.open_case)
        self.case_bar.asked.connect(self.act)
        self.case_bar.label_chosen.connect(self.layers.choose_label)
        self.layers.label_changed.connect(self.case_bar.check_label)
        self.correction.opened.connect(self._case_opened)
        self.correction.message.connect(self.case_bar.say)
        self.correction.deciding_changed.connect(self._show_state)
        self.correction.kept.connect(self.header.show_notice)
        self.correction.clock.ticked.connect(self.case_bar.set_time)
        self.jobs.event_received.connect(self._take_event)
        self.tabs.currentChanged.connect(self.redraw.draw)
        self.viewer.mouse_move_callbacks.append(self._touch)
        bind_keys(self.viewer, self._press)

    def sizeHint(self) -> QSize:
        """Not wider than need be: the room is the image's."""
        return QSize(WIDTH, super().sizeHint().height())


def _lay_out(loop: Loop) -> None:
    pages = {"Curves": loop.curves, "Trust": loop.scatter, "Settings": loop.form}
    for title, page in pages.items():
        loop.tabs.addTab(page, title)
    loop.tabs.setMinimumHeight(200)
    loop.tabs.setMaximumHeight(320)
    layout = QVBoxLayout(loop)
    layout.setContentsMargins(10, 6, 10, 8)
    layout.setSpacing(7)
    layout.addWidget(loop.header)
    layout.addWidget(loop.queue, 2)
    layout.addWidget(loop.noise)
    layout.addWidget(rule())
    layout.addWidget(loop.case_bar)
    layout.addWidget(rule())
    layout.addWidget(loop.training)
    layout.addWidget(loop.tabs, 3)
    loop.setMinimumWidth(WIDTH)


def _draw(loop: Loop, first: Mapping[Part, Any]) -> None:
    """Say how each part of the window is drawn, and after which changes."""
    session = loop.session
    history = session.history
    add = loop.redraw.add
    read = readers(session, lambda: loop._ranking)
    add(Part.QUEUE, loop._draw_queue, read[Part.QUEUE])
    add(Part.HEADER, loop.header.show_roles, read[Part.HEADER])
    add(Part.NOISE, lambda text: say(loop.noise, text, "faint"), read[Part.NOISE])
    add(Part.STUDENT, loop.training.show_student, read[Part.STUDENT])
    add(Part.TRAINING, loop.training.refresh)
    add(Part.CURVES, lambda: loop.curves.redraw(history), seen=loop.curves)
    add(Part.SCATTER, loop._draw_scatter, seen=loop.scatter)
    queue = Part.QUEUE | Part.HEADER | Part.SCATTER
    for signal, parts in (
        (session.case_changed, queue | Part.NOISE),
        (session.queue_changed, queue),
        (session.run_changed, queue | Part.NOISE | Part.STUDENT | Part.TRAINING),
        (session.settings_changed, queue | Part.NOISE),
        (history.steps_changed, Part.CURVES | Part.SCATTER),
        (history.tests_changed, Part.CURVES),
        (history.restarted, Part.CURVES | Part.SCATTER),
        (history.scores_changed, Part.NOISE | Part.SCATTER),
        (history.case_changed, Part.NOISE | Part.SCATTER),
    ):
        loop.redraw.follow(signal, parts)
    loop.redraw.failed.connect(loop.header.show_error)
    loop.redraw.recovered.connect(loop.header.show_notice)
    loop.redraw.start(first)
