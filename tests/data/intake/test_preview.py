"""What a source would bring into a project, before there is one."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.data import Grid, NnUNet, Patterns, write_image, write_labels
from napari_alnt.data.intake.preview import previews, ranges, slice_counts
from napari_alnt.errors import AlntError

SHAPE = (5, 6, 7)


@pytest.fixture
def files(tmp_path):
    """Three images; one has an expert's mask, all have a teacher's, and one of those has 255."""
    grid = Grid.new(SHAPE, (3, 1, 1), axes="RAS")
    for name in ("a", "b", "c"):
        mask = np.zeros(SHAPE, np.uint8)
        mask[2, 3, 3] = 1
        if name == "c":
            mask[3:] = 255
        for kind in ("ct", "auto", *(("gold",) if name == "a" else ())):
            (tmp_path / kind).mkdir(exist_ok=True)
            write = write_image if kind == "ct" else write_labels
            write(tmp_path / kind / f"{name}.nii.gz", mask, grid)
    return tmp_path


def look(files, **kinds):
    rules = {kind: str(files / folder) for kind, folder in kinds.items()}
    return list(previews(Patterns(str(files / "ct"), **rules)))


def test_files_are_counted_first_and_labels_as_they_are_read(files):
    seen = look(files, expert="gold", teacher="auto")
    start = "3 images · 1 with an expert mask · 3 with teacher masks"
    assert [str(one) for one in seen] == [
        f"{start} · reading labels (0 of 4 masks read …)",
        f"{start} · labels 1 (1 of 4 masks read …)",
        f"{start} · labels 1 (2 of 4 masks read …)",
        f"{start} · labels 1 (3 of 4 masks read …)",
        f"{start} · labels 1; 255 in 2 slices",
    ]
    assert seen[-1].values == (1,)


def test_nothing_is_read_before_it_is_asked_for(files):
    (files / "auto" / "a.nii.gz").write_bytes(b"no mask")
    first = next(previews(Patterns(str(files / "ct"), teacher=str(files / "auto"))))
    assert first.masks == 3
    assert first.unreadable == ()


def test_a_mask_that_cannot_be_read_is_named_and_the_others_are_read(files):
    (files / "auto" / "b.nii.gz").write_bytes(b"no mask")
    last = look(files, teacher="auto")[-1]
    assert str(last).endswith("labels 1; 255 in 2 slices · 1 mask cannot be read ('b.nii.gz')")
    assert last.read == last.masks == 3


def test_a_file_that_is_both_masks_is_read_once(files):
    last = look(files, expert="auto", teacher="auto")[-1]
    assert (last.experts, last.teachers, last.masks) == (3, 3, 3)


def test_without_masks_there_are_no_labels(files):
    (only,) = look(files)
    assert str(only) == "3 images · none with expert masks · none with teacher masks"


def test_empty_masks_have_no_labels(files):
    for path in (files / "auto").iterdir():
        write_labels(path, np.zeros(SHAPE, np.uint8), Grid.new(SHAPE, (3, 1, 1), axes="RAS"))
    assert str(look(files, teacher="auto")[-1]).endswith("no labels in the masks")


def test_what_is_not_found_is_said_as_the_source_says_it(tmp_path):
    with pytest.raises(AlntError, match="No images were found"):
        next(previews(Patterns(str(tmp_path / "nothing"))))


def test_names_and_ignore_label_come_from_the_source(files):
    (files / "ct").rename(files / "imagesTr")
    for name in ("a", "b", "c"):
        (files / f"imagesTr/{name}.nii.gz").rename(files / f"imagesTr/{name}_0000.nii.gz")
    (files / "auto").rename(files / "labelsTr")
    text = '{"labels": {"background": 0, "lesion": 1, "vessel": 2, "ignore": 255}}'
    (files / "dataset.json").write_text(text)
    last = list(previews(NnUNet(files)))[-1]
    assert (dict(last.names), last.ignore_label) == ({1: "lesion", 2: "vessel"}, 255)
    assert last.values == (1, 2)  # 2 has a name, though no mask has it


def test_another_value_for_unknown_can_be_given(files):
    source = Patterns(str(files / "ct"), teacher=str(files / "auto"))
    *_, last = previews(source, source.cases(), ignore_label=1)
    assert str(last).endswith("labels 255; 1 in 3 slices")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1], "1"),
        ([1, 2], "1, 2"),
        ([1, 2, 3, 7], "1–3, 7"),
        (range(1, 118), "1–117"),
        (range(1, 40, 2), "1, 3, 5, 7, 9, 11, … (20 labels)"),
    ],
)
def test_values_are_shown_in_short(values, shown):
    assert ranges(list(values)) == shown


def test_a_value_counts_once_a_slice():
    labels = np.zeros((4, 3, 3), np.int32)
    labels[1] = 70_000
    labels[2, 0] = 3
    labels[2, 1, 1] = 70_000
    assert slice_counts(labels) == {70_000: 2, 3: 1}
