"""What the form of a new project asks for each kind of source; nothing here is a widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from napari_alnt.data import Datalist, NnUNet, Patterns, Source
from napari_alnt.errors import AlntError

Texts = dict[str, str]
"""What stands in the rows of the form, by their names."""


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
    rows : its rows by their names, what the others need first
    source : the source of the cases, from the texts in all rows
    origin : the row from which each kind of file comes: "image", "expert", "teacher"
    """

    title: str
    rows: dict[str, Row]
    source: Callable[[Texts], Source]
    origin: Mapping[str, str]

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of all rows that the source is made of, what the others need first."""
        return (*self.rows, "patient")

    def is_empty(self, texts: Texts) -> bool:
        """Whether nothing stands in the row that is needed first."""
        return not texts[self.asked[0]]


def _given(texts: Texts, name: str, sentence: str) -> str:
    if not texts[name]:
        raise AlntError(sentence)
    return texts[name]


def _patterns(texts: Texts) -> Source:
    return Patterns(
        _given(
            texts, "images", "Say where the images are: a folder, or a pattern such as ct/*.nii.gz."
        ),
        expert=texts["expert"] or None,
        teacher=texts["teacher"] or None,
        patient=texts["patient"] or None,
    )


def _nnunet(texts: Texts) -> Source:
    return NnUNet(
        _given(texts, "nnunet", "Say where the nnU-Net folder is: it holds imagesTr."),
        teacher=texts["nnunet_teacher"] or None,
        patient=texts["patient"] or None,
    )


def _datalist(texts: Texts) -> Source:
    path = _given(texts, "datalist", "Say where the datalist is: a file that ends in .json.")
    return Datalist(path, patient=texts["patient"] or None)


EXPERT_HINT = "Such as gold/{case}.nii.gz; the other images are to be corrected"
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
        {"image": "images", "expert": "expert", "teacher": "teacher"},
    ),
    Page(
        "nnU-Net folder",
        {
            "nnunet": Row("Folder", "Folder with imagesTr and labelsTr"),
            "nnunet_teacher": Row("Teacher masks", TEACHER_HINT),
        },
        _nnunet,
        {"image": "nnunet", "expert": "nnunet", "teacher": "nnunet_teacher"},
    ),
    Page(
        "Datalist",
        {"datalist": Row("File", "MONAI datalist", pick="file")},
        _datalist,
        dict.fromkeys(("image", "expert", "teacher"), "datalist"),
    ),
)
COMMON = {
    "patient": Row("Patient", "Regular expression, such as ^(P\\d+); may be empty", pick=""),
    "project": Row("Project", "New folder of the project"),
}
"""Rows below the tabs, whichever is open."""
UNKNOWN = "unknown"
"""Name of the text that holds the value of voxels that nobody has labelled; "" for auto."""
LABELS = {
    name: row.label for rows in (*(p.rows for p in PAGES), COMMON) for name, row in rows.items()
}
"""What the rows are called in the form, by their names."""


@dataclass(frozen=True)
class RoleWords:
    """What a role of expert cases is called in the form.

    Attributes
    ----------
    title : of its row
    line : what these cases are for
    one, many : in a sentence, after a number
    unset : what 0 in its row means
    """

    title: str
    line: str
    one: str
    many: str
    unset: str


ROLES = {
    "reference": RoleWords(
        "Lead the training",
        "Machine-made masks that agree with these count more.",
        "leads",
        "lead",
        "auto",
    ),
    "test": RoleWords(
        "Held out",
        "Never learned from: they measure how good the result is.",
        "is held out",
        "are held out",
        "auto",
    ),
    "teacher_training": RoleWords(
        "Train a teacher",
        "Only where no machine-made masks exist: these teach a first network to make them.",
        "trains a teacher",
        "train a teacher",
        "none",
    ),
}
"""The roles of expert cases in plain words, by their names in the project."""
