"""The dialog that makes a project: a form, what is found by it, and one question at the end."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_alnt.data import Checked
from napari_alnt.errors import AlntError
from napari_alnt.widgets.parts.message import Message
from napari_alnt.widgets.parts.style import button
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.start.form_check import (
    Reading,
    Stopped,
    WrongField,
    check_form,
    make_project,
)
from napari_alnt.widgets.start.look import Look
from napari_alnt.widgets.start.preview import INTERVAL, Looker
from napari_alnt.widgets.start.project_form import ProjectForm
from napari_alnt.widgets.start.project_question import QuestionPage
from napari_alnt.widgets.start.words import in_window_words
from napari_alnt.widgets.worker import FileWorker

FORM, QUESTION = range(2)
"""The dialog's two pages."""
SIZE = (960, 710)
"""Width and height at first, where the screen has the room."""


class NewProject(QDialog):
    """Asks for the files of a project, checks them and makes it; ``made`` carries its folder.

    What it will be, and what is strange about the files, is shown before anything is made.
    """

    made = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New project")
        # one thread for all that is read, so that no two readers compete
        self.files = FileWorker(self)
        self.form = ProjectForm()
        self.rows, self.counts, self.tabs = self.form.rows, self.form.counts, self.form.tabs
        self.looker = Looker(self.files, self)
        self.asked = QuestionPage()
        self.pages = QStackedWidget()
        self.sentence = Message(lines=3)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.make = button("Make the project …", "Check every file, then ask", name="main")
        self.cancel = button("Cancel", "End the reading, or close without making a project")
        self.back = button("Back", "Change the files or the form")
        self.anyway = button("Make it", "Make the project as it is described", name="main")
        self._reading: Reading | None = None
        self._making = False
        self._checked: Checked | None = None
        self._poll = QTimer(self, interval=INTERVAL)
        self._poll.timeout.connect(self._show_progress)
        self._lay_out()
        self._connect()
        self._show_form()

    def _connect(self) -> None:
        self.make.clicked.connect(self._check)
        self.cancel.clicked.connect(self.reject)
        self.back.clicked.connect(self._show_form)
        self.anyway.clicked.connect(self._create)
        self.form.changed.connect(self._look)
        self.looker.seen.connect(self._show_look)

    def _lay_out(self) -> None:
        self.pages.addWidget(self.form)
        self.pages.addWidget(self.asked)
        # the two answers on the left and far from the button that led to the question, so that a
        # double click does not answer it
        buttons = QHBoxLayout()
        buttons.addWidget(self.anyway)
        buttons.addWidget(self.back)
        buttons.addStretch()
        buttons.addWidget(self.make)
        buttons.addWidget(self.cancel)
        for widget in (self.make, self.cancel, self.back, self.anyway, self.bar):
            _keep_place(widget)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.sentence)
        layout.addWidget(self.bar)
        layout.addLayout(buttons)
        for one in self.findChildren(QPushButton):
            one.setAutoDefault(False)  # Enter in a field must not press one
        screen = self.screen().availableGeometry()
        self.resize(min(SIZE[0], screen.width()), min(SIZE[1], screen.height()))

    # the form -------------------------------------------------------------------------------------

    def _show_form(self) -> None:
        """The form, with nothing checked."""
        self._checked = None
        self._show_page(FORM)
        self._set_busy(False)
        self.sentence.say("")
        self._look_on()

    def _show_page(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        for widget, its_page in ((self.make, FORM), (self.back, QUESTION), (self.anyway, QUESTION)):
            widget.setVisible(page == its_page)

    def _look(self) -> None:
        """Look at the files anew, as the form has changed."""
        self.sentence.say("")
        self.form.show_wrong({})
        self.looker.ask(self.form.page, self.form.texts)

    def _look_on(self) -> None:
        """Go on with a look that was ended for the reading of all files."""
        if not self.looker.complete:
            self.looker.ask(self.form.page, self.form.texts)

    def _show_look(self, seen: Look) -> None:
        self.form.preview.show_look(seen)
        self.form.show_wrong(seen.wrong)

    # checking and making --------------------------------------------------------------------------

    def _check(self) -> None:
        self.sentence.say("Reading every file …")
        self.form.show_wrong({})
        self.looker.stop()
        reading = self._reading = Reading()
        self.destroyed.connect(reading.stop)
        self._set_busy(True)
        # all is taken here: the thread that reads may not touch a widget
        self.files.run(
            check_form,
            self.form.page,
            self.form.texts,
            self.form.numbers,
            reading.progress,
            self.form.preview.labels.names,
            done=lambda checked: self._take(reading, checked),
            failed=lambda error: self._failed(error, reading),
        )

    def _take(self, reading: Reading, checked: Checked) -> None:
        """Show what the project will be, and what is strange about its files."""
        if reading.stopped:
            return
        self._reading = None
        self._checked = checked
        self.asked.show_checked(checked)
        self._set_busy(False)
        self._show_page(QUESTION)
        self.sentence.say("Nothing was made yet.")
        self.back.setFocus()

    def _create(self) -> None:
        self._making = True
        self._set_busy(True)
        self.files.run(
            make_project,
            self.rows["project"].text,
            self._checked,
            done=self._done,
            failed=self._failed,
        )

    def _done(self, folder: Path) -> None:
        self._making = False
        self._set_busy(False)
        self.made.emit(folder)
        self.accept()

    def _failed(self, error: AlntError, reading: Reading | None = None) -> None:
        if isinstance(error, Stopped) or (reading is not None and reading.stopped):
            return
        self._making = False
        self._reading = None
        self._set_busy(False)
        self.sentence.say(in_window_words(str(error)), "error")
        if isinstance(error, WrongField):
            self.form.show_wrong(dict.fromkeys(error.fields, str(error)))

    def _set_busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        for widget in (self.make, self.back, self.anyway):
            widget.setEnabled(not busy)
        self.form.set_busy(busy)
        # what is read can be ended, what is written is soon done
        self.cancel.setEnabled(not self._making)
        if busy:
            self._poll.start()
        else:
            self._poll.stop()

    def _show_progress(self) -> None:
        if self._reading is not None:
            self.bar.setRange(0, self._reading.total)
            self.bar.setValue(self._reading.done)

    def reject(self) -> None:
        """End the reading if there is one; else close, unless a project is being made."""
        if self._reading is not None:
            self._reading.stop()
            self._reading = None
            self._set_busy(False)
            self.sentence.say("The reading was ended; nothing was made.")
            self._look_on()
        elif not self._making:
            self.looker.stop()
            super().reject()


def _keep_place(widget: QWidget) -> None:
    """Let a widget take its room also while it is hidden, so that no other moves."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)
