"""A case: one image with its masks, before and after there is a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_alnt.data.images.on_disk import Shape
from napari_alnt.data.images.volume import Triple

Role = Literal["pool", "teacher_training", "reference", "test"]
"""What a case is for; every case but those of the pool has an expert mask."""
Status = Literal["new", "draft", "skipped", "flagged", "accepted", "expert"]
"""How far the work on a case has come; "expert" if its mask was there from the start."""


@dataclass(frozen=True)
class Case:
    """One image and its masks, as the project knows them now.

    Attributes
    ----------
    name : unique in the project, also a folder's name
    number : from 1 up, in the order in which the project was made
    image : the image's file
    teacher : the teacher's mask, or None
    expert : the newest expert mask, given at the start or accepted since, or None
    role : what the case is for now
    status : how far the work on it has come
    patient : all cases of a patient have one role, but for the pool's
    version : number of the accepted version that ``expert`` is; 0 if it was given at the start
    image_sha256 : of the image's file, as recorded; likewise for the masks, "" where there is none
    shape : voxels (Z, Y, X)
    spacing : mm (z, y, x)
    """

    name: str
    number: int
    image: Path
    teacher: Path | None
    expert: Path | None
    role: Role
    status: Status
    patient: str
    version: int
    image_sha256: str
    teacher_sha256: str
    expert_sha256: str
    shape: Shape
    spacing: Triple

    @property
    def label_version(self) -> str:
        """Which label the case trains with: "0003", "expert", "teacher", or "" if it has none."""
        if self.version:
            return f"{self.version:04d}"
        if self.expert:
            return "expert"
        return "teacher" if self.teacher else ""

    @property
    def label_sha256(self) -> str:
        """Hash of the file the case trains with, or ""."""
        return self.expert_sha256 if self.expert else self.teacher_sha256


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case before there is a project; ``patient`` is "" where it is not known."""

    name: str
    image: Path
    teacher: Path | None = None
    expert: Path | None = None
    patient: str = ""
