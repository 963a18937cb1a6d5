import numpy as np

from napari_alnt.simulation.anatomy.vessels import ARTERY, BRONCHUS, grow

ROOT = (40.0, 10.0, 0.0)


def tree(growth=ARTERY, number: int = 60):
    goals = np.random.default_rng(1).uniform((40, -70, -70), (120, 80, 80), (number, 3))
    return goals, *grow(ROOT, goals, growth, np.random.default_rng(0))


def test_a_tree_begins_at_its_root_and_reaches_every_goal():
    goals, points, _ = tree()
    assert np.linalg.norm(points - ROOT, axis=1).min() < 1e-6
    for goal in goals:
        assert np.linalg.norm(points - goal, axis=1).min() < 1.5


def test_vessels_taper_to_the_edge():
    _, points, radii = tree()
    away = np.linalg.norm(points - ROOT, axis=1)
    near, half, far = (np.median(radii[(away >= a) & (away < a + 25)]) for a in (0, 30, 70))
    assert near > 1.5 * half > 1.5 * far
    assert radii.min() >= ARTERY.thin
    assert radii.max() <= 1.1 * ARTERY.thick


def test_airways_end_before_the_edge():
    goals, points, _ = tree(BRONCHUS, 20)
    missed = [np.linalg.norm(points - goal, axis=1).min() for goal in goals]
    assert np.median(missed) > 5


def test_a_tree_is_shorter_than_straight_lines_to_all_goals():
    goals, points, _ = tree()
    straight = np.linalg.norm(goals - ROOT, axis=1).sum()
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps[steps < 3].sum() < 0.7 * straight  # branches leave from branches
