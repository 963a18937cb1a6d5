"""Slices that nobody has labelled are accepted only after a question, once for a case."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_alnt.widgets.case.unknown_question import BACKGROUND, LEAVE, SHOW, UnknownQuestion

ALL = (BACKGROUND, LEAVE, SHOW)


class Asked:
    """An open case with unknown slices, and a user who gives one answer."""

    def __init__(self):
        self.answer, self.questions, self.told = "Cancel", [], []
        mask = np.zeros((9, 6, 6), np.uint8)
        mask[2, 1], mask[7, 2] = 255, 255
        mask[4, 4, 4] = 1
        viewer = ViewerModel()
        viewer.add_labels(mask, scale=(3, 1, 1), translate=(-30, 0, 0))
        kept = SimpleNamespace(grid={"scale": (3, 1, 1), "translate": (-30, 0, 0)})
        self.layers = SimpleNamespace(
            mask=mask, case="chest", ignore_label=255, kept=kept, viewer=viewer
        )
        self.unknown = UnknownQuestion(
            self.layers, self, self.ask, lambda text, _: self.told.append(text)
        )

    def ask(self, question):
        self.questions.append(question)
        return self.answer

    def put(self, mask, _):
        """As the strokes do."""
        self.layers.mask = mask

    def accepts(self, answer="Cancel", decision="may_accept"):
        """Whether the mask is accepted by a user who gives an answer; what he could answer."""
        self.answer, before = answer, len(self.questions)
        done = getattr(self.unknown, decision)()
        asked = self.questions[before:]
        return done, asked[0].answers if asked else ()


@pytest.fixture
def asked():
    return Asked()


def test_the_question_says_how_many_slices(asked):
    assert asked.accepts() == (False, ALL)
    assert asked.questions[0].text.startswith("2 of 9 slices of chest hold unknown voxels")
    assert asked.told == ["Nothing was decided."]
    asked.layers.mask[7] = 0
    asked.accepts()
    assert "1 of 9 slices of chest holds" in asked.questions[1].text


def test_unknown_becomes_background(asked):
    before = asked.layers.mask.copy()
    assert asked.accepts(BACKGROUND) == (True, ALL)
    np.testing.assert_array_equal(asked.layers.mask, np.where(before == 255, 0, before))
    assert asked.layers.mask.dtype == before.dtype
    assert asked.accepts() == (True, ())


def test_unknown_is_left_and_asked_about_once(asked):
    before = asked.layers.mask.copy()
    assert asked.accepts(LEAVE) == (True, ALL)
    np.testing.assert_array_equal(asked.layers.mask, before)
    assert asked.accepts() == (True, ())
    asked.layers.mask[7] = 0
    assert asked.accepts() == (True, ())
    # but what nobody was asked about is asked about
    asked.layers.mask[3] = 255
    assert asked.accepts() == (False, ALL)
    asked.layers.mask[3] = 0
    asked.layers.case = "another"
    assert asked.accepts() == (False, ALL)


def test_unknown_is_shown(asked):
    assert asked.accepts(SHOW) == (False, ALL)
    assert asked.layers.viewer.dims.point[0] == -30 + 2 * 3
    assert "hatched" in asked.told[0]
    assert asked.accepts(LEAVE) == (True, ALL)


def test_the_teachers_mask_is_confirmed_with_its_unknown_or_not_at_all(asked):
    assert asked.accepts(decision="may_confirm") == (False, (LEAVE, SHOW))
    assert asked.accepts(LEAVE, "may_confirm") == (True, (LEAVE, SHOW))


def test_a_mask_without_unknown_is_accepted_without_a_question(asked):
    asked.layers.mask[asked.layers.mask == 255] = 0
    assert asked.accepts() == (True, ())
    assert asked.accepts(decision="may_confirm") == (True, ())


def test_an_answer_for_a_case_that_has_gone_meanwhile_decides_nothing(asked):
    def ask(_):
        asked.layers.case = "another"
        return BACKGROUND

    asked.unknown._ask = ask
    before = asked.layers.mask.copy()
    assert not asked.unknown.may_accept()
    np.testing.assert_array_equal(asked.layers.mask, before)
