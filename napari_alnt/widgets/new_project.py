"""The form that makes a project from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QProgressBar,
    QSpinBox,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_alnt.data import Checked, Project, check_cases, require_new
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.source_pages import COMMON, PAGES, Page, PathRow, Texts
from napari_alnt.widgets.style import button, label, say
from napari_alnt.widgets.worker import FileWorker

COUNTS = {
    "teacher_training": (
        "Teacher training",
        "Expert cases that train the teacher, where the pool has no teacher masks yet",
    ),
    "reference": ("Reference", "Expert cases that give the expert gradient"),
    "test": (
        "Held-out test",
        "Expert cases that nothing is ever learned from; with all three at 0, half of the expert"
        " cases are reference and half are held out",
    ),
}


class NewProject(QDialog):
    """Asks for the files of a project, checks them and makes it; ``made`` carries its folder.

    What is strange about the files is shown before anything is made.
    """

    made = Signal(object)
    _counted = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New project")
        self.setMinimumWidth(560)
        self.files = FileWorker(self)
        rows = COMMON.copy()
        for page in PAGES:
            rows |= page.rows
        self.rows = {name: PathRow(row.hint, row.pick) for name, row in rows.items()}
        self.counts = {name: _count(tip) for name, (_, tip) in COUNTS.items()}
        self.tabs = QTabWidget()
        self.notices = QListWidget()
        self.notices.setWordWrap(True)
        self.notices.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.pages = QStackedWidget()
        self.sentence = label("", "error", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.make = button("Make the project", "Check every file and make the project", name="main")
        self.cancel = button("Cancel", "Close without making a project")
        self.back = button("Back", "Change the files or the form")
        self.anyway = button("Make it anyway", "Make the project of the files as they are")
        self.make.clicked.connect(self._check)
        self.cancel.clicked.connect(self.reject)
        self.back.clicked.connect(self._show_form)
        self.anyway.clicked.connect(self._create)
        self._checked: Checked | None = None
        self._counted.connect(self._show_progress)  # from the thread into this one
        self._lay_out()
        say(self.sentence, "")
        self._show_form()

    def _lay_out(self) -> None:
        for page in PAGES:
            tab = QWidget()
            form = QFormLayout(tab)
            for name, row in page.rows.items():
                form.addRow(row.label, self.rows[name])
            self.tabs.addTab(tab, page.title)
        counts = QHBoxLayout()
        for name, (title, _) in COUNTS.items():
            counts.addWidget(label(title, "faint"))
            counts.addWidget(self.counts[name])
        counts.addStretch()
        common = QFormLayout()
        for name, row in COMMON.items():
            common.addRow(row.label, self.rows[name])
        common.insertRow(1, "Expert cases", counts)  # below the patient, by whom cases are drawn
        asked = QWidget()
        rows = QVBoxLayout(asked)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.tabs)
        rows.addLayout(common)
        rows.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.pages.addWidget(asked)
        self.pages.addWidget(self.notices)
        buttons = QHBoxLayout()
        buttons.addStretch()
        for one in (self.cancel, self.make, self.back, self.anyway):
            buttons.addWidget(one)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self.pages)
        layout.addWidget(self.sentence)
        layout.addWidget(self.bar)
        layout.addLayout(buttons)

    def _show_form(self) -> None:
        """The form, with nothing checked."""
        self._checked = None
        self._show_page(0)
        say(self.sentence, "")

    def _show_page(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        for widget, its_page in ((self.make, 0), (self.back, 1), (self.anyway, 1)):
            widget.setVisible(page == its_page)

    def _check(self) -> None:
        say(self.sentence, "")
        if not self.rows["project"].text:
            say(self.sentence, "Name a new folder for the project.", "error")
            return
        self._set_busy(True)
        # read here: the thread that makes the project may not touch a widget
        texts = {name: row.text for name, row in self.rows.items()}
        counts = {name: box.value() for name, box in self.counts.items()}
        self.files.run(
            check_form,
            PAGES[self.tabs.currentIndex()],
            texts,
            counts,
            self._counted.emit,
            done=self._take,
            failed=self._failed,
        )

    def _take(self, checked: Checked) -> None:
        """Make the project, or show first what is strange about its files."""
        self._checked = checked
        if not checked.notices:
            self._create()
            return
        self._set_busy(False)
        self.notices.clear()
        self.notices.addItems([str(notice) for notice in checked.notices])
        self._show_page(1)
        say(self.sentence, "Nothing was made yet; is this meant?", "warn")

    def _create(self) -> None:
        self._set_busy(True)
        self.files.run(
            make_project,
            self.rows["project"].text,
            self._checked,
            done=self._done,
            failed=self._failed,
        )

    def _done(self, folder: Path) -> None:
        self._set_busy(False)
        self.made.emit(folder)
        self.accept()

    def _failed(self, error: AlntError) -> None:
        self._set_busy(False)
        say(self.sentence, str(error), "error")

    def _set_busy(self, busy: bool) -> None:
        self.bar.setVisible(busy)
        self.bar.setRange(0, 0)
        for widget in (self.make, self.cancel, self.pages, self.back, self.anyway):
            widget.setEnabled(not busy)

    def _show_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def reject(self) -> None:
        """Close, unless a project is being made."""
        if not self.files.busy:
            super().reject()


def _count(tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setMaximum(9999)
    box.setToolTip(tip)
    return box


def check_form(
    page: Page, texts: Texts, counts: dict[str, int], progress: Callable[[int, int], Any]
) -> Checked:
    """Read the files of what stands in the form; slow, and nothing is written.

    Raises
    ------
    AlntError
        If they do not make a project.
    """
    require_new(Path(texts["project"]).expanduser().absolute())
    source = page.source(texts)
    ignored = source.ignore_label()
    return check_cases(
        source.cases(),
        teacher_training=counts["teacher_training"],
        reference=counts["reference"],
        test=counts["test"],
        labels=source.labels() or None,
        settings=Settings() if ignored is None else Settings(ignore_label=ignored),
        notices=source.notices(),
        progress=progress,
    )


def make_project(folder: str, checked: Checked) -> Path:
    """Make a project of cases that were checked, and return its folder.

    Raises
    ------
    AlntError
        If it cannot be written.
    """
    made = Project.create_checked(Path(folder).expanduser(), checked)
    made.close()  # it is locked while it is open, and this window will open it itself
    return made.folder
