"""Masks are flipped one by one, and come back as they were after a glance at the image."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from napari_alnt.widgets.picture.shown_masks import ShownMasks


class Layers:
    """Stands for the layers of a case: it notes what the user has chosen."""

    def __init__(self):
        self.kept = {
            role: SimpleNamespace(visible=role != "student") for role in ("teacher", "student")
        }
        self.own = 0

    @contextmanager
    def exchanging(self):
        self.own += 1
        yield

    @property
    def shown(self):
        return [role for role, layer in self.kept.items() if layer.visible]


@pytest.fixture
def layers():
    return Layers()


def test_each_has_its_switch_and_one_that_is_missing_does_nothing(layers):
    masks = ShownMasks(layers)
    masks.flip("student")
    masks.flip("correction")
    assert layers.shown == ["teacher", "student"]
    masks.flip("teacher")
    assert layers.shown == ["student"]


def test_after_a_glance_all_is_as_it_was_and_nothing_was_chosen(layers):
    masks = ShownMasks(layers)
    for again in (masks.bring_back, masks.hide):
        masks.hide()
        assert layers.shown == []
        again()
        assert layers.shown == ["teacher"]
    assert layers.own
    masks.hide()
    masks.flip("teacher")  # of what is shown without the glance
    assert layers.shown == []
    masks.bring_back()
    assert layers.shown == []


def test_the_fill_gets_stronger_and_fainter_within_bounds():
    layers = Layers()
    layer = layers.kept["correction"] = SimpleNamespace(visible=True, opacity=0.4)
    masks = ShownMasks(layers)
    masks.fill(0.2)
    assert layer.opacity == 0.6
    for _ in range(9):
        masks.fill(-0.2)
    assert layer.opacity == 0
    for _ in range(9):
        masks.fill(0.2)
    assert layer.opacity == 1


def test_versions_are_hidden_too_for_a_glance():
    layers, told = Layers(), []
    version = SimpleNamespace(visible=True)
    masks = ShownMasks(layers, lambda: [version])
    masks.glanced.connect(told.append)
    masks.hide()
    assert not version.visible
    masks.bring_back()
    masks.bring_back()
    assert version.visible
    assert told == [True, False]
