"""The form that makes a project from files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_alnt.data import Datalist, NnUNet, Patterns, Project, Source
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.style import button, label, say
from napari_alnt.widgets.worker import FileWorker

if TYPE_CHECKING:
    from pathlib import Path

Texts = dict[str, str]
"""What stands in the rows of the form, by their names."""

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


class PathRow(QWidget):
    """A field for a path or pattern, with a button that picks a folder or a file."""

    def __init__(self, hint: str, pick: str = "folder") -> None:
        super().__init__()
        self._pick = pick
        self.field = QLineEdit()
        self.field.setPlaceholderText(hint)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.field, 1)
        if pick:
            opener = QPushButton("…")
            opener.setFixedWidth(30)
            opener.setToolTip(f"Pick a {pick}")
            opener.clicked.connect(self._choose)
            layout.addWidget(opener)

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.field.text().strip()

    def _choose(self) -> None:
        if self._pick == "file":
            chosen, _ = QFileDialog.getOpenFileName(self, "Pick a file", self.text, "JSON (*.json)")
        else:
            chosen = QFileDialog.getExistingDirectory(self, "Pick a folder", self.text)
        if chosen:
            self.field.setText(chosen)


@dataclass(frozen=True)
class Row:
    """A field of the form: its label, a hint, and what its button picks ("" for no button)."""

    label: str
    hint: str
    pick: str = "folder"


@dataclass(frozen=True)
class Page:
    """One tab of the form: a kind of source, and what it asks for.

    Attributes
    ----------
    title : title of the tab
    rows : its rows by their names
    source : the source of the cases, from the texts in all rows
    """

    title: str
    rows: dict[str, Row]
    source: Callable[[Texts], Source]


def _patterns(texts: Texts) -> Source:
    if not texts["images"]:
        raise AlntError("Say where the images are: a folder, or a pattern such as ct/*.nii.gz.")
    return Patterns(
        texts["images"],
        expert=texts["expert"] or None,
        teacher=texts["teacher"] or None,
        patient=texts["patient"] or None,
    )


def _nnunet(texts: Texts) -> Source:
    return NnUNet(
        texts["nnunet"], teacher=texts["nnunet_teacher"] or None, patient=texts["patient"] or None
    )


def _datalist(texts: Texts) -> Source:
    return Datalist(texts["datalist"], patient=texts["patient"] or None)


EXPERT_HINT = "Folder or rule, such as gold/{case}.nii.gz; cases without one are the pool"
TEACHER_HINT = "Folder or rule, such as auto/{case}.nii.gz; may be empty"
PAGES = (
    Page(
        "Images and masks",
        {
            "images": Row("Images", "Folder or pattern, such as ct/*.nii.gz"),
            "expert": Row("Expert masks", EXPERT_HINT),
            "teacher": Row("Teacher masks", TEACHER_HINT),
        },
        _patterns,
    ),
    Page(
        "nnU-Net folder",
        {
            "nnunet": Row("Folder", "Folder with imagesTr and labelsTr"),
            "nnunet_teacher": Row("Teacher masks", TEACHER_HINT),
        },
        _nnunet,
    ),
    Page("Datalist", {"datalist": Row("File", "MONAI datalist", pick="file")}, _datalist),
)
COMMON = {
    "patient": Row("Patient", "Regular expression, such as ^(P\\d+); may be empty", pick=""),
    "project": Row("Project", "New folder of the project"),
}
"""Rows below the tabs, whichever is open."""


class NewProject(QDialog):
    """Asks for the files of a project and makes it; ``made`` carries its folder."""

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
        self.sentence = label("", "error", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.make = button("Make the project", "Check every file and make the project", name="main")
        self.cancel = button("Cancel", "Close without making a project")
        self.make.clicked.connect(self._create)
        self.cancel.clicked.connect(self.reject)
        self._counted.connect(self._show_progress)  # from the thread into this one
        self._lay_out()
        say(self.sentence, "")

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
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.make)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self.tabs)
        layout.addLayout(common)
        layout.addWidget(self.sentence)
        layout.addWidget(self.bar)
        layout.addLayout(buttons)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)

    def _create(self) -> None:
        say(self.sentence, "")
        if not self.rows["project"].text:
            say(self.sentence, "Name a new folder for the project.", "error")
            return
        self._set_busy(True)
        # read here: the thread that makes the project may not touch a widget
        texts = {name: row.text for name, row in self.rows.items()}
        counts = {name: box.value() for name, box in self.counts.items()}
        self.files.run(
            make_project,
            PAGES[self.tabs.currentIndex()],
            texts,
            counts,
            self._counted.emit,
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
        for widget in (self.make, self.cancel, self.tabs):
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


def make_project(
    page: Page, texts: Texts, counts: dict[str, int], progress: Callable[[int, int], Any]
) -> Path:
    """Make a project from what stands in the form, and return its folder; slow.

    Raises
    ------
    AlntError
        If the files do not make a project.
    """
    source = page.source(texts)
    made = Project.create(
        texts["project"],
        source.cases(),
        teacher_training=counts["teacher_training"],
        reference=counts["reference"],
        test=counts["test"],
        labels=source.labels() or None,
        settings=Settings(),
        progress=progress,
    )
    made.close()  # it is locked while it is open, and this window will open it itself
    return made.folder
