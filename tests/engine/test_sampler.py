"""Which cases go into which step."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch

from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.sampler import Sampler, Stream


@pytest.fixture
def data(project):
    return Dataset(project, project.settings)


@pytest.fixture
def volumes(project, data):
    return [data.pseudo(case) for case in project.by_role("pool")]


def test_all_cases_are_drawn_before_one_is_drawn_again(data, volumes):
    sampler = Sampler(data, Stream.POOL, 2)
    drawn = [case for step in range(6) for case in sampler.draw(volumes, step).cases]
    assert set(Counter(drawn).values()) == {3}
    for lap in (drawn[:4], drawn[4:8], drawn[8:]):
        assert len(set(lap)) == 4
    assert len({tuple(drawn[:4]), tuple(drawn[4:8]), tuple(drawn[8:])}) > 1


def test_a_step_is_the_same_whenever_it_is_drawn(data, volumes):
    one = Sampler(data, Stream.POOL, 3).draw(volumes, 5)
    sampler = Sampler(data, Stream.POOL, 3)
    sampler.draw(volumes, 4)
    again = sampler.draw(volumes, 5)
    assert one.cases == again.cases
    assert torch.equal(one.batch.images, again.batch.images)
    assert torch.equal(one.batch.targets, again.batch.targets)


def test_streams_and_seeds_have_patches_of_their_own(project, data, volumes):
    other = Dataset(project, dataclasses.replace(project.settings, seed=1))
    drawn = [
        *(Sampler(data, stream, 2).draw(volumes[:1], 0) for stream in Stream),
        Sampler(other, Stream.POOL, 2).draw(volumes[:1], 0),
    ]
    images = [one.batch.images for one in drawn]
    assert all(not torch.equal(a, b) for index, a in enumerate(images) for b in images[:index])


def test_two_processes_draw_what_one_draws_with_twice_the_batch(data, volumes, one_of_two):
    whole = Sampler(data, Stream.EXPERTS, 4).draw(volumes, 3)
    halves = [
        Sampler(data, Stream.EXPERTS, 2, one_of_two(rank)).draw(volumes, 3) for rank in (0, 1)
    ]
    assert all(half.cases == whole.cases for half in halves)
    assert halves[0].batch.cases + halves[1].batch.cases == whole.batch.cases == whole.cases
    images = torch.cat([half.batch.images for half in halves])
    assert torch.equal(images, whole.batch.images)


def test_more_patches_than_cases_repeat_them_with_other_patches(data, volumes):
    drawn = Sampler(data, Stream.POOL, 3).draw(volumes[:1], 0)
    assert len(set(drawn.cases)) == 1
    assert not np.array_equal(drawn.batch.images[0], drawn.batch.images[1])
