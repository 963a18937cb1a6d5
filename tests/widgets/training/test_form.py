"""The settings as a form."""

from __future__ import annotations

import dataclasses

import pytest
from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit, SpinBox
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication

from napari_alnt.errors import AlntError
from napari_alnt.settings import FIRST, HINTS, Settings, choices
from napari_alnt.widgets.training.form import SettingsForm


@pytest.fixture
def form(qtbot):
    made = SettingsForm(Settings())
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_settings_form_gives_back_what_it_was_given(qtbot):
    settings = Settings(
        patch=(32, 48, 64),
        spacing=(2.5, 1.0, 1.0),
        learning_rate=3e-4,
        mirror=True,
        launcher="ssh box",
    )
    form = SettingsForm(settings)
    qtbot.addWidget(form)
    assert form.value() == settings
    form.rows["epochs"].value = 7
    form.rows["spacing"].value = ""
    assert form.value() == Settings.from_dict({"epochs": 7, "spacing": None}, settings)


def test_every_setting_has_a_row_of_its_kind(form):
    assert list(form.rows) == [item.name for item in dataclasses.fields(Settings)]
    kinds = {"mirror": CheckBox, "window": ComboBox, "mu": FloatSpinBox, "batch": SpinBox}
    for name, kind in {**kinds, "patch": LineEdit, "launcher": LineEdit}.items():
        assert type(form.rows[name]) is kind


def test_choices_are_those_of_the_setting(form):
    assert form.rows["ranking"].choices == choices(HINTS["ranking"])


def test_eight_settings_are_shown_first_in_words(form):
    assert len(FIRST) == 8
    assert form.shown == tuple(FIRST)
    for name, (title, sentence) in FIRST.items():
        assert form.places[name].title.text() == title
        assert form.places[name].sentence.text() == sentence
        assert sentence.endswith(".")
        assert "_" not in title + sentence


def test_all_settings_are_behind_a_button(form, qtbot):
    qtbot.mouseClick(form.all, Qt.MouseButton.LeftButton)
    assert sorted(form.shown) == sorted(form.rows)
    assert form.shown[:8] == tuple(FIRST)
    place = form.places["score_patches"]
    helps = {item.name: item.metadata["help"] for item in dataclasses.fields(Settings)}
    assert place.title.text() == "Score patches"
    assert place.sentence.text() == helps["score_patches"]
    assert "--score-patches" in place.title.toolTip()
    qtbot.mouseClick(form.all, Qt.MouseButton.LeftButton)
    assert form.shown == tuple(FIRST)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("learning rate", {"learning_rate"}),
        ("rank_every", {"rank_every"}),
        ("GREY", {"window", "augment"}),
        ("unlabelled flying", set()),
    ],
)
def test_a_search_goes_over_all_settings(form, qtbot, words, found):
    qtbot.keyClicks(form.search, words)
    assert set(form.shown) == found
    assert bool(form._nothing.text()) == (not found)
    form.search.clear()
    assert form.shown == tuple(FIRST)


def test_what_is_not_shown_keeps_its_value(form, qtbot):
    form.rows["batch"].value = 7
    qtbot.keyClicks(form.search, "device")
    assert form.value().batch == 7


def test_the_wheel_over_a_value_that_was_not_clicked_changes_nothing(form, qtbot):
    editor = form.rows["epochs"].native
    before = form.rows["epochs"].value
    turned = QWheelEvent(
        QPointF(5, 5), editor.mapToGlobal(QPointF(5, 5)), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(editor, turned)
    assert form.rows["epochs"].value == before


@pytest.mark.parametrize("width", [430, 700])
def test_nothing_is_cut_and_nothing_moves(form, qtbot, width):
    form.resize(width, 420)
    qtbot.wait(20)
    for name in form.shown:
        place = form.places[name]
        sentence = place.sentence
        assert sentence.heightForWidth(sentence.width()) <= sentence.height()
        wanted = place.title.fontMetrics().horizontalAdvance(place.title.text())
        assert wanted <= place.title.width()
    before = [part.geometry() for part in (form.search, form.all, form.message)]
    form.rows["trust_share"].value = 0.25
    form.rows["patch"].value = "48, x"
    assert "patch" in form.message.text()
    qtbot.wait(5)
    now = [part.geometry() for part in (form.search, form.all, form.message)]
    assert now == before


def test_a_wrong_value_is_a_sentence_at_once(form):
    form.rows["patch"].value = "48, x"
    assert "patch" in form.message.text()
    assert form.message.label.objectName() == "error"
    with pytest.raises(AlntError, match="patch"):
        form.value()
    form.rows["patch"].value = "48 48 48"
    assert "apply from the next start" in form.message.text()
    assert form.value().patch == (48, 48, 48)


def test_numbers_keep_to_their_range(form):
    with pytest.raises(ValueError, match="0"):
        form.rows["trust_share"].value = 1.5


@pytest.mark.parametrize(("name", "step"), [("learning_rate", 0.001), ("mu", 0.1)])
def test_a_number_moves_in_steps_of_its_last_digit(form, name, step):
    assert form.rows[name].step == pytest.approx(step)


def test_a_reader_changes_nothing(form):
    form.set_enabled(False)
    assert not form.rows["epochs"].native.isEnabled()
    assert not form.fresh.isEnabled()
