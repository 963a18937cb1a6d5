"""One open project in the dock: everything between the queue and the training."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, QTimer
from qtpy.QtWidgets import QTabWidget, QWidget

from napari_alnt.errors import AlntError
from napari_alnt.events import Predicted, Started
from napari_alnt.session.jobs import JobController
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.actions import Action
from napari_alnt.widgets.arrangement import connect, draw, lay_out
from napari_alnt.widgets.case import case_actions
from napari_alnt.widgets.case.case_bar import CaseBar
from napari_alnt.widgets.case.correction import Correction
from napari_alnt.widgets.cheat_sheet import CheatSheet
from napari_alnt.widgets.header import ProjectHeader
from napari_alnt.widgets.keys import unbind_keys
from napari_alnt.widgets.parts.panes import Panes
from napari_alnt.widgets.picture.compared import Compared
from napari_alnt.widgets.picture.layers import CaseLayers
from napari_alnt.widgets.picture.slice_bar import SliceBar
from napari_alnt.widgets.picture.viewing import Viewing
from napari_alnt.widgets.queue.queue_panel import QueuePanel
from napari_alnt.widgets.redraw import Part, Redraw
from napari_alnt.widgets.training.form import SettingsForm
from napari_alnt.widgets.training.plots import Curves
from napari_alnt.widgets.training.report_button import ReportButton
from napari_alnt.widgets.training.scatter import Scatter
from napari_alnt.widgets.training.share_strip import ShareStrip
from napari_alnt.widgets.training.training import TrainingPanel
from napari_alnt.widgets.worker import listen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import napari

    from napari_alnt.events import Event
    from napari_alnt.session import QueueRow
    from napari_alnt.session.progress import Overview
    from napari_alnt.widgets.opening import Opened

WIDTH = 500
"""Width in pixels that the dock asks for."""
WATCH = 300
"""Milliseconds between two looks at whether another program holds the project's table."""


class Loop(QWidget):
    """Header, queue, case bar, training, and tabs with curves, scatter and settings."""

    layers: CaseLayers
    correction: Correction
    viewing: Viewing
    slices: SliceBar
    panes: Panes
    sheet: CheatSheet

    def __init__(self, viewer: napari.Viewer, opened: Opened) -> None:
        super().__init__()
        self.viewer = viewer
        self.session = session = opened.session
        project = session.project
        settings = opened.settings
        self._ranking = settings.ranking
        self._by_priority: tuple[QueueRow, ...] = ()
        self.layers = CaseLayers(viewer, dict(opened.labels), settings.ignore_label)
        self.correction = Correction(session, self.layers, self)
        self.slices = SliceBar(viewer, self.layers, self.correction.drafts.strokes, self)
        # the controller knows no Qt; how an engine is heard in this thread is handed to it
        self.jobs = JobController(session, partial(listen, parent=self), self.correction.files.run)
        self.redraw = Redraw(self)
        self.header = ProjectHeader(project, settings.ranking, opened.notices)
        self.queue_panel: QueuePanel = QueuePanel()
        self.queue = self.queue_panel.view
        self.queue_panel.set_rule(settings.ranking)
        self.flags: Mapping[str, str] = {}
        self.compared = Compared(viewer, self.layers)
        self.case_bar = CaseBar()
        self.case_bar.set_labels(self.layers.labels, self.layers.colours, settings.ignore_label)
        self.form = SettingsForm(settings)
        self.form.set_enabled(project.writable)
        self.training = TrainingPanel(self.jobs, self.form)
        self.curves = Curves()
        self.scatter = Scatter()
        self.shares = ShareStrip()
        self.report = ReportButton(session, self.redraw.files.run)
        self.tabs = QTabWidget()
        lay_out(self)
        connect(self)
        draw(self, opened.first)
        self.viewing = Viewing(self, settings.window)
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
        """Do what a button or key says, or say why it cannot be done."""
        case_actions.act(self, action)

    def undo_decision(self) -> None:
        """Take the last decision back."""
        case_actions.undo_decision(self)

    def show_versions(self) -> None:
        """List the versions of the open case in a menu."""
        case_actions.show_versions(self)

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
            self.case_bar.say(self.queue_panel.at_the_end, "")

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
        self.redraw.mark(Part.SCATTER | Part.SHARES)
        self._show_state()
        if self.layers.opened is None:
            return
        viewer_adapter.canvas(self.viewer).setFocus()  # a click in the queue has taken it
        self.jobs.request_prediction(case)
        first = self.queue.next_undecided(case)
        self.correction.ahead.ask((first, self.queue.next_undecided(first)))

    def _show_state(self, *_: object) -> None:
        case_actions.show_state(self)

    def _look_at_table(self) -> None:
        self.header.show_waiting(self.session.project.table.waiting)

    def _take_event(self, event: Event) -> None:
        if isinstance(event, Predicted):
            self.correction.take_prediction(event)
        if isinstance(event, Started):
            self.header.show_device(event.device)
        self.queue_panel.take_event(event)
        self.redraw.mark(Part.TRAINING)

    # drawing --------------------------------------------------------------------------------------

    def _draw_queue(self, rows: tuple[QueueRow, ...]) -> None:
        self._by_priority = rows
        self.queue_panel.show_queue(rows)
        self.redraw.mark(Part.SCATTER | Part.SHARES)

    def _show_overview(self, overview: Overview) -> None:
        self.header.show_overview(overview)
        self.queue_panel.show_others(overview)

    def _draw_training(self) -> None:
        self.training.refresh()
        self.queue_panel.show_when(self.jobs.status)

    def _draw_scatter(self) -> None:
        self.scatter.redraw(self.session.history, self._by_priority, self.correction.case)

    def _rerank(self, ranking: str) -> None:
        self._ranking = ranking
        self.queue_panel.set_rule(ranking)
        self.header.show_notice()
        self.redraw.mark(Part.QUEUE | Part.SCATTER | Part.SHARES)
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
        self.viewing.close()
        self.slices.close()
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
            self.viewing.leave_scale_bar()

    def _touch(self, *_: Any) -> None:
        self.correction.clock.touch()

    def _press(self, action: Action) -> None:
        self._touch()
        self.act(action)

    def sizeHint(self) -> QSize:
        """Not wider than need be: the room is the image's."""
        return QSize(WIDTH, super().sizeHint().height())
