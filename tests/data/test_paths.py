"""Names, paths and values of a hostile table are refused, and nothing outside is touched."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data.paths import can_name_a_folder, damaged, inside, read_json, require_name
from napari_alnt.errors import AlntError

REFUSED = pytest.raises(AlntError, match="damaged or not to be trusted")
NAMES = ["../../../x", "/abs/x", "..", ".", "", "a/b", "a\\b", "x\0", "con", "x" * 999, 7, b"x"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_no_folder_is_refused(name):
    assert not can_name_a_folder(name)
    with REFUSED:
        require_name(name)


@pytest.mark.parametrize("path", ["../x", "a/../b", "/etc/x", "", ".", "x\0", None, 3, "out/x"])
def test_a_path_that_leads_out_is_refused(tmp_path, path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "out").symlink_to(tmp_path)
    with REFUSED:
        inside(tmp_path / "p", path)


def test_a_path_under_the_folder_is_given(tmp_path):
    assert inside(tmp_path, "labels/a/0001.nii.gz") == tmp_path / "labels" / "a" / "0001.nii.gz"
    assert require_name("Müller 1") == "Müller 1"


@pytest.mark.parametrize("text", ["{", "[" * 100_000, None, ""])
def test_what_is_no_json_is_refused(text):
    with REFUSED:
        read_json(text, "its settings")
    assert "why" in str(damaged("why"))


@pytest.mark.parametrize("name", NAMES[:7])
def test_a_hostile_case_writes_and_deletes_nothing(project, tmp_path, name):
    good = project.by_role("pool")[0]
    canary = tmp_path / "draft.nii.gz"
    canary.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with project.change() as table:
        table.execute("UPDATE cases SET name = ? WHERE name = ?", (name, good.name))
    labels = np.zeros(good.shape, np.uint8)
    for act in (
        lambda: project.cases,
        lambda: project.labels.accept(name, labels),
        lambda: project.drafts.save(name, labels),
        lambda: project.drafts.drop(name),
    ):
        with REFUSED:
            act()
    assert canary.read_text() == "mine"
    assert sorted(tmp_path.rglob("*")) == before


def test_labels_that_lie_elsewhere_are_not_touched(project, tmp_path):
    case = project.by_role("pool")[0]
    canary = tmp_path / "else" / f"{case.number:04d}" / "draft.nii.gz"
    canary.parent.mkdir(parents=True)
    canary.write_text("mine")
    (project.folder / "labels").symlink_to(tmp_path / "else")
    labels = np.zeros(case.shape, np.uint8)
    for act in (project.labels.accept, project.drafts.save):
        with REFUSED:
            act(case.name, labels)
    assert [path.name for path in canary.parent.iterdir()] == ["draft.nii.gz"]


@pytest.mark.parametrize("file", ["../draft.nii.gz", "/draft.nii.gz", "labels/../../draft.nii.gz"])
def test_a_draft_elsewhere_is_neither_read_nor_deleted(project, file):
    case = project.by_role("pool")[0]
    canary = project.folder.parent / "draft.nii.gz"
    canary.write_text("mine")
    project.drafts.save(case.name, np.zeros(case.shape, np.uint8))
    with project.change() as table:
        table.execute("UPDATE drafts SET file = ?", (file,))
    for act in (project.drafts.load, project.drafts.drop):
        with REFUSED:
            act(case.name)
    assert canary.read_text() == "mine"


def test_a_version_elsewhere_is_not_read(project):
    case = project.by_role("pool")[0]
    project.labels.accept(case.name, np.zeros(case.shape, np.uint8))
    with project.change() as table:
        table.execute("UPDATE versions SET file = '../mask.nii.gz'")
    for act in (lambda: project.case(case.name), lambda: project.labels.versions(case.name)):
        with REFUSED:
            act()


@pytest.mark.parametrize("text", ["no", "[]", "null", "[" * 100_000, "7", None])
def test_hostile_settings_are_one_sentence(project, text):
    with project.change() as table:
        table.execute("DELETE FROM meta WHERE key = 'settings'")
        if text is not None:
            table.execute("INSERT INTO meta VALUES ('settings', ?)", (text,))
    for act in (lambda: project.settings, lambda: project.notices):
        with pytest.raises(AlntError, match="damaged"):
            act()


@pytest.mark.parametrize(
    "text", ["no", "[]", "null", "[" * 9_999, "[1, 2]", "[0, 1, 1]", "[1e999]"]
)
@pytest.mark.parametrize("column", ["shape", "spacing"])
def test_a_hostile_shape_is_one_sentence(project, column, text):
    with project.change() as table:
        table.execute(f"UPDATE cases SET {column} = ?", (text,))
    with REFUSED:
        _ = project.cases


def test_a_name_that_no_disk_takes_is_refused(tmp_path):
    assert inside(tmp_path, "a" * 255)
    with pytest.raises(AlntError, match="damaged"):
        inside(tmp_path, "a" * 256)
