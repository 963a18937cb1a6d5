"""What a case says of the label that it trains with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from napari_alnt.data import Case

BARE = Case(
    name="a", number=1, image=Path("a.nii.gz"), teacher=None, expert=None, role="pool",
    status="new", patient="a", version=0, image_sha256="i", teacher_sha256="", expert_sha256="",
    shape=(2, 3, 4), spacing=(3.0, 2.0, 1.0),
)  # fmt: skip
TAUGHT = dataclasses.replace(BARE, teacher=Path("t.nii.gz"), teacher_sha256="t")
EXPERT = dataclasses.replace(TAUGHT, expert=Path("e.nii.gz"), expert_sha256="e")
ACCEPTED = dataclasses.replace(EXPERT, version=12)


@pytest.mark.parametrize(
    ("case", "version", "digest"),
    [(BARE, "", ""), (TAUGHT, "teacher", "t"), (EXPERT, "expert", "e"), (ACCEPTED, "0012", "e")],
    ids=["bare", "taught", "expert", "accepted"],
)
def test_the_best_label_there_is_counts(case, version, digest):
    assert (case.label_version, case.label_sha256) == (version, digest)


def test_a_case_is_a_value():
    assert dataclasses.replace(EXPERT) == EXPERT
    with pytest.raises(dataclasses.FrozenInstanceError):
        EXPERT.role = "test"
