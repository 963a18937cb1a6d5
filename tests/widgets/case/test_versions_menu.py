"""The menu of a case's versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_alnt.data import LabelVersion
from napari_alnt.widgets.case.versions_menu import VersionsMenu


@pytest.fixture
def menu(qtbot):
    made = VersionsMenu()
    qtbot.addWidget(made)
    return made


def versions(count):
    return [
        LabelVersion(
            "chest_02", number, Path("x"), "", "R&D", 60.0, False, "teacher", "",
            "2026-03-01T12:30:00+00:00", False,
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


def entries(menu):
    return [(one.text(), one.menu().actions()) for one in menu.actions()]


def test_the_newest_stands_first_and_the_one_in_use_is_not_taken_up(menu, qtbot):
    menu.fill(versions(3), now=3, shown={1})
    found = entries(menu)
    assert [text.split("  ")[0] for text, _ in found] == [
        "Version 3 (in use)", "Version 2", "Version 1"
    ]  # fmt: skip
    assert "R&&D" in found[0][0]
    assert [again.isEnabled() for _, (again, _) in found] == [False, True, True]
    assert [compare.isChecked() for _, (_, compare) in found] == [False, False, True]
    with qtbot.waitSignal(menu.taken_up) as told:
        found[2][1][0].trigger()
    assert told.args == [1]
    with qtbot.waitSignal(menu.compared) as told:
        found[1][1][1].trigger()
    assert told.args == [2]


def test_why_none_can_be_taken_up_is_said(menu):
    menu.fill(versions(2), now=2, refused="The project is open read-only.")
    _, (again, compare) = entries(menu)[1]
    assert (again.isEnabled(), again.toolTip()) == (False, "The project is open read-only.")
    assert compare.isEnabled()


def test_without_a_version_it_says_so(menu):
    menu.fill([], now=0)
    (only,) = menu.actions()
    assert "No mask" in only.text()
    assert not only.isEnabled()
