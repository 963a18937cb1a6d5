"""Rows of a project's table as an earlier napari-alnt wrote them, under the columns of today."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from napari_alnt import retired

_COUNTS = ("mask_voxels", "predicted_voxels", "overlap_voxels")
_KEYS = ("run", "step", "case", "mask_sha256", "reference_hash")


def upgraded(table: str, row: sqlite3.Row) -> dict[str, Any]:
    """One row of ``table`` (its present name) under the present names of its columns.

    Columns that no longer exist are still in it; the caller leaves them out. Columns that the row
    lacks take their default in the schema.
    """
    old = dict(row)
    values = retired.present(old, retired.COLUMNS.get(table, {}))
    if table == "cases":
        values["role"] = retired.ROLES.get(values["role"], values["role"])
    # up to version 4 a case's folder had the case's name
    if table == "drafts" and "file" not in old:
        values["file"] = f"labels/{old['case']}/draft.nii.gz"
    # up to version 3 it was the dot product, even where something else weighed the samples
    if table == "ledger" and "label_version" not in old:
        values["trust"] = None
    return _one_mapping(values) if table == "scores" and "scores" not in old else values


def _one_mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    """Pack scores, of which each had a column up to version 3, into one column of JSON."""
    # voxel counts were lists with a number for each structure; the oldest tables have none
    columns = [json.loads(values.get(name) or "[]") for name in _COUNTS]
    structures = [dict(zip(_COUNTS, counts, strict=True)) for counts in zip(*columns, strict=True)]
    left = {name: value for name, value in values.items() if name not in (*_KEYS, *_COUNTS)}
    return {
        **{name: values[name] for name in _KEYS if name in values},
        "scores": json.dumps({name: value for name, value in left.items() if value is not None}),
        "structures": json.dumps(structures),
    }
