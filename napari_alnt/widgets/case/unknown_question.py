"""Before a mask is decided on, the user is asked once about the slices nobody has labelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.widgets.case.questions import Question
from napari_alnt.widgets.picture.slice_marks import unknown_slices

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_alnt.widgets.case.questions import Ask
    from napari_alnt.widgets.case.strokes import Strokes
    from napari_alnt.widgets.picture.layers import CaseLayers

BACKGROUND, LEAVE, SHOW = "They are background", "Leave them unknown", "Show me"


class UnknownQuestion:
    """Asks what becomes of unknown voxels, which are accepted as unknown otherwise, unseen.

    Parameters
    ----------
    layers, strokes : those of the open case
    ask : shows a question and returns the answer
    tell : is called with what came of an answer, and its kind
    """

    def __init__(
        self, layers: CaseLayers, strokes: Strokes, ask: Ask, tell: Callable[[str, str], object]
    ) -> None:
        self._layers = layers
        self._strokes = strokes
        self._ask = ask
        self._tell = tell
        self._left: dict[str, set[int]] = {}  # by case, the slices that are meant to be unknown

    def may_accept(self) -> bool:
        """Whether the mask is to be accepted as it is now."""
        return self._may((BACKGROUND, LEAVE, SHOW))

    def may_confirm(self) -> bool:
        """Whether the teacher's mask is to be accepted as it is."""
        return self._may((LEAVE, SHOW))

    def _may(self, answers: tuple[str, ...]) -> bool:
        case = self._layers.case
        found = unknown_slices(self._layers.mask, self._layers.ignore_label)
        if set(found) <= self._left.get(case, set()):
            return True
        answer = self._ask(Question(self._sentence(len(found)), answers))
        if self._layers.case != case:
            return False  # the window has lived on meanwhile
        if answer == BACKGROUND:
            self._make_background()
        elif answer == LEAVE:
            self._left[case] = set(found)
        elif answer == SHOW:
            self._show(found[0])
        else:
            self._tell("Nothing was decided.", "faint")
        return answer in (BACKGROUND, LEAVE)

    def _sentence(self, count: int) -> str:
        slices = len(self._layers.mask)
        hold = "holds" if count == 1 else "hold"
        return (
            f"{count} of {slices} slices of {self._layers.case} {hold} unknown voxels: nobody has"
            " labelled them, and the network does not learn from them. What are they?"
        )

    def _make_background(self) -> None:
        mask = self._layers.mask
        known = np.where(mask == self._layers.ignore_label, mask.dtype.type(0), mask)
        self._strokes.put(known, Kind.TOOL)

    def _show(self, slice_: int) -> None:
        grid = self._layers.kept.grid
        dims = self._layers.viewer.dims
        dims.set_point(dims.ndim - 3, grid["translate"][0] + slice_ * grid["scale"][0])
        self._tell(
            "Unknown voxels are hatched, and the strip below the picture shows in which slices;"
            " look at them, then decide.",
            "faint",
        )
