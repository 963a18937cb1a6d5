"""One open project in the dock: everything between the queue and the training."""

from __future__ import annotations

from typing import Any

import napari
from qtpy.QtCore import QSize, QTimer, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from napari_alnt.errors import AlntError
from napari_alnt.events import Predicted, Started
from napari_alnt.ranking import RANKINGS
from napari_alnt.session import Session
from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.case_bar import KEYS, CaseBar
from napari_alnt.widgets.correction import Correction
from napari_alnt.widgets.form import SettingsForm
from napari_alnt.widgets.layers import CaseLayers
from napari_alnt.widgets.plots import Curves, Scatter
from napari_alnt.widgets.queue import QueueView
from napari_alnt.widgets.style import button, label, line, say
from napari_alnt.widgets.training import Jobs, TrainingPanel

WIDTH = 450
"""Width in pixels below which the queue's columns would be cut."""
REDRAW = 500
"""Milliseconds between two looks at whether something is to be drawn anew."""


class Loop(QWidget):
    """Header, queue, case bar, training, and tabs with curves, scatter and settings."""

    close_asked = Signal()
    _changed = Signal(str)

    def __init__(
        self, viewer: napari.Viewer, session: Session, note: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.viewer, self.session, self._note = viewer, session, note
        project = session.project
        self.layers = CaseLayers(viewer, project.labels, project.settings.unknown)
        self.correction = Correction(session, self.layers, self)
        self.jobs = Jobs(session, self)
        self.title, self.badge = label(project.name, "title"), label("read-only", "badge")
        self.title.setToolTip(str(project.folder))
        self.ranking = QComboBox()
        self.ranking.addItems(list(RANKINGS))
        self.ranking.setCurrentText(project.settings.ranking)
        self.ranking.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.ranking.setToolTip(
            "Rule that makes the priorities of the queue; the settings hold the one for training"
        )
        self.counts, self.note = label("", "faint"), label("", "warn", wrap=True)
        self.close_button = button("Close", "Keep unsaved work and close the project")
        self.queue, self.case_bar, self.noise = (
            QueueView(),
            CaseBar(),
            label("", "faint", wrap=True),
        )
        self.training, self.form = TrainingPanel(self.jobs), SettingsForm(project.settings)
        self.curves, self.scatter, self.tabs = Curves(), Scatter(), QTabWidget()
        self._stale = {"queue", "header", "noise", "curves", "scatter"}
        self._device = ""
        self._lay_out()
        self._connect()
        self.badge.setVisible(not project.writable)
        say(self.note, note, "warn")
        self.form.set_enabled(project.writable)
        self.case_bar.set_labels(self.layers.labels, self.layers.colours)
        self._refresh()

    # the open case --------------------------------------------------------------------------------

    def open_case(self, case: str) -> None:
        """Open a case; it is read in the background."""
        if case and case not in (self.correction.case, self.correction.loading):
            self.queue.select(case)
            self.case_bar.set_open(case, "opening …", False)
            self.correction.open(case)

    def act(self, action: str) -> None:
        """Do what a button or key of the case bar says."""
        if action in WINDOWS:
            self.layers.set_window(action)
        elif action == "trust":
            self.layers.toggle_trust()
        elif action in ("next", "previous"):
            self.open_case(self._neighbour(1 if action == "next" else -1))
        elif self.session.project.writable:
            following = self._following()
            done = getattr(self.correction, action)()
            if done and action in ("accept", "confirm", "skip"):
                self._go_on(following)

    def _neighbour(self, step: int) -> str:
        cases = [row.case for row in self.queue.in_order()]
        if self.correction.case not in cases:
            return cases[0] if cases else ""
        place = cases.index(self.correction.case) + step
        return cases[place] if 0 <= place < len(cases) else ""

    def _following(self) -> str:
        """The next case below that is still to be looked at, else the first such case."""
        rows = list(self.queue.in_order())
        place = next((n for n, row in enumerate(rows) if row.case == self.correction.case), -1)
        others = rows[place + 1 :] + rows[: max(place, 0)]
        return next((row.case for row in others if row.status not in ("accepted", "skipped")), "")

    def _go_on(self, case: str) -> None:
        self._refresh()
        if case:
            self.open_case(case)
        else:
            self.case_bar.say("The queue is done: every case is accepted or skipped.", "faint")

    def keep_work(self) -> bool:
        """Whether unsaved work is on the disk now; if it cannot be written, the note says why."""
        try:
            self.correction.keep_now()
        except AlntError as error:
            say(self.note, str(error), "error")
            return False
        return True

    def _work_kept(self) -> None:
        say(self.note, self._note, "warn")

    def _case_opened(self, case: str) -> None:
        opened = self.layers.opened
        self.queue.select(case)
        self._stale.add("scatter")
        if opened is None:
            self.case_bar.set_open("", "")
            return
        writable = self.session.project.writable
        self.case_bar.set_open(case, f"from {opened.origin}", writable)
        self.case_bar.set_time(self.correction.seconds)
        layer = self.layers.correction
        if layer is not None:
            layer.events.selected_label.connect(self._show_label)
            self._show_label()
        self.viewer.window._qt_viewer.setFocus()
        self.jobs.picture(case)

    def _show_label(self, *_: Any) -> None:
        if self.layers.correction is not None:
            self.case_bar.check_label(int(self.layers.correction.selected_label))

    def _choose_label(self, value: int) -> None:
        if self.layers.correction is not None:
            self.layers.activate()
            self.layers.correction.selected_label = value

    # training -------------------------------------------------------------------------------------

    def start_training(self) -> None:
        """Start the training with the settings of the form."""
        try:
            settings = self.form.value()
        except AlntError as error:
            self.jobs.said.emit(str(error), "error")
            return
        self.jobs.train(settings, fresh=self.form.fresh.isChecked())
        self.form.fresh.setChecked(False)

    def _hear(self, event: Any) -> None:
        if isinstance(event, Predicted):
            self.correction.take_prediction(event)
        if isinstance(event, Started):
            self._device = event.device
            self._stale.add("header")
        self._stale.add("progress")

    # drawing --------------------------------------------------------------------------------------

    def _refresh(self, *_: Any) -> None:
        """Draw what has changed and can be seen; everything else waits until it is seen."""
        if "queue" in self._stale:
            self._rows = self.session.queue(self.ranking.currentText())
            self.queue.set_rows(self._rows)
        if "header" in self._stale:
            self._show_header()
        if "noise" in self._stale:
            say(self.noise, str(self.session.noise_audit() or ""), "faint")
        if "progress" in self._stale:
            self.training.refresh_progress()
        self._stale -= {"queue", "header", "noise", "progress"}
        for name, picture in (("curves", self.curves), ("scatter", self.scatter)):
            if name in self._stale and picture.isVisible():
                self._stale.discard(name)
                self._draw(name)

    def _draw(self, name: str) -> None:
        if name == "curves":
            self.curves.redraw(self.session.history)
        else:
            self.scatter.redraw(self.session.history, self._rows, self.correction.case)

    def _rerank(self, *_: Any) -> None:
        self._stale |= {"queue", "scatter"}
        self._refresh()

    def _show_header(self) -> None:
        roles = [case.role for case in self.session.project.cases]
        expert = roles.count("reference") + roles.count("seed")
        parts = [f"{roles.count('pool')} pool", f"{expert} expert", f"{roles.count('audit')} audit"]
        self.counts.setText("  ·  ".join([*parts, *([self._device] if self._device else [])]))

    def _job_changed(self) -> None:
        self._stale.add("progress")

    def _show_time(self) -> None:
        self.case_bar.set_time(self.correction.seconds)

    def _session_changed(self, what: str) -> None:
        self._stale |= {"queue", "header", "scatter"} | (
            {"noise"} if what in ("case", "settings", "run") else set()
        )
        if what == "run":
            self.training.refresh()

    def _history_changed(self, kind: str) -> None:
        if kind == "CaseScored":  # a new ranking
            self._stale.add("noise")
        self._stale |= (
            {"scatter"}
            if kind in ("CaseScored", "forgotten", "Predicted")
            else {"curves", "scatter"}
        )

    # ----------------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """Keep unsaved work, end the engine, and let go of the project and the viewer.

        Raises
        ------
        AlntError
            If the work could not be kept; its layer stays in the viewer, and all else is done even
            so.
        """
        self._timer.stop()
        self.session.changed.disconnect(self._changed.emit)
        self.session.history.changed.disconnect(self._history_changed)
        for key in KEYS.values():
            self.viewer.bind_key(key, None)
        if self._touch in self.viewer.mouse_move_callbacks:
            self.viewer.mouse_move_callbacks.remove(self._touch)
        try:
            self.correction.close()
        finally:
            self.jobs.close()
            self.session.close()

    def _touch(self, *_: Any) -> None:
        self.correction.touch()

    def _connect(self) -> None:
        # the session may speak from any thread; the window listens in its own
        self.session.changed.connect(self._changed.emit)
        self._changed.connect(self._session_changed)
        self.session.history.changed.connect(self._history_changed)
        self.close_button.clicked.connect(self.close_asked)
        self.queue.chosen.connect(self.open_case)
        self.scatter.chosen.connect(self.open_case)
        self.ranking.currentTextChanged.connect(self._rerank)
        self.case_bar.asked.connect(self.act)
        self.case_bar.label_chosen.connect(self._choose_label)
        self.correction.opened.connect(self._case_opened)
        self.correction.said.connect(self.case_bar.say)
        self.correction.kept.connect(self._work_kept)
        self.correction.ticked.connect(self._show_time)
        self.training.start_asked.connect(self.start_training)
        self.jobs.heard.connect(self._hear)
        self.jobs.changed.connect(self._job_changed)
        self.tabs.currentChanged.connect(self._refresh)
        self.viewer.mouse_move_callbacks.append(self._touch)
        for action, key in KEYS.items():
            self.viewer.bind_key(key, self._bound(action), overwrite=True)
        self._timer = QTimer(self, interval=REDRAW)
        self._timer.timeout.connect(self._refresh)
        self._timer.start()

    def _bound(self, action: str) -> Any:
        def press(_: Any) -> None:
            self._touch()
            self.act(action)

        press.__doc__ = f"ALNT: {action}"
        return press

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.badge)
        head.addStretch()
        head.addWidget(label("Ranking", "faint"))
        head.addWidget(self.ranking)
        self.close_button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        head.addWidget(self.close_button)
        for name, page in (
            ("Curves", self.curves),
            ("Trust", self.scatter),
            ("Settings", self.form),
        ):
            self.tabs.addTab(page, name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(7)
        layout.addLayout(head)
        for widget, stretch in (
            (self.counts, 0), (self.note, 0), (self.queue, 2), (self.noise, 0), (line(), 0), (self.case_bar, 0),
            (line(), 0), (self.training, 0), (self.tabs, 3),
        ):  # fmt: skip
            layout.addWidget(widget, stretch)
        self.tabs.setMinimumHeight(200)
        self.tabs.setMaximumHeight(320)
        self.setMinimumWidth(WIDTH)

    def sizeHint(self) -> QSize:
        """Not wider than need be: the room is the image's."""
        return QSize(WIDTH, super().sizeHint().height())
