"""A simulated radiologist who knows the truth: for the demo, tests and the study only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from napari_alnt.data import LabelVersion
from napari_alnt.errors import AlntError
from napari_alnt.session.session import Session


class Radiologist:
    """Corrects cases by giving their true masks.

    ``truth`` names a file for each case; it is read on the case's own grid.
    """

    def __init__(self, truth: Mapping[str, Path]) -> None:
        self.truth = dict(truth)

    def correct(self, session: Session, case: str) -> LabelVersion:
        """Accept the true mask of a case.

        Raises
        ------
        AlntError
            If there is no true mask for this case.
        """
        if case not in self.truth:
            raise AlntError(
                f"The simulated radiologist knows no truth for case '{case}'; give its mask file."
            )
        truth = session.project.labels.read_mask(case, self.truth[case])
        return session.accept(case, truth.voxels, author="simulated radiologist")
