import numpy as np

from napari_alnt.simulation.anatomy.pose import bend, bent, bent_labels
from napari_alnt.simulation.anatomy.space import Space


def moved(space: Space, seed: int = 0) -> np.ndarray:
    """How far each voxel's source is from it, in mm."""
    sources = bend(space, np.random.default_rng(seed))
    step = np.array(space.step)[:, None, None, None]
    return np.abs(sources - np.indices(space.shape)) * step


def test_a_patient_is_bent_smoothly_and_a_little(space: Space):
    away = moved(space)
    assert 0.5 < np.median(away) < 8
    assert away.max() < 25
    for axis in range(1, 4):
        assert np.abs(np.diff(away, axis=axis)).max() < 0.5 * max(space.step)


def test_a_seed_bends_in_one_way(space: Space):
    np.testing.assert_array_equal(moved(space), moved(space))
    assert (moved(space) != moved(space, 1)).any()


def test_image_and_labels_move_together(space: Space):
    labels = np.zeros(space.shape, np.uint8)
    labels[20:40, 20:50, 30:60] = 3
    sources = bend(space, np.random.default_rng(0))
    label, image = bent_labels(labels, sources), bent(labels.astype(np.float32), sources, 0.0)
    assert set(np.unique(label)) == {0, 3}
    assert ((image > 1.5) == (label == 3)).mean() > 0.995


def test_what_comes_from_outside_is_air():
    sources = np.indices((4, 4, 4)).astype(np.float32)
    sources[2] += 2
    image = bent(np.full((4, 4, 4), 50, np.float32), sources, -1000.0)
    assert (image[..., :2] == 50).all()
    assert (image[..., 2:] == -1000).all()
    assert (bent_labels(np.ones((4, 4, 4), np.uint8), sources)[..., 2:] == 0).all()
