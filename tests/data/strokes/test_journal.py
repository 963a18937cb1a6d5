"""At whatever instant a process ends, the case goes on with all work that was on the disk."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_alnt.data import atomic
from napari_alnt.data.strokes import journal
from napari_alnt.data.strokes.journal import (
    find_damage,
    has_changes,
    mask_at,
    resume,
    settle,
    steps,
)
from napari_alnt.data.strokes.journal_file import MAGIC, Kind, Record, scan
from napari_alnt.data.strokes.journal_mirror import Change, Mirror
from napari_alnt.errors import AlntError

SHAPE = (3, 4, 5)


class CaseModel:
    """A case as the table has it and as it is painted on, without a window."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal"
        self.versions = [np.arange(60, dtype=np.uint8).reshape(SHAPE) % 2]  # the first: the teacher
        self.number = 0
        self.draft: np.ndarray | None = None
        self.others = 10
        self.open()

    @property
    def version(self) -> int:
        """The accepted version that has not been reverted."""
        return self.number

    @property
    def named(self) -> np.ndarray:
        """The mask that the table names."""
        return self.versions[self.number] if self.draft is None else self.draft

    def resumed(self):
        return resume(self.path, self.named.copy(), self.number, draft=self.draft is not None)

    def open(self) -> None:
        self.found = self.resumed()
        self.mask = self.found.mask.copy()
        self.mirror = Mirror(self.found)
        self.begun = False
        if self.found.end and self.found.first:
            self.write(list(self.found.first))
        self.undone, self.done = [], []

    def append(self, kind: Kind, changes: list[Change]) -> None:
        """What the journal's thread does."""
        base = self.mirror.base() if not self.found.end and not self.found.first else None
        payload, voxels = self.mirror.change(changes)
        if not voxels:
            return
        record = self.mirror.record(kind, (payload, voxels), 1.0, 2.0)
        first = [] if self.begun else [base] if base else list(self.found.first)
        self.write([*first, record])

    def write(self, records: list[Record]) -> None:
        if not self.begun:
            old = self.path.read_bytes()[: scan(self.path).end] if self.found.end else MAGIC
            self.path.write_bytes(old)
        self.begun = True
        with self.path.open("ab") as file:
            file.writelines(one.encode() for one in records)

    def paint(self, z: int, y: int, width: int, value: int, kind: Kind = Kind.STROKE) -> None:
        where = (slice(z, z + 1), slice(y, y + 2), slice(0, width))
        self.done.append((where, self.mask[where].copy(), value))
        self.undone.clear()
        self.mask[where] = value
        self.append(kind, [Change(where, None, value)])

    def undo(self) -> None:
        if self.done:
            where, old, _ = self.done[-1]
            self.undone.append(self.done.pop())
            self.mask[where] = old
            self.append(Kind.UNDO, [Change(where, None, old)])

    def redo(self) -> None:
        if self.undone:
            where, _, value = self.undone[-1]
            self.done.append(self.undone.pop())
            self.mask[where] = value
            self.append(Kind.REDO, [Change(where, None, value)])


EDITS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 5), st.integers(0, 3)),
        st.sampled_from(["undo", "redo"]),
    ),
    max_size=8,
)


def edit(case: CaseModel, what) -> None:
    if what == "undo":
        case.undo()
    elif what == "redo":
        case.redo()
    else:
        case.paint(*what)


@settings(max_examples=8, deadline=None)
@given(EDITS)
def test_a_kill_at_every_byte_leaves_the_state_of_the_last_whole_record(edits):
    with tempfile.TemporaryDirectory() as folder:
        case = CaseModel(Path(folder))
        states = [case.mask.copy()]
        for what in edits:
            before = case.mask.copy()
            edit(case, what)
            if not np.array_equal(before, case.mask):
                states.append(case.mask.copy())
        if not case.path.exists():
            return
        content = case.path.read_bytes()
        ends = [record.end for record in scan(case.path).records]
        assert len(ends) == len(states)
        for size in range(len(MAGIC), len(content) + 1):
            case.path.write_bytes(content[:size])
            whole = sum(end <= size for end in ends)
            found = case.resumed()
            np.testing.assert_array_equal(found.mask, states[max(whole - 1, 0)])
            assert found.notice == ""
            assert found.end == (ends[whole - 1] if whole else 0)


DECISIONS = ("draft", "foreign draft", "accept", "accept and go on", "revert", "drop")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_is_decided_the_case_goes_on_with_what_was_decided(data):
    with tempfile.TemporaryDirectory() as folder:
        case = CaseModel(Path(folder))
        for _ in range(data.draw(st.integers(0, 4))):
            for what in data.draw(EDITS):
                edit(case, what)
                np.testing.assert_array_equal(case.resumed().mask, case.mask)
            allowed = decide(case, data.draw(st.sampled_from(DECISIONS)), data.draw(st.booleans()))
            found = case.resumed()
            assert found.notice == ""
            assert any(np.array_equal(found.mask, mask) for mask in allowed)
            if data.draw(st.booleans()) or len(allowed) > 1:
                case.open()


