"""The fields of a new project: where its files are, and what its expert cases are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtWidgets import (
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_alnt.widgets.parts.style import label
from napari_alnt.widgets.qt import Signal
from napari_alnt.widgets.start.path_row import Framed, PathRow
from napari_alnt.widgets.start.preview import PreviewPanel
from napari_alnt.widgets.start.source_pages import (
    COMMON,
    LABELS,
    PAGES,
    ROLES,
    UNKNOWN,
    Page,
    Row,
    Texts,
)

EXPERTS = "What expert cases are for"
NOBODY = "The value that nobody has labelled: auto is 255, or what dataset.json says."
AUTO = "With auto, half of them lead and half are held out. All cases of a patient go together."


class ProjectForm(QScrollArea):
    """All fields on the left, and what is found by them on the right.

    ``changed`` is emitted when another text stands in a field, or another tab is open.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        asked: dict[str, Row] = COMMON.copy()
        for page in PAGES:
            asked |= page.rows
        self.rows = {name: PathRow(row.hint, row.pick) for name, row in asked.items()}
        self.counts = {role: _count(words.unset) for role, words in ROLES.items()}
        self.fields = QWidget()
        self.unknown = _count("auto")
        self.unknown.setRange(-1, 65535)
        self.unknown.setValue(-1)  # as 0 is a value, too
        self.tabs = QTabWidget()
        self.preview = PreviewPanel()
        self._frames: dict[str, Any] = {name: row.frame for name, row in self.rows.items()}
        self._frames |= {role: Framed(box) for role, box in self.counts.items()}
        self._frames["labels"] = self.preview.labels_frame
        for row in self.rows.values():
            row.changed.connect(self.changed)
        self.tabs.currentChanged.connect(self.changed)
        self.unknown.valueChanged.connect(self.changed)
        self._lay_out()

    @property
    def page(self) -> Page:
        """The kind of source that is open."""
        return PAGES[self.tabs.currentIndex()]

    @property
    def texts(self) -> Texts:
        """What stands in the rows, by their names."""
        texts = {name: row.text for name, row in self.rows.items()}
        unknown = self.unknown.value()
        return texts | {UNKNOWN: str(unknown) if unknown >= 0 else ""}

    @property
    def numbers(self) -> dict[str, int]:
        """How many expert cases get each role; 0 where that is not said."""
        return {role: box.value() for role, box in self.counts.items()}

    def show_wrong(self, wrong: Mapping[str, str]) -> None:
        """Frame these fields in red, each with its sentence, and no others."""
        for name, frame in self._frames.items():
            frame.show_wrong(wrong.get(name, ""))

    def set_busy(self, busy: bool) -> None:
        """Let nothing be changed while the files are read; what was found can still be seen."""
        self.fields.setEnabled(not busy)
        self.preview.labels.setEnabled(not busy)

    def _lay_out(self) -> None:
        for page in PAGES:
            tab = QWidget()
            tab.setLayout(self._fields(page.rows))
            self.tabs.addTab(tab, page.title)
        left = QVBoxLayout(self.fields)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(10)
        left.addWidget(self.tabs)
        left.addLayout(self._fields(COMMON))
        left.addWidget(label(EXPERTS))
        left.addLayout(self._roles())
        left.addStretch()
        inner = QWidget()
        both = QHBoxLayout(inner)
        both.setSpacing(16)
        both.addWidget(self.fields, 1)
        both.addWidget(self.preview)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def _fields(self, rows: Mapping[str, Row]) -> QFormLayout:
        form = QFormLayout()
        form.setContentsMargins(0, 4, 0, 0)
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(6)
        # titles of one width, so that the fields of a tab and those below it stand in one column
        wide = max(self.fontMetrics().horizontalAdvance(title) for title in LABELS.values())
        for name, row in rows.items():
            title = label(row.label)
            title.setFixedWidth(round(1.15 * wide))
            form.addRow(title, self.rows[name])
        return form

    def _roles(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setColumnStretch(2, 1)
        for place, (role, words) in enumerate(ROLES.items()):
            grid.addWidget(label(words.title), place, 0)
            grid.addWidget(self._frames[role], place, 1)
            grid.addWidget(label(words.line, "faint", wrap=True), place, 2)
        place = grid.rowCount()
        grid.addWidget(label(AUTO, "faint", wrap=True), place, 0, 1, 3)
        grid.addWidget(label("Unknown voxels"), place + 1, 0)
        grid.addWidget(Framed(self.unknown), place + 1, 1)
        grid.addWidget(label(NOBODY, "faint", wrap=True), place + 1, 2)
        return grid


def _count(unset: str) -> QSpinBox:
    box = QSpinBox()
    box.setMaximum(9999)
    box.setSpecialValueText(unset)
    box.setFixedWidth(84)
    return box
