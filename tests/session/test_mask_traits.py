"""What masks mark, and how near cases are by it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_alnt.data import Project
from napari_alnt.session.mask_traits import (
    ABSENT,
    MaskTraits,
    StructureTraits,
    TraitsReader,
    distance,
    mask_traits,
    nearest,
    usual_distance,
)


def one(ml: float, mean: float = math.nan, label: int = 1) -> MaskTraits:
    return MaskTraits({label: StructureTraits(ml, 1, mean)})


def test_volume_pieces_and_mean_of_each_structure():
    mask = np.zeros((10, 10, 10), np.uint8)
    mask[1:4, 1:4, 1:4] = 1
    mask[6:9, 6:9, 6:9] = 1
    mask[5, 0, 0] = 1  # a speck is no piece, though it has a volume
    mask[0, 9, 9] = 4
    image = np.where(mask == 1, -500, 30).astype(np.int16)
    found = mask_traits(mask, (2, 1, 1), [1, 2, 4], image=image)
    assert found.structures == {
        1: StructureTraits(pytest.approx(0.11), 2, -500),
        4: StructureTraits(pytest.approx(0.002), 1, 30),
    }
    assert not found.partial
    assert mask_traits(mask, (2, 1, 1), [1], ignore_label=4).partial
    assert math.isnan(mask_traits(mask, (2, 1, 1), [1]).structures[1].mean)


def test_the_distance_is_in_doublings_of_volume_and_steps_of_hu():
    assert distance(one(2), one(2)) == 0
    assert distance(one(2), one(8)) == distance(one(8), one(2)) == 2
    assert distance(one(2, 0), one(2, 300)) == 3
    assert distance(one(2, 0), one(2)) == 0  # what is not known does not count
    assert distance(one(2), one(2, label=5)) == ABSENT
    assert math.isnan(distance(MaskTraits({}), MaskTraits({})))


def test_the_nearest_expert_and_how_far_experts_are_from_each_other():
    experts = {"a": one(1), "b": one(2), "c": one(16)}
    found = nearest(one(3), experts)
    assert (found.case, found.usual) == ("b", 3)
    assert found.distance == pytest.approx(math.log2(1.5))
    assert math.isnan(usual_distance({"a": one(1), "b": one(2)}))
    assert nearest(one(3), {}) is None
    assert nearest(MaskTraits({}), {"a": MaskTraits({})}) is None


def test_the_reader_measures_the_experts_once_and_leaves_held_out_cases_alone(balls, monkeypatch):
    with Project.open(balls.folder, write=False) as project:
        reader = TraitsReader(project)
        experts = reader.experts()
        names = [case.name for case in project.by_role("reference")]
        assert list(experts) == names
        truth = balls.true_labels(names[0])
        structure = experts[names[0]].structures[1]
        assert structure.ml == pytest.approx(np.count_nonzero(truth) * 15 / 1000)
        assert structure.pieces == 1
        assert -100 < structure.mean < 0
        monkeypatch.setattr(Project, "image", None)
        assert reader.experts(without=names[0]) == {names[1]: experts[names[1]]}


def test_a_mask_that_cannot_be_read_is_as_if_it_were_not_there(balls):
    with Project.open(balls.folder, write=False) as project:
        case = project.by_role("reference")[0]
        case.expert.unlink()
        assert case.name not in TraitsReader(project).experts()
