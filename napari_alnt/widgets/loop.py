"""One open project in the dock: everything between the queue and the training."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize
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
from napari_alnt.widgets.plots import Curves, Scatter
from napari_alnt.widgets.queue import QueueView
from napari_alnt.widgets.redraw import Part, Redraw
from napari_alnt.widgets.style import label, rule, say
from napari_alnt.widgets.training import TrainingPanel
from napari_alnt.widgets.worker import listen

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari

    from napari_alnt.events import Event
    from napari_alnt.session import Session

WIDTH = 500
"""Width in pixels below which the queue's columns would be cut."""


class Loop(QWidget):
    """Header, queue, case bar, training, and tabs with curves, scatter and settings."""

    layers: CaseLayers
    correction: Correction

    def __init__(self, viewer: napari.Viewer, session: Session, notice: str = "") -> None:
        super().__init__()
        self.viewer = viewer
        self.session = session
        project = session.project
        self.layers = CaseLayers(viewer, project.label_names, project.settings.ignore_label)
        self.correction = Correction(session, self.layers, self)
        # the controller knows no Qt; how an engine is heard in this thread is handed to it
        self.jobs = JobController(session, partial(listen, parent=self))
        self.redraw = Redraw(self)
        self.header = ProjectHeader(project, notice)
        self.queue = QueueView()
        self.noise = label("", "faint", wrap=True)
        self.case_bar = CaseBar()
        self.case_bar.set_labels(self.layers.labels, self.layers.colours)
        self.form = SettingsForm(project.settings)
        self.form.set_enabled(project.writable)
        self.training = TrainingPanel(self.jobs, self.form)
        self.curves = Curves()
        self.scatter = Scatter()
        self.tabs = QTabWidget()
        self._lay_out()
        self._connect()
        self._set_up_drawing()

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

    def decide(self, decision: Callable[[], bool]) -> None:
        """Make a decision about the open case, and go on to the next case that needs one."""
        # asked before, as the decided case takes another place in the queue
        following = self.queue.next_undecided(self.correction.case)
        if not decision():
            return
        self.redraw.draw()
        if following:
            self.open_case(following)
        else:
            self.case_bar.say("The queue is done: every case is accepted or skipped.", "faint")

    def keep_work(self) -> bool:
        """Whether unsaved work is on the disk now; if it cannot be written, the note says why."""
        try:
            self.correction.drafts.keep_now()
        except AlntError as error:
            self.header.show_error(str(error))
            return False
        return True

    def _case_opened(self, case: str) -> None:
        opened = self.layers.opened
        self.queue.select(case)
        self.redraw.mark(Part.SCATTER)
        if opened is None:
            self.case_bar.set_open("", "")
            return
        self.case_bar.set_open(case, f"from {opened.origin}", self.session.project.writable)
        viewer_adapter.canvas(self.viewer).setFocus()  # a click in the queue has taken it
        self.jobs.request_prediction(case)

    def _take_event(self, event: Event) -> None:
        if isinstance(event, Predicted):
            self.correction.take_prediction(event)
        if isinstance(event, Started):
            self.header.device = event.device
            self.redraw.mark(Part.HEADER)
        self.redraw.mark(Part.TRAINING)

    # drawing --------------------------------------------------------------------------------------

    def _draw_queue(self) -> None:
        try:
            self.queue.set_rows(self.session.queue(self.header.ranking.currentText()))
        except AlntError as error:  # a ranking of another package that does not fit
            self.header.show_error(str(error))

    def _draw_noise(self) -> None:
        say(self.noise, str(self.session.noise_estimate() or ""), "faint")

    def _draw_scatter(self) -> None:
        self.scatter.redraw(self.session.history, self.queue.source.rows, self.correction.case)

    def _rerank(self) -> None:
        self.header.show_notice()
        self.redraw.mark(Part.QUEUE | Part.SCATTER)
        self.redraw.draw()

    def _set_up_drawing(self) -> None:
        session = self.session
        history = session.history
        add = self.redraw.add
        add(Part.QUEUE, self._draw_queue)
        add(Part.HEADER, self.header.refresh)
        add(Part.NOISE, self._draw_noise)
        add(Part.TRAINING, self.training.refresh)
        add(Part.CURVES, lambda: self.curves.redraw(history), seen=self.curves)
        add(Part.SCATTER, self._draw_scatter, seen=self.scatter)
        queue = Part.QUEUE | Part.HEADER | Part.SCATTER
        for signal, parts in (
            (session.case_changed, queue | Part.NOISE),
            (session.queue_changed, queue),
            (session.run_changed, queue | Part.NOISE | Part.TRAINING),
            (session.settings_changed, queue | Part.NOISE | Part.TRAINING),
            (history.steps_changed, Part.CURVES | Part.SCATTER),
            (history.tests_changed, Part.CURVES),
            (history.restarted, Part.CURVES | Part.SCATTER),
            (history.scores_changed, Part.NOISE | Part.SCATTER),
            (history.case_changed, Part.NOISE | Part.SCATTER),
        ):
            self.redraw.follow(signal, parts)
        self.redraw.start()

    # wiring ---------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Keep unsaved work, end the engine, and let go of the project and the viewer.

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
            self.correction.close()
        finally:
            self.jobs.close()
            # the window listens no more, so what a job says while it ends is nobody's
            self.session.close(discard=True)

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
        self.correction.kept.connect(self.header.show_notice)
        self.correction.clock.ticked.connect(self.case_bar.set_time)
        self.jobs.event_received.connect(self._take_event)
        self.tabs.currentChanged.connect(self.redraw.draw)
        self.viewer.mouse_move_callbacks.append(self._touch)
        bind_keys(self.viewer, self._press)

    def _lay_out(self) -> None:
        pages = {"Curves": self.curves, "Trust": self.scatter, "Settings": self.form}
        for title, page in pages.items():
            self.tabs.addTab(page, title)
        self.tabs.setMinimumHeight(200)
        self.tabs.setMaximumHeight(320)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(7)
        layout.addWidget(self.header)
        layout.addWidget(self.queue, 2)
        layout.addWidget(self.noise)
        layout.addWidget(rule())
        layout.addWidget(self.case_bar)
        layout.addWidget(rule())
        layout.addWidget(self.training)
        layout.addWidget(self.tabs, 3)
        self.setMinimumWidth(WIDTH)

    def sizeHint(self) -> QSize:
        """Not wider than need be: the room is the image's."""
        return QSize(WIDTH, super().sizeHint().height())
