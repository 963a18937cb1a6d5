"""The row of buttons that starts, pauses and stops the training, and how far it is."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from napari_alnt.errors import AlntError
from napari_alnt.session.training_facts import UNKNOWN, TrainingFacts, used_memory
from napari_alnt.widgets.parts.style import button
from napari_alnt.widgets.training.job_lines import JobLines

if TYPE_CHECKING:
    from napari_alnt.session.jobs import JobController
    from napari_alnt.widgets.training.form import SettingsForm


STOP_TIP = "End after the step in progress; it can be taken up again"
END_TIP = "End a training that does not answer; it can be taken up again at its last checkpoint"
LOOK = 2000
"""Milliseconds between two looks at the memory in use."""


class TrainingPanel(QWidget):
    """Start, pause, stop; how far the job is, and how long it will take."""

    def __init__(
        self, jobs: JobController, form: SettingsForm, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.jobs = jobs
        self.form = form
        self.has_student = False  # whether there is a training to go on with
        self.main = button(
            "Start training", "Train the student on the weighed teacher masks", name="main"
        )
        self.stop = button("Stop", STOP_TIP)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.message = JobLines()
        self.stage, self.facts = self.message.stage, self.message.facts
        self.main.clicked.connect(self._press)
        self.stop.clicked.connect(self._press_stop)
        # the state at once, as it follows a press; how far the job is, when the window is redrawn
        jobs.changed.connect(self.refresh)
        jobs.message.connect(self.say)
        self._memory = math.nan
        self._clock = QTimer(self, interval=LOOK)
        self._clock.timeout.connect(self._look_at_memory)
        self._lay_out()
        self.refresh()

    def start(self) -> None:
        """Start the training with the settings of the form, or say which of them is wrong."""
        try:
            settings = self.form.value()
        except AlntError as error:
            self.say(str(error), "error")
            return
        self.jobs.train(settings, fresh=self.form.fresh.isChecked())
        self.form.fresh.setChecked(False)  # a second new network should be a second decision

    def say(self, text: str, kind: str = "") -> None:
        """Show a sentence below the bar."""
        self.message.say(text, kind)

    def show_student(self, has_student: bool) -> None:
        """Offer to go on with the training, or to start it."""
        self.has_student = has_student
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the job, and how far it is."""
        status = self.jobs.status
        training = status.training
        writable = self.jobs.session.project.writable
        self.main.setText(self._main_text())
        # a prediction in progress holds no training up: the job controller ends it
        self.main.setEnabled(writable and (not training or status.state in ("running", "paused")))
        self.stop.setText("End it now" if status.hung else "Stop")
        self.stop.setToolTip(END_TIP if status.hung else STOP_TIP)
        self.stop.setEnabled(training and (status.state != "stopping" or status.hung))
        self.bar.setRange(0, status.total)  # with a total of 0, Qt's bar runs to and fro
        self.bar.setValue(status.done)
        if (status.state == "idle") == self._clock.isActive():
            self._watch_memory(status.state != "idle")
        self._show_facts()

    def _show_facts(self) -> None:
        status = self.jobs.status
        facts = dataclasses.asdict(TrainingFacts.of(status, self._memory))
        known = {name: "" if text == UNKNOWN else text for name, text in facts.items()}
        self.message.show_job(status.text, known, running=status.state != "idle")

    def _watch_memory(self, running: bool) -> None:
        self._memory = math.nan
        if running:
            self._clock.start()
        else:
            self._clock.stop()

    def _look_at_memory(self) -> None:
        engine = self.jobs.session.engine
        is_launched = bool(self.form.rows["launcher"].value)
        self._memory = used_memory(engine.pid if engine else None, is_launched)
        self._show_facts()

    def _main_text(self) -> str:
        status = self.jobs.status
        if status.training:
            texts = {
                "running": "Pause",
                "paused": "Resume",
                "starting": "Starting …",
                "pausing": "Pausing …",
                "stopping": "Stopping …",
            }
            return texts[status.state]
        return "Continue training" if self.has_student else "Start training"

    def _press(self) -> None:
        if not self.jobs.status.training:
            self.start()
        elif self.jobs.status.state == "paused":
            self.jobs.resume()
        else:
            self.jobs.pause()

    def _press_stop(self) -> None:
        if self.jobs.status.hung:
            self.jobs.kill()
        else:
            self.jobs.stop()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.main, 3)
        row.addWidget(self.stop, 1)
        for one in (self.main, self.stop):
            # else a longer text would take room from the other button
            one.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
