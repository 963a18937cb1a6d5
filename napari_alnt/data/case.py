"""A case: one image with its masks, before and after there is a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_alnt.data.volume import Triple

Role = Literal["pool", "seed", "reference", "audit"]
Status = Literal["new", "draft", "skipped", "flagged", "accepted", "expert"]


@dataclass(frozen=True)
class Case:
    """One image and its masks, as the project knows them now.

    ``expert`` is the newest expert mask: the file given at the start, or the newest accepted
    version, whose number is ``version`` (0 if there is none). ``spacing`` (mm) and ``shape`` are
    those of the turned grid, (z, y, x).
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
    shape: tuple[int, int, int]
    spacing: Triple

    @property
    def label(self) -> str:
        """Which label the case trains with: "0003", "expert", "teacher", or "" if it has none."""
        if self.version:
            return f"{self.version:04d}"
        return "expert" if self.expert else "teacher" if self.teacher else ""

    @property
    def label_sha256(self) -> str:
        """Hash of the file the case trains with, or ""."""
        return self.expert_sha256 if self.expert else self.teacher_sha256


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case before there is a project. ``patient`` is '' where it is not known."""

    name: str
    image: Path
    teacher: Path | None = None
    expert: Path | None = None
    patient: str = ""
