"""A window goes from case to case, and neither dies nor loses, doubles or mixes up a layer.

An attempt is a switch in one napari window, in a process of its own. The cases differ in shape,
spacing and type; they are switched by keys, by clicks in the queue and by Accept, while our layers
are painted on, hidden and deleted, while layers of the user's own lie around, and in the middle
third of a run while a student is trained.

One, two and three dimensions: napari shows two or three axes, and knows no layer of one. So two and
three axes are displayed, the 2 × 2 planes are on and off, the user's own layers have 2, 3 and 4
axes, and among the cases are volumes, a single slice, and a single line of voxels.

The memory that is kept is measured after every fifth switch, when garbage is collected and free
pages are given back; what counts is the slope of the second half, as the first one fills caches.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from conftest import TINY

from napari_alnt.data import CaseFiles, Grid, Project, write_image, write_labels
from napari_alnt.errors import AlntError
from robustness import window
from robustness.held import GROWS, Held, judge
from robustness.result import Result, Tally
from robustness.work import folder, without

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_alnt.widgets.picture.layers import CaseLayers

    Array = np.ndarray[Any, Any]

LOST, DOUBLED, CHANGED = "layer lost", "layer doubled", "own layer changed"
MIXED, UNDONE = "of another case", "undo of another case"
COMPLAINED = "napari complains"
KINDS = (
    "crashed", "stopped early", LOST, DOUBLED, CHANGED, MIXED, UNDONE, COMPLAINED, *GROWS
)  # fmt: skip
SHAPES = (
    ((24, 28, 26), (3.0, 2.5, 2.0)),
    ((40, 20, 33), (1.0, 0.7, 0.7)),
    ((16, 64, 48), (5.0, 0.9, 0.9)),
    ((1, 40, 44), (4.0, 1.5, 1.5)),
    ((33, 36, 3), (0.8, 0.8, 8.0)),
    ((1, 1, 45), (4.0, 1.5, 1.5)),
)
"""Voxels and mm of the cases, in turn: also a single slice, three columns, and a single line."""
TYPES = (np.int16, np.uint8, np.float32, np.int32)
EXPERTS, POOL = 4, 20
SETTINGS = dataclasses.replace(TINY, epochs=100_000, steps_per_epoch=10, rank_every=5)
TRAINED = 60
"""Attempts from which on a run has a training: it takes long to begin."""
MEASURED = 5
"""Attempts from one measuring of the memory to the next, as collecting garbage takes long."""
SERVER = "from robustness.hurried_user import serve; serve()"


def run(count: int, seed: int, first: int = 0) -> Result:
    """Switch ``count`` times in one window."""
    tally = Tally(seed, KINDS)
    with folder() as work, mock.patch.dict(os.environ, window.settings(work)):
        arguments = (str(make_project(work)), seed, count)
        said = window.hear("switches", SERVER, arguments, count)
        for index, row in enumerate(said.rows, start=first):
            tally.tried()
            for kind, text in row["faults"]:
                tally.fail(kind, index, f"{row['way']}: {text}")
            tally.count(row["way"])
            for shown in row["shown"]:
                tally.count(shown)
        if len(said.rows) < count:
            crashed = said.code < 0 or "Fatal Python error" in said.error
            kind = "crashed" if crashed else "stopped early"
            tally.fail(kind, first + len(said.rows), without(work, AlntError(said.error)))
        else:
            held = [Held(**row["held"]) for row in said.rows if row["held"]]
            judge(held, first, tally, every=MEASURED)
    return tally.result()


def make_project(work: Path) -> Path:
    """A project whose cases have nothing in common; its folder."""
    files = []
    for number in range(EXPERTS + POOL):
        shape, spacing = SHAPES[number % len(SHAPES)]
        grid = Grid.new(shape, spacing, origin=(number, -number, 2.0 * number))
        rng = np.random.default_rng(number)
        mask = np.zeros(shape, np.uint8)
        mask[tuple(slice(size // 3, size // 3 + max(size // 3, 1)) for size in shape)] = 1
        image = rng.integers(0, 90, shape) + 100 * mask + number
        paths = [work / f"case_{number:02d}_{kind}.nii.gz" for kind in ("image", "mask")]
        write_image(paths[0], image.astype(TYPES[number % len(TYPES)]), grid)
        write_labels(paths[1], mask, grid)
        kind = "expert" if number < EXPERTS else "teacher"
        files.append(CaseFiles(f"case_{number:02d}", paths[0], **{kind: paths[1]}))
    made = Project.create(
        work / "project", files, settings=SETTINGS, labels={1: "box"}, reference=2, test=2
    )
    made.close()
    return made.folder


def faults(
    layers: CaseLayers, own: Mapping[Layer, Array], is_predicted: bool
) -> list[tuple[str, str]]:
    """What is wrong with the layers of a case that has just come into a viewer.

    Parameters
    ----------
    layers : those of the open case
    own : the user's own layers, and a copy of the data of each
    is_predicted : whether a student has said something of the case
    """
    opened, there = layers.opened, list(layers.viewer.layers)
    assert opened is not None
    ours = {role: layers.kept.get(role) for role in ("image", "correction", "teacher")}
    found = [(LOST, role) for role, layer in ours.items() if layer not in there]
    others = [one for one in there if one not in own and not layers.kept.is_ours(one)]
    found += [(DOUBLED, layer.name) for layer in others]
    for layer, data in own.items():
        if layer not in there or not np.array_equal(layer.data, data):
            found.append((CHANGED, layer.name))
    said = {"image": opened.image.voxels, "correction": opened.start, "teacher": opened.teacher}
    for role, data in said.items():
        if ours[role] is not None and not np.array_equal(ours[role].data, data):
            found.append((MIXED, role))
    for role in ("student", "voxel trust"):
        layer = layers.kept.get(role)
        if layer in there and not is_predicted and layer.data.any():
            found.append((MIXED, role))
    grid = opened.image.layer_kwargs()
    for layer in there:
        placed = (*layer.scale, *layer.translate) == (*grid["scale"], *grid["translate"])
        if layers.kept.is_ours(layer) and not placed:
            found.append((MIXED, f"place of {layer.name}"))
    before = layers.mask.copy()
    layers.correction.undo()
    if not np.array_equal(before, layers.mask):
        found.append((UNDONE, "correction"))
    return found
