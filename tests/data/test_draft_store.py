"""One draft a case, under the case's number, which is replaced as the work goes on."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from napari_alnt.data import CaseFiles, Project, atomic, make_folder
from napari_alnt.data.strokes.journal import has_changes, resume, steps
from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.data.strokes.journal_mirror import Change
from napari_alnt.data.strokes.journal_writer import Journal
from napari_alnt.errors import AlntError


def test_a_draft_is_saved_replaced_and_dropped(project):
    case = project.by_role("pool")[0]
    drafts = project.drafts
    assert (drafts.load(case.name), drafts.seconds(case.name), drafts.file(case.name)) == (
        None,
        0,
        None,
    )
    for value in (1, 2):
        drafts.save(case.name, np.full(case.shape, value), value)
    assert (drafts.load(case.name) == 2).all()
    assert drafts.seconds(case.name) == 2
    file = drafts.file(case.name)
    # two names in turn: the one that the table does not name yet is being written
    assert file == project.folder / "labels" / f"{case.number:04d}" / "draft-2.nii.gz"
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    drafts.drop(case.name)
    assert not file.exists()
    assert drafts.load(case.name) is None


def test_accepting_ends_the_draft(project):
    case = project.by_role("pool")[0]
    project.drafts.save(case.name, np.full(case.shape, 1))
    project.labels.accept(case.name, np.full(case.shape, 1, np.uint8))
    assert project.drafts.load(case.name) is None


def paint(project, name):
    """One stroke of a case, of which then only its journal knows."""
    case = project.case(name)
    mask = np.zeros(case.shape, np.uint8)
    found = resume(project.drafts.journal(name), mask, case.version, draft=False)
    journal = Journal(found, lambda: (mask, True), print)
    journal.append(Kind.STROKE, [Change((slice(0, 1), slice(0, 9), slice(0, 9)), None, 1)])
    assert journal.close()


def test_strokes_without_a_draft_make_one_until_something_is_decided(project):
    name = project.by_role("pool")[0].name

    def status():
        (listed,) = (case.status for case in project.cases if case.name == name)
        assert listed == project.case(name).status
        return listed

    def kinds():
        return [step.kind for step in steps(project.drafts.journal(name))]

    paint(project, name)
    assert status() == "draft"
    project.drafts.drop(name)
    assert status() == "new"
    assert kinds() == ["base", "stroke", "reverted"]
    paint(project, name)
    assert status() == "draft"
    project.labels.accept(name, np.full(project.case(name).shape, 1, np.uint8))
    assert status() == "accepted"
    assert kinds()[-1] == "accepted"
    project.labels.revert(name)
    assert status() == "new"
    assert kinds()[-1] == "reverted"


def test_a_journal_that_leads_elsewhere_is_not_written(project, tmp_path):
    case = project.by_role("pool")[0]
    make_folder(project.label_folder(case))
    (project.label_folder(case) / "journal").symlink_to(tmp_path / "target")
    with pytest.raises(AlntError, match="leads out of the folder"):
        project.drafts.journal(case.name)
    assert project.case(case.name).status == "new"


def test_work_that_is_dropped_is_there_again_where_that_cannot_be_noted(project, monkeypatch):
    name = project.by_role("pool")[0].name
    paint(project, name)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(AlntError, match="disk is full"):
        project.drafts.drop(name)
    assert has_changes(project.drafts.journal(name), 0)


def test_a_case_that_has_another_ones_number_as_its_name_shares_no_folder(phantoms, tmp_path):
    named = {1: "0002", 2: "b", 3: "0003"}
    files = [
        CaseFiles(named.get(number, f"c{number}"), case.image, expert=case.truth)
        for number, case in enumerate(phantoms, start=1)
    ]
    with Project.create(tmp_path / "p", files, reference=4, test=4) as project:
        folders = {case.name: project.label_folder(case).name for case in project.cases}
    assert folders["b"] == "0002_"
    assert (folders["0002"], folders["0003"]) == ("0001", "0003")
    assert len(set(folders.values())) == len(folders)
