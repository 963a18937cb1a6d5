"""Names that were once written to files, and what they are called now; read, never written.

A name that is renamed or removed anywhere in the vocabulary gets a line here, so that every project
that was ever made can be opened. The command line and scripts use the present names only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SETTINGS = {
    "unknown": "ignore_label",
    "at_once": "micro_batch",
    "foreground": "foreground_fraction",
    "prepare": "prefetch_cases",
    "loaders": "loader_threads",
    "similarity": "trust_measure",
    "validate_every": "test_every",
}
"""Settings, by their former names."""

CHOICES = {"trust_measure": {"path": "loss_rank"}}
"""Of a setting (by its present name), choices by their former names."""

ROLES = {"seed": "teacher_training", "audit": "test"}
"""Roles of a case, by their former names."""

EVENTS = {"Validated": "Tested", "AuditedCase": "TestedCase"}
"""Kinds of event, by their former names."""

FIELDS: dict[str, dict[str, str]] = {}
"""Of an event (by its present name), fields by their former names."""

TABLES = {"validations": "test_results"}
"""Tables of a project, by their former names."""

COLUMNS = {
    "cases": {
        "image_near": "image_relative",
        "teacher_near": "teacher_relative",
        "expert_near": "expert_relative",
    },
    "versions": {"set_aside": "reverted"},
    "ledger": {"label": "label_version"},
    "scores": {
        "label": "mask_sha256",
        "reference": "reference_hash",
        "trust": "dot",
        "head_trust": "head_dot",
        "marked": "mask_voxels",
        "drawn": "predicted_voxels",
        "shared": "overlap_voxels",
        "labelled": "mask_size",
    },
    "predictions": {"label": "mask_sha256", "trust": "trust_map"},
}
"""Of a table (by its present name), columns by their former names."""

CHECKPOINT = {"look_due": "evaluation_due", "standing": "relative_loss"}
"""Of a checkpoint's training state, fields by their former names."""

CHECKPOINT_KEY = "position"
"""Under which a checkpoint once kept its training state."""

EPOCH = {"roster": "cases"}
"""Of what an interrupted epoch had gathered, entries by their former names."""


def present(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same values under the names of today."""
    return {names.get(name, name): value for name, value in values.items()}
