"""What the form of a new project asks for each kind of source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from napari_alnt.data import Datalist, NnUNet, Patterns, Source
from napari_alnt.errors import AlntError

Texts = dict[str, str]
"""What stands in the rows of the form, by their names."""


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
            "images": Row("Images", "Folder or pattern, such as ct/*.nii.gz or d/{case}/ct.nii.gz"),
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
