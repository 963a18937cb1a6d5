"""What the tests of this room corrupt: balls in noise, of two labels."""

from __future__ import annotations

import numpy as np

from napari_alnt.simulation import corrupt

SPACING = (3.0, 1.5, 1.5)


def scene(shape: tuple[int, int, int] = (20, 44, 48), pieces: int = 2, labels: int = 2):
    """Balls in noise, halved into two labels, and their image."""
    z, y, x = np.indices(shape)
    truth = np.zeros(shape, np.uint8)
    for centre, radius in [((0.5, 0.4, 0.3), 8), ((0.5, 0.65, 0.75), 7)][:pieces]:
        middle = [round(part * size) for part, size in zip(centre, shape, strict=True)]
        ball = ((z - middle[0]) * 2) ** 2 + (y - middle[1]) ** 2 + (x - middle[2]) ** 2 < radius**2
        truth[ball] = 1
        if labels > 1:
            truth[ball & (y >= middle[1])] = 2
    noise = np.random.default_rng(3).normal(0, 30, shape)
    return truth, (40 + 200 * (truth > 0) + 200 * (truth == 2) + noise).astype(np.int16)


def corrupted(
    kind: str,
    seed: int = 0,
    truth: np.ndarray | None = None,
    image: np.ndarray | None = None,
    **how: float,
):
    """The scene's labels, or those given, after one kind of corruption."""
    if truth is None or image is None:
        truth, image = scene()
    return corrupt(truth, image, SPACING, kind, np.random.default_rng(seed), **how)
