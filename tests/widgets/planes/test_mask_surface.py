"""Masks seen from outside."""

from __future__ import annotations

import numpy as np
import pytest

from napari_alnt.widgets.planes.mask_surface import FINEST, picture, surface_of

RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 255)
SPACING = (3.0, 1.0, 1.0)


def ball(radius=12.0, centre=(0.0, 0.0, 0.0), shape=(20, 60, 60)):
    """A mask with a ball of some mm, ``centre`` from its middle."""
    places = [
        (np.arange(size) - (size - 1) / 2) * step - at
        for size, step, at in zip(shape, SPACING, centre, strict=True)
    ]
    away = np.sqrt(sum(part**2 for part in np.meshgrid(*places, indexing="ij")))
    return (away < radius).astype(np.uint8)


def seen(labels, turn=0.0, tilt=0.0, size=(120, 100)):
    return picture(surface_of(labels, SPACING, (1, 2)), {1: RED, 2: BLUE}, size, turn, tilt)


def test_points_lie_on_the_surface_and_normals_point_outwards():
    surface = surface_of(ball(), SPACING, [1])
    away = np.linalg.norm(surface.places, axis=1)
    assert (abs(away - 12) < 3.5).all()
    outwards = surface.places / away[:, None]
    assert ((surface.normals * outwards).sum(1) > 0.5).mean() > 0.95
    np.testing.assert_allclose(np.linalg.norm(surface.normals, axis=1), 1, atol=1e-5)


def test_a_ball_is_round_from_every_side():
    zoom = 90 / surface_of(ball(), SPACING, [1]).size
    for turn, tilt in ((0, 0), (90, 0), (40, 30)):
        rows, columns = np.nonzero(seen(ball(), turn, tilt)[..., 3])
        for found in (np.ptp(rows), np.ptp(columns)):
            assert found == pytest.approx(24 * zoom, rel=0.25)
        assert (rows.mean(), columns.mean()) == pytest.approx((50, 60), abs=4)


def test_the_head_is_up_and_the_patients_left_on_the_right():
    both = ball(5, (-18, 0, -20)) + 2 * ball(5, (18, 0, 20))

    def blue(**side):
        rows, columns = np.nonzero(seen(both, **side)[..., 2])
        return rows.mean(), columns.mean()

    assert blue()[0] < 40
    assert blue()[1] > 70
    # from behind it is on the other side, and from above the back is up
    assert blue(turn=180)[1] < 50
    rows, _ = np.nonzero(seen(ball(5, (0, -20, 0)) + 2 * ball(5, (0, 20, 0)), tilt=90)[..., 2])
    assert rows.mean() < 40


def test_structures_fill_the_picture_wherever_they_are():
    small = seen(ball(6, (15, 10, -12)))
    rows, columns = np.nonzero(small[..., 3])
    assert (rows.mean(), columns.mean()) == pytest.approx((50, 60), abs=3)
    assert np.ptp(rows) > 30


def test_what_is_in_front_hides_what_is_behind():
    both = ball(5, (0, -20, 0)) + 2 * ball(5, (0, 20, 0))
    front, back = seen(both), seen(both, turn=180)
    assert front[50, 60, 0] > 0
    assert front[50, 60, 2] == 0
    assert back[50, 60, 2] > 0


def test_unknown_and_nothing_are_not_drawn():
    assert not seen(255 * ball()).any()
    assert not seen(0 * ball()).any()


def test_a_large_volume_has_no_more_points():
    mask = np.zeros((40, 400, 400), np.uint8)
    mask[:, 100:300, 100:300] = 1
    surface = surface_of(mask, (10.0, 1.0, 1.0), [1])
    assert len(surface.places) < 6 * FINEST**2
    assert surface.apart >= 10