def decide(case: CaseModel, what: str, killed: bool) -> list[np.ndarray]:
    """Decide on a case; killed, before its journal knows. The masks that it may go on with."""
    painted = case.mask.copy()
    if what == "draft":
        case.draft = painted.copy()
        return [painted]
    if what == "foreign draft":
        # one that the journal knows would be taken for the journal's own
        case.others += 1
        case.draft = np.full(SHAPE, case.others, np.uint8)
        case.open()
        return [case.draft]
    if what.startswith("accept"):
        case.versions = [*case.versions[: case.number + 1], painted]
        case.draft, case.number = None, case.number + 1
        kind = Kind.ACCEPTED
    else:
        case.draft, kind = None, Kind.REVERTED
        case.number = max(case.number - (what == "revert"), 0)
    if not killed:
        settle(case.path, kind, case.number)
    if what == "accept and go on":
        case.mirror.settle(case.number)
    elif not killed:
        case.open()
    return [case.named, painted] if killed else [case.named]


@pytest.fixture
def case(tmp_path):
    return CaseModel(tmp_path)


def test_without_a_journal_the_given_mask_goes_on(case):
    assert case.found.restored == 0
    assert case.found.notice == ""
    assert not has_changes(case.path, 0)
    assert steps(case.path) == ()
    settle(case.path, Kind.ACCEPTED, 1)
    assert not case.path.exists()


def test_the_strokes_since_the_draft_are_counted(case):
    case.paint(0, 0, 3, 3)
    case.paint(1, 0, 3, 3)
    assert case.resumed().restored == 2
    case.draft = case.mask.copy()
    assert case.resumed().restored == 0
    case.paint(2, 0, 3, 3)
    found = case.resumed()
    assert found.restored == 1
    np.testing.assert_array_equal(found.mask, case.mask)
    assert found.seconds == 2.0


def test_a_case_has_changes_until_something_is_decided(case):
    case.paint(0, 0, 3, 3)
    assert has_changes(case.path, 0)
    assert not has_changes(case.path, 1)  # accepted, and the end came before it was noted here
    case.undo()
    assert not has_changes(case.path, 0)
    case.redo()
    settle(case.path, Kind.ACCEPTED, 1)
    assert not has_changes(case.path, 0)
    assert not has_changes(case.path, 1)


def test_a_replaced_teacher_does_no_harm(case):
    case.paint(0, 0, 3, 3)
    case.versions[0] = np.full(SHAPE, 1, np.uint8)
    found = case.resumed()
    np.testing.assert_array_equal(found.mask, case.mask)
    assert found.restored == 1


def test_revert_is_a_step_and_what_was_before_can_be_had_again(case):
    case.paint(0, 0, 3, 3)
    painted = case.mask.copy()
    settle(case.path, Kind.REVERTED, 0)
    case.open()
    np.testing.assert_array_equal(case.mask, case.versions[0])
    case.paint(2, 0, 3, 3)
    assert [step.kind for step in steps(case.path)] == [
        "base", "stroke", "reverted", "revert", "stroke",
    ]  # fmt: skip
    assert [step.voxels for step in steps(case.path)][3] == np.count_nonzero(
        painted != case.versions[0]
    )
    np.testing.assert_array_equal(mask_at(case.path, 1, SHAPE), painted)
    np.testing.assert_array_equal(mask_at(case.path, 3, SHAPE), case.versions[0])
    np.testing.assert_array_equal(mask_at(case.path, 4, SHAPE), case.mask)
    with pytest.raises(AlntError, match="does not hold step 5"):
        mask_at(case.path, 5, SHAPE)


def test_a_draft_of_another_hand_goes_on_and_is_a_step(case):
    case.paint(0, 0, 3, 3)
    case.draft = np.full(SHAPE, 1, np.uint8)
    case.open()
    np.testing.assert_array_equal(case.mask, case.draft)
    case.paint(0, 0, 3, 2)
    assert [step.kind for step in steps(case.path)] == ["base", "stroke", "taken_over", "stroke"]
    np.testing.assert_array_equal(case.resumed().mask, case.mask)


