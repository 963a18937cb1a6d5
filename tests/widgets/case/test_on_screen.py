"""A mask that is not what the screen shows is accepted only after a question."""

from __future__ import annotations

import numpy as np
import pytest
from cases_shown import bare_layers, opened

from napari_alnt.widgets.case.on_screen import OnScreen


class Strokes:
    """Puts a mask into the correction as the real ones do, and writes it nowhere."""

    def __init__(self, layers):
        self.layers = layers

    def put(self, mask, _):
        where = np.nonzero(self.layers.mask != mask)
        self.layers.correction.data_setitem(where, mask[where])


class Asked:
    """A shown case, a user who gives one answer, and what he was asked and told."""

    def __init__(self, monkeypatch):
        self.layers = bare_layers(monkeypatch)
        self.viewer = self.layers.viewer
        self.answer, self.questions, self.told = "Cancel", [], []
        strokes = Strokes(self.layers)
        self.on_screen = OnScreen(
            self.layers, strokes, self.ask, lambda text, _: self.told.append(text)
        )
        self.layers.show(opened(), "lung")

    def ask(self, question):
        self.questions.append(question)
        return self.answer

    def accepts(self, answer="Cancel", decision="may_accept"):
        """Whether the mask is accepted by a user who gives an answer; what he could answer."""
        self.answer, before = answer, len(self.questions)
        done = getattr(self.on_screen, decision)()
        asked = self.questions[before:]
        return done, asked[0].answers if asked else ()

    def own(self, shape=(6, 40, 50), **more):
        grid = {"scale": (3, 2, 2), **more}
        return self.viewer.add_labels(np.zeros(shape, np.int32), name="mine", **grid)


@pytest.fixture
def asked(monkeypatch):
    return Asked(monkeypatch)


def test_what_is_seen_and_was_painted_is_accepted_without_a_question(asked):
    asked.layers.correction.paint((2, 5, 5), 3)
    asked.viewer.add_points(np.zeros((1, 3)))
    assert asked.accepts() == (True, ())
    assert asked.accepts(decision="may_confirm") == (True, ())


@pytest.mark.parametrize("how", ["eye", "opacity", "one label"])
def test_a_correction_that_is_not_seen(asked, how):
    layer = asked.layers.correction
    if how == "eye":
        layer.visible = False
    elif how == "opacity":
        layer.opacity = 0.0
    else:
        layer.selected_label, layer.show_selected_label = 3, True
    answers = ("Show it", "Accept")
    assert asked.accepts("Cancel") == (False, answers)
    assert asked.told == ["Nothing was decided."]
    assert asked.accepts("Accept") == (True, answers)
    # it is looked at before it is accepted
    assert asked.accepts("Show it") == (False, answers)
    assert layer.visible
    assert layer.opacity >= 0.4
    assert asked.accepts() == (True, ())
    assert asked.viewer.layers.selection.active is layer


def test_a_correction_that_was_deleted_is_taken_back_before_it_is_accepted(asked):
    layer = asked.layers.correction
    layer.paint((2, 5, 5), 3)
    asked.viewer.layers.remove(layer)
    assert asked.accepts("Cancel") == (False, ("Take it back",))
    assert asked.accepts("Take it back") == (False, ("Take it back",))
    assert layer in asked.viewer.layers
    assert layer.data[2, 5, 5] == 3
    assert asked.accepts() == (True, ())


@pytest.mark.parametrize("deleted", [False, True])
def test_a_layer_of_the_users_own_that_was_painted_can_be_taken(asked, deleted):
    layer, own = asked.layers.correction, asked.own()
    own.paint((4, 30, 30), 3)
    asked.layers.activate()
    answers = ("Accept 'mine'", "Accept the correction")
    if deleted:
        asked.viewer.layers.remove(layer)
        answers = ("Accept 'mine'", "Take it back")
    before = layer.data.copy()
    assert asked.accepts("Cancel") == (False, answers)
    np.testing.assert_array_equal(layer.data, before)
    assert asked.accepts("Accept 'mine'") == (True, answers)
    np.testing.assert_array_equal(layer.data, own.data)
    assert layer in asked.viewer.layers
    assert asked.accepts() == (True, ())
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_the_correction_is_accepted_beside_a_layer_of_the_users_own(asked):
    own = asked.own()
    assert asked.viewer.layers.selection.active is own  # and nothing is painted in it
    before = asked.layers.mask.copy()
    answer = "Accept the correction"
    assert asked.accepts(answer)[0]
    np.testing.assert_array_equal(asked.layers.mask, before)
    assert asked.accepts() == (True, ())
    own.paint((4, 30, 30), 3)
    assert not asked.accepts()[0]
    asked.layers.show(opened(name="b"), "lung")  # it was painted for the case before
    assert asked.accepts() == (True, ())


@pytest.mark.parametrize(
    "grid", [{"shape": (6, 40, 51)}, {"shape": (40, 50)}, {"translate": (0, 0, 9)}]
)
def test_a_layer_with_other_voxels_cannot_be_taken(asked, grid):
    if len(grid.get("shape", ())) == 2:
        grid["scale"] = (2, 2)
    asked.own(**grid)
    assert asked.accepts("Accept the correction") == (True, ("Accept the correction",))


def test_a_label_that_the_project_lacks_is_not_taken(asked):
    own, before = asked.own(), asked.layers.mask.copy()
    own.paint((4, 30, 30), 257)  # which is 1 in the type of the correction
    assert not asked.accepts("Accept 'mine'")[0]
    assert "label 257" in asked.told[-1]
    np.testing.assert_array_equal(asked.layers.mask, before)


def test_the_teachers_mask_is_confirmed_beside_a_layer_that_was_painted(asked):
    asked.own().paint((4, 30, 30), 3)
    assert asked.accepts("Cancel", "may_confirm") == (False, ("Confirm",))
    assert asked.accepts("Confirm", "may_confirm") == (True, ("Confirm",))


def test_a_layer_that_was_there_before_the_project_is_watched_too(monkeypatch):
    layers = bare_layers(monkeypatch)
    own = layers.viewer.add_labels(np.zeros((6, 40, 50), np.uint8), name="mine", scale=(3, 2, 2))
    questions = []
    on_screen = OnScreen(layers, Strokes(layers), lambda one: questions.append(one) or "", print)
    layers.show(opened(), "lung")
    own.paint((4, 30, 30), 3)
    assert not on_screen.may_accept()
    assert "'mine'" in questions[0].text
