"""The settings as a form."""

from __future__ import annotations

import dataclasses

import pytest
from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit, SpinBox
from qtpy.QtWidgets import QLabel

from napari_alnt.errors import AlntError
from napari_alnt.settings import HINTS, Settings, choices
from napari_alnt.widgets.form import SettingsForm


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


def test_rows_are_labelled_in_words_and_explained(form):
    (title,) = [one for one in form.findChildren(QLabel) if one.text() == "Ignore label"]
    helps = {item.name: item.metadata["help"] for item in dataclasses.fields(Settings)}
    assert title.toolTip() == helps["ignore_label"]


def test_a_wrong_value_is_a_sentence_at_once(form):
    form.rows["patch"].value = "48, x"
    assert "patch" in form.sentence.text()
    assert form.sentence.objectName() == "error"
    with pytest.raises(AlntError, match="patch"):
        form.value()
    form.rows["patch"].value = "48 48 48"
    assert "apply from the next start" in form.sentence.text()
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
