"""Ways to take a step that must give the same gradient do."""

import pytest
import torch
from benchmark.steps import SAME, STEPS, Options, Setup, alnt, in_two, ordinary

from napari_alnt.core.directions import norm
from napari_alnt.errors import AlntError

SMALL = Options(network="unet_small", size=16, batch=3, expert_batch=2, threads=1)


@pytest.fixture(scope="module")
def setup():
    return Setup.of(SMALL)


def _off(one, other):
    distance = norm({name: value - other[name] for name, value in one.items()})
    return float(distance / norm(other))


@pytest.mark.parametrize("name", SAME)
def test_every_way_to_the_weighted_gradient_leads_there(setup, name):
    assert _off(STEPS[name](setup), alnt(setup)) < 1e-4


def test_the_head_alone_weighs_otherwise(setup):
    assert _off(STEPS["ALNT, head"](setup), alnt(setup)) > 1e-3


def test_an_ordinary_step_may_be_taken_in_two():
    even = Setup.of(Options(network="unet_small", size=16, batch=2, expert_batch=2, threads=1))
    assert _off(in_two(even), ordinary(even)) < 1e-4


def test_a_setup_is_always_the_same_and_moves():
    one, two = Setup.of(SMALL), Setup.of(SMALL)
    assert torch.equal(one.pseudo.images, two.pseudo.images)
    before = [value.clone() for value in one.net.parameters()]
    one.move(ordinary(one))
    moved = zip(before, one.net.parameters(), strict=True)
    assert any(not torch.equal(old, new) for old, new in moved)


def test_patches_that_the_network_cannot_take_are_refused():
    with pytest.raises(AlntError, match="multiples of 8"):
        Setup.of(Options(network="unet_small", size=15))
