import numpy as np

from napari_alnt.simulation.anatomy import Habitus


def test_patients_differ_within_what_is_usual():
    rng = np.random.default_rng(0)
    drawn = [Habitus.draw(rng) for _ in range(60)]
    for person in drawn:
        assert all(0.9 < scale < 1.1 for scale in person.size)
        right, left = person.domes
        assert -20 > right > left > -80  # the liver lies on the right
    assert 10 < sum(person.breasts > 0 for person in drawn) < 50
    assert 10 < sum(person.contrast > 0 for person in drawn) < 59
    assert len({person.fat for person in drawn}) == 60


def test_blood_is_as_bright_as_its_share_of_the_contrast_agent(habitus: Habitus):
    assert habitus.blood() == 140
    assert habitus.blood(0.5) == 90
    assert habitus.blood(0) == 40