def test_a_damaged_record_is_said_and_what_comes_before_is_kept(case):
    for z in range(3):
        case.paint(z, 0, 3, 3)
    content = bytearray(case.path.read_bytes())
    records = scan(case.path).records
    content[records[2].place + 3] ^= 1
    case.path.write_bytes(content)
    found = case.resumed()
    assert found.damaged
    assert found.restored == 1
    assert found.notice.startswith("A part of the strokes kept in '")
    np.testing.assert_array_equal(found.mask[0], case.mask[0])
    np.testing.assert_array_equal(found.mask[1:], case.versions[0][1:])
    settle(case.path, Kind.ACCEPTED, 1)
    assert case.path.read_bytes() == bytes(content)


def test_a_record_of_another_mask_is_damage_too(case):
    """Its checksum is right, but not what it leads to."""
    for z in range(3):
        case.paint(z, 0, 3, 3)
    content = case.path.read_bytes()
    records = scan(case.path).records
    case.path.write_bytes(content[: records[1].end] + content[records[2].end :])
    found = case.resumed()
    assert found.notice
    assert found.restored == 1
    assert found.end == records[1].end


def test_damage_of_any_byte_is_found(case):
    assert find_damage(case.path, SHAPE) == ""
    for z in range(3):
        case.paint(z, 0, 3, 3)
    assert find_damage(case.path, SHAPE) == ""
    assert find_damage(case.path, (4, 4, 4)) == "damaged"
    content = case.path.read_bytes()
    for place in range(0, len(content), 7):
        case.path.write_bytes(content[:place] + b"!" + content[place + 1 :])
        if case.path.read_bytes() != content:
            assert find_damage(case.path, SHAPE), place
    case.path.write_bytes(content[:-3])
    assert find_damage(case.path, SHAPE) == "cut short"


def test_strokes_go_on_where_the_table_comes_from_a_backup(case):
    """It was copied just before the mask was accepted, and the journal just after."""
    case.paint(0, 0, 3, 3)
    settle(case.path, Kind.ACCEPTED, 1)
    found = case.resumed()
    np.testing.assert_array_equal(found.mask, case.mask)
    assert found.restored == 1


def test_a_journal_of_another_shape_is_not_used(case):
    case.paint(0, 0, 3, 3)
    other = np.zeros((3, 4, 6), np.uint8)
    found = resume(case.path, other, 0, draft=False)
    np.testing.assert_array_equal(found.mask, other)
    assert found.damaged
    assert found.notice


def test_another_type_of_labels_keeps_the_mask(case):
    case.paint(0, 0, 3, 3)
    wider = case.named.astype(np.uint16)
    found = resume(case.path, wider, 0, draft=False)
    assert found.mask.dtype == np.uint16
    assert found.end == 0
    assert [record.kind for record in found.first] == [Kind.BASE, Kind.TOOL]
    np.testing.assert_array_equal(found.mask, case.mask)


def test_labels_that_the_project_has_lost_are_kept_aside(case):
    case.versions[0] = case.versions[0].astype(np.uint16)
    case.open()
    where = (slice(0, 1), slice(0, 1), slice(0, 1))
    case.append(Kind.STROKE, [Change(where, None, 700)])
    found = resume(case.path, case.named.astype(np.uint8), 0, draft=False)
    assert "labels that the project lacks" in found.notice
    assert found.damaged
    np.testing.assert_array_equal(found.mask, case.named)


@pytest.mark.parametrize("saved", [False, True])
def test_a_long_journal_is_shortened(case, monkeypatch, saved):
    for turn in range(12):
        case.paint(turn % 3, 0, 1 + turn % 5, turn % 4)
    monkeypatch.setattr(journal, "LONGEST", 200)
    if saved:
        case.draft = case.mask.copy()
    case.open()
    before = case.path.stat().st_size
    case.paint(0, 1, 4, 2)
    assert case.path.stat().st_size < before
    found = case.resumed()
    np.testing.assert_array_equal(found.mask, case.mask)
    assert found.restored == (1 if saved else 2)
    assert has_changes(case.path, 0)


def test_a_disk_that_cannot_be_read_is_said(case, monkeypatch):
    case.paint(0, 0, 3, 3)

    def fail(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(journal, "scan", fail)
    for ask in (case.resumed, lambda: steps(case.path), lambda: settle(case.path, Kind.BASE, 0)):
        with pytest.raises(
            AlntError, match=r"cannot be read \(input/output error\); check the disk"
        ):
            ask()
    monkeypatch.setattr(journal, "last_record", fail)
    assert not has_changes(case.path, 0)


def test_a_decision_that_cannot_be_noted_is_said(case, monkeypatch):
    case.paint(0, 0, 3, 3)

    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", fail)
    size = case.path.stat().st_size
    with pytest.raises(AlntError, match="disk is full"):
        settle(case.path, Kind.ACCEPTED, 1)
    assert case.path.stat().st_size == size
