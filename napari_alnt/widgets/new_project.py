"""The form that makes a project from files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt, Signal
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

from napari_alnt.data import (
    CaseFiles,
    Project,
    from_datalist,
    from_nnunet,
    from_patterns,
    nnunet_labels,
)
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings
from napari_alnt.widgets.style import button, label, say
from napari_alnt.widgets.worker import Line

COUNTS = {
    "seed_cases": (
        "Seed",
        "Expert cases that train the teacher, where the pool has no teacher masks yet",
    ),
    "reference": ("Reference", "Expert cases that give the expert gradient"),
    "audit": (
        "Audit",
        "Expert cases held out for ever; with all three at 0, half are reference and half audit",
    ),
}


class PathRow(QWidget):
    """A line for a path or pattern, with a button that picks a folder or a file."""

    def __init__(self, hint: str, pick: str = "folder") -> None:
        super().__init__()
        self.line, self._pick = QLineEdit(), pick
        self.line.setPlaceholderText(hint)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        if pick:
            opener = QPushButton("…")
            opener.setFixedWidth(30)
            opener.setToolTip(f"Pick a {pick}")
            opener.clicked.connect(self._choose)
            layout.addWidget(opener)

    @property
    def text(self) -> str:
        """What stands in the line."""
        return self.line.text().strip()

    def _choose(self) -> None:
        if self._pick == "file":
            chosen, _ = QFileDialog.getOpenFileName(self, "Pick a file", self.text, "JSON (*.json)")
        else:
            chosen = QFileDialog.getExistingDirectory(self, "Pick a folder", self.text)
        if chosen:
            self.line.setText(chosen)


class NewProject(QDialog):
    """Asks for the files of a project and makes it; ``made`` carries its folder."""

    made = Signal(object)
    _counted = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New project")
        self.setMinimumWidth(560)
        self.line = Line(self)
        self.rows = self._make_rows()
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
        self._counted.connect(self._show_progress)
        self._lay_out()
        say(self.sentence, "")

    def _make_rows(self) -> dict[str, PathRow]:
        return {
            "project": PathRow("New folder of the project"),
            "images": PathRow("Folder or pattern, such as ct/*.nii.gz"),
            "expert": PathRow(
                "Folder or rule, such as gold/{case}.nii.gz; cases without one are the pool"
            ),
            "teacher": PathRow("Folder or rule, such as auto/{case}.nii.gz; may be empty"),
            "nnunet": PathRow("Folder with imagesTr and labelsTr"),
            "nnunet_teacher": PathRow("Folder or rule of the teacher's masks; may be empty"),
            "datalist": PathRow("MONAI datalist", pick="file"),
            "patient": PathRow("Regular expression, such as ^(P\\d+); may be empty", pick=""),
        }

    def _lay_out(self) -> None:
        pages = {
            "Images and masks": ("images", "expert", "teacher"),
            "nnU-Net folder": ("nnunet", "nnunet_teacher"),
            "Datalist": ("datalist",),
        }
        names = {
            "nnunet": "Folder",
            "nnunet_teacher": "Teacher masks",
            "datalist": "File",
            "images": "Images",
        }
        names |= {"expert": "Expert masks", "teacher": "Teacher masks"}
        for title, rows in pages.items():
            page = QWidget()
            form = QFormLayout(page)
            for name in rows:
                form.addRow(names[name], self.rows[name])
            self.tabs.addTab(page, title)
        counts = QHBoxLayout()
        for name, (title, _) in COUNTS.items():
            counts.addWidget(label(title, "faint"))
            counts.addWidget(self.counts[name])
        counts.addStretch()
        common = QFormLayout()
        common.addRow("Patient", self.rows["patient"])
        common.addRow("Expert cases", counts)
        common.addRow("Project", self.rows["project"])
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
        texts = {name: row.text for name, row in self.rows.items()}
        counts = {name: box.value() for name, box in self.counts.items()}
        page = self.tabs.currentIndex()
        self.line.run(
            make_project,
            page,
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
        if not self.line.busy:
            super().reject()


def _count(tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setMaximum(9999)
    box.setToolTip(tip)
    return box


def make_project(
    page: int, texts: dict[str, str], counts: dict[str, int], progress: Callable[[int, int], Any]
) -> Path:
    """Make a project from what stands in the form, and return its folder; slow, so done in a
    thread.

    Raises
    ------
    AlntError
        If the files do not make a project.
    """
    patient, labels = texts["patient"] or None, {}
    files: Sequence[CaseFiles]
    if page == 0:
        if not texts["images"]:
            raise AlntError("Say where the images are: a folder, or a pattern such as ct/*.nii.gz.")
        files = from_patterns(
            texts["images"], texts["expert"] or None, texts["teacher"] or None, patient=patient
        )
    elif page == 1:
        files = from_nnunet(
            texts["nnunet"], teacher=texts["nnunet_teacher"] or None, patient=patient
        )
        labels = nnunet_labels(texts["nnunet"])
    else:
        files = from_datalist(texts["datalist"], patient=patient)
    made = Project.create(
        texts["project"],
        files,
        labels=labels or None,
        settings=Settings(),
        progress=progress,
        **counts,
    )
    made.close()
    return made.folder
