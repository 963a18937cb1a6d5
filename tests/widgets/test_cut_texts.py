"""What finds cut and covered texts finds them."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from widgets.cut_texts import cut, overlapping

from napari_alnt.widgets.parts.fixed_label import FixedLabel

LONG = "A text that needs more room than it is given here"


@pytest.fixture
def page(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    layout = QVBoxLayout(made)
    for widget in (QLabel(LONG), QPushButton(LONG), QLabel(LONG)):
        layout.addWidget(widget)
    made.label, made.button, made.wrapped = (layout.itemAt(place).widget() for place in range(3))
    made.wrapped.setWordWrap(True)
    made.resize(600, 200)
    made.show()
    return made


def test_what_has_room_is_not_cut(page):
    assert [*cut(page)] == []
    assert [*overlapping(page)] == []


@pytest.mark.parametrize("part", ["label", "button"])
def test_what_is_too_narrow_is_cut(page, part):
    getattr(page, part).resize(100, 24)
    (found,) = cut(page)
    assert found.startswith(repr(LONG))


def test_lines_that_do_not_fit_are_cut(page):
    page.wrapped.resize(120, 20)
    assert len([*cut(page)]) == 1


def test_a_label_that_shortens_its_text_has_a_tip(qtbot, page):
    fixed = FixedLabel()
    page.layout().addWidget(fixed)
    fixed.setText(LONG)
    fixed.show()
    fixed.resize(60, 20)
    assert "…" in QLabel.text(fixed)
    assert [*cut(page)] == []
    QLabel.setToolTip(fixed, "")
    assert len([*cut(page)]) == 1


def test_widgets_on_each_other_are_found(page):
    page.label.setGeometry(page.button.geometry())
    (found,) = overlapping(page)
    assert "lies on" in found
