"""Every file of a new project is read once: is it whole, where does it lie, and what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from napari_alnt.data.case import CaseFiles
from napari_alnt.data.fingerprint import file_hash, file_stat
from napari_alnt.data.images.volume import Grid, read_labels, read_volume
from napari_alnt.data.intake.contents import ImageContent, MaskContent, image_content, mask_content
from napari_alnt.data.paths import can_name_a_folder
from napari_alnt.errors import AlntError


@dataclass(frozen=True)
class Inspected:
    """What the files of a case hold.

    Attributes
    ----------
    grid : of the image; the masks lie on it
    image_sha256, teacher_sha256, expert_sha256 : hashes of the files, "" where there is none
    image_stat, teacher_stat, expert_stat : their sizes and times, None where there is none
    values : the label values of the masks, each with a file that has it; without the background and
        the ignore label
    image : the image's grey values
    masks : the labels of the masks, by "teacher" and "expert"; only those that there are
    """

    grid: Grid
    image_sha256: str
    teacher_sha256: str
    expert_sha256: str
    image_stat: str | None
    teacher_stat: str | None
    expert_stat: str | None
    values: Mapping[int, str]
    image: ImageContent
    masks: Mapping[str, MaskContent]


def inspect_files(
    cases: Sequence[CaseFiles],
    ignore_label: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Inspected, ...]:
    """Read every file of every case once, so that a broken one is found now, not while training.

    ``progress`` is called with (done, total) cases.

    Raises
    ------
    AlntError
        For the first case whose name cannot be used, whose files cannot be read or whose masks lie
        on another grid.
    """
    _require_names(cases)
    found = []
    # unpacking and hashing leave the interpreter's lock; more threads would only fill the memory
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        jobs = [pool.submit(_inspect, case, ignore_label) for case in cases]
        try:
            for job in jobs:
                found.append(job.result())
                if progress is not None:
                    progress(len(found), len(cases))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return tuple(found)


def _inspect(case: CaseFiles, ignore_label: int) -> Inspected:
    # before they are read, so that a change meanwhile is seen later
    stats = [_stat(path) for path in (case.image, case.teacher, case.expert)]
    volume = read_volume(case.image)
    grid, image = volume.grid, image_content(volume.voxels)
    del volume  # the masks need its memory
    masks: dict[str, MaskContent] = {}
    values: dict[int, str] = {}
    for kind, path in (("teacher", case.teacher), ("expert", case.expert)):
        if path is None:
            continue
        mask = read_labels(path, like=grid, ignore_label=ignore_label)
        apart = mask.grid.apart(grid) / min(grid.spacing)
        masks[kind] = mask_content(mask.voxels, ignore_label, apart)
        for value in masks[kind].counts:
            values.setdefault(value, str(path))
    return Inspected(
        grid=grid,
        image_sha256=_hash(case.image),
        teacher_sha256=_hash(case.teacher),
        expert_sha256=_hash(case.expert),
        image_stat=stats[0],
        teacher_stat=stats[1],
        expert_stat=stats[2],
        values={value: file for value, file in values.items() if value not in (0, ignore_label)},
        image=image,
        masks=masks,
    )


def _hash(path: Path | None) -> str:
    return "" if path is None else file_hash(path)


def _stat(path: Path | None) -> str | None:
    # a file that is missing is named when it is read
    return file_stat(path) if path is not None and path.exists() else None


def _require_names(cases: Sequence[CaseFiles]) -> None:
    seen: set[str] = set()
    for case in cases:
        if not can_name_a_folder(case.name):
            raise AlntError(
                f"'{case.name}' cannot name a folder on every system; rename the case's image."
            )
        # some file systems do not tell the case of letters apart
        if case.name.lower() in seen:
            raise AlntError(f"Two cases have the name '{case.name}'; rename one of their images.")
        seen.add(case.name.lower())
