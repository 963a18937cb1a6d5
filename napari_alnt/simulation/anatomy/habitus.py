"""How one patient differs from another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_alnt.data import Triple


@dataclass(frozen=True)
class Habitus:
    """A patient's build, and the scan's contrast.

    Attributes
    ----------
    size : scale (z, y, x) of the patient, 1 is the average
    fat : mm of fat below the skin that the average does not have, negative in slim patients
    muscle : thickness of the muscles, 1 is the average
    breasts : mm by which the breasts stand out; 0 in half of the patients
    heart : scale of the heart
    domes : height in mm of the right and the left dome of the diaphragm
    contrast : HU that contrast agent adds to the aorta; 0 without
    air : HU of the lungs' front in this depth of breath
    sway : mm by which the organs of the middle lie aside
    """

    size: Triple
    fat: float
    muscle: float
    breasts: float
    heart: float
    domes: tuple[float, float]
    contrast: float
    air: float
    sway: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Habitus:
        """A patient by chance."""
        height, depth, width = rng.uniform((0.97, 0.92, 0.93), (1.03, 1.02, 1.01)).tolist()
        right = float(rng.uniform(-54, -36))
        return cls(
            size=(height, depth, width),
            fat=float(rng.uniform(-4, 8)),
            muscle=float(rng.uniform(0.75, 1.15)),
            breasts=float(rng.uniform(16, 24)) if rng.random() < 0.5 else 0.0,
            heart=float(rng.uniform(0.92, 1.08)),
            domes=(right, right - float(rng.uniform(6, 16))),
            contrast=float(rng.uniform(40, 120)) if rng.random() < 0.6 else 0.0,
            air=float(rng.uniform(-905, -870)),
            sway=float(rng.normal(0, 2)),
        )

    def blood(self, share: float = 1.0) -> float:
        """HU of blood that holds ``share`` of the aorta's contrast agent."""
        return 40 + share * self.contrast
