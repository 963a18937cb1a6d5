"""Grey values follow the presets and the mouse, and are kept where they mean the same again."""

from __future__ import annotations

import json

import pytest

from napari_alnt.data import local
from napari_alnt.settings import WINDOWS
from napari_alnt.widgets.picture import window_level
from napari_alnt.widgets.picture.window_level import WindowLevel, number

LUNG = WINDOWS["lung"]
SCAN, NEXT_SCAN = (10.0, 410.0), (3.0, 90.0)


class Kept(list):
    """What was handed over to be kept."""

    def window(self, own="lung", chosen=None) -> WindowLevel:
        window = WindowLevel(own, chosen, self.append)
        window.show_case(LUNG if own == "lung" else SCAN)
        return window


@pytest.fixture
def kept():
    return Kept()


def test_a_project_begins_with_its_own_window(kept):
    assert kept.window().limits == LUNG
    assert kept.window().name == "lung"
    assert kept.window("percentile").limits == SCAN
    assert kept == []


def test_a_preset_is_marked_and_stays_from_case_to_case(kept):
    window = kept.window()
    window.choose("bone")
    window.show_case(LUNG)
    assert (window.name, window.limits) == ("bone", WINDOWS["bone"])
    window.choose("")
    assert window.name == "lung"
    assert kept == ["bone", None]


def test_a_drag_to_the_right_is_wider_and_one_down_is_darker(kept):
    window = kept.window()
    window.begin_drag()
    window.drag(window_level.TRAVEL, 0)
    assert window.limits == (-600 - 1500, -600 + 1500)
    window.drag(0, window_level.TRAVEL / 3)
    assert window.limits == (LUNG[0] + 500, LUNG[1] + 500)
    assert window.name == ""
    assert window.dragged
    assert kept == []
    window.end_drag()
    assert not window.dragged
    assert kept == [window.limits]
    window.keep()
    assert len(kept) == 1


def test_no_drag_turns_a_window_round_and_each_can_be_left_again(kept):
    for own in ("lung", "percentile"):
        window = kept.window(own)
        window.begin_drag()
        window.drag(-10_000, 0)
        low, high = window.limits
        assert low < high
        assert window.text.split()[1] != "0"
        window.begin_drag()
        window.drag(600, 0)
        assert window.limits[1] - window.limits[0] > 100 * (high - low)


def test_hu_are_whole(kept):
    window = kept.window()
    window.begin_drag()
    window.drag(0.3, 7.7)
    assert window.text == f"W {round(1500 + 0.3 * 5)}  L {number(round(-600 + 7.7 * 5))}"


def test_what_is_dragged_for_one_mr_is_not_for_the_next(kept):
    window = kept.window("percentile")
    window.begin_drag()
    window.drag(30, 30)
    window.end_drag()
    window.show_case(NEXT_SCAN)
    assert window.limits == NEXT_SCAN
    window.choose("soft_tissue")
    window.show_case(SCAN)
    assert window.name == "soft_tissue"
    assert kept == ["soft_tissue"]


def test_a_window_chosen_elsewhere_is_taken_over(kept):
    window = kept.window()
    told = []
    window.changed.connect(lambda: told.append(window.limits))
    window.take(LUNG)
    window.take((0.0, 80.0))
    window.show_case(LUNG)
    assert told == [(0.0, 80.0)] * 2


def test_choices_are_kept_by_project(tmp_path, monkeypatch):
    monkeypatch.setenv(local.FOLDER, str(tmp_path))
    one, other = local.key(tmp_path / "one"), local.key(tmp_path / "other")
    assert window_level.load(one) is None
    window_level.save(one, "bone")
    window_level.save(other, (-10.0, 60.5))
    assert [window_level.load(key) for key in (one, other)] == ["bone", (-10.0, 60.5)]
    window_level.save(one, None)
    assert json.loads((tmp_path / "user.json").read_text()) == {"windows": {other: [-10.0, 60.5]}}


@pytest.mark.parametrize(
    "found",
    ["brain", 3, [1], [2, 1], [1, 1], ["a", "b"], [0, float("inf")], [1, 2, 3], {"a": 1}, None,
     [10**400, 1], [[1, 2], 3]],
)  # fmt: skip
def test_what_somebody_has_edited_counts_as_nothing(tmp_path, monkeypatch, found):
    monkeypatch.setenv(local.FOLDER, str(tmp_path))
    (tmp_path / "user.json").write_text(json.dumps({"windows": {"here": found}}))
    assert window_level.load("here") is None
    (tmp_path / "user.json").write_text(json.dumps({"windows": found}))
    assert window_level.load("here") is None
    window_level.save("here", "lung")
    assert window_level.load("here") == "lung"


def test_numbers_are_short():
    written = [number(value) for value in (1500, -600.4, 23.456, 0.0123, 40, 0.0, -0.0001)]
    assert written == ["1500", "−600", "23.5", "0.0123", "40", "0", "−0.0001"]
