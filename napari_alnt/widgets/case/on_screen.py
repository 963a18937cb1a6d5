"""Before a mask is decided on, the user is asked wherever it is not what the screen shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
from napari.layers import Labels

from napari_alnt.data.strokes.journal_file import Kind
from napari_alnt.widgets.case.questions import Question
from napari_alnt.widgets.case.unknown_question import UnknownQuestion

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer

    from napari_alnt.widgets.case.questions import Ask
    from napari_alnt.widgets.case.strokes import Strokes
    from napari_alnt.widgets.picture.layers import CaseLayers

SHOW, ACCEPT, CONFIRM = "Show it", "Accept", "Confirm"
TAKE_BACK = "Take it back"
CORRECTION = "Accept the correction"
FAINT = 0.05
"""Opacity below which a mask is not seen."""


class OnScreen:
    """Finds out whether the correction is what the user sees and has painted, and asks if not.

    Parameters
    ----------
    layers, strokes : those of the open case
    ask : shows a question and returns the answer
    tell : is called with what came of an answer, and its kind
    """

    def __init__(
        self, layers: CaseLayers, strokes: Strokes, ask: Ask, tell: Callable[[str, str], object]
    ) -> None:
        self.ask = ask
        self._tell = tell
        self._layers = layers
        self._strokes = strokes
        # asked as the rest is, whoever asks then
        self._unknown = UnknownQuestion(layers, strokes, lambda what: self.ask(what), tell)
        self._painted: WeakSet[Any] = WeakSet()  # since the case is open
        layers.viewer.layers.events.inserted.connect(self._follow)
        for layer in layers.viewer.layers:
            self._follow_layer(layer)
        layers.shown.connect(self._begin)

    def may_accept(self) -> bool:
        """Whether the correction is to be accepted as it is now."""
        return self._may_take_correction() and self._unknown.may_accept()

    def _may_take_correction(self) -> bool:
        own = self._own_mask()
        is_there = self._layers.kept.is_there("correction")
        if own is not None:
            return self._ask_own(own, is_there)
        if not is_there:
            return self._ask_deleted()
        hidden = self._what_is_hidden()
        return not hidden or self._ask_hidden(hidden)

    def may_confirm(self) -> bool:
        """Whether the teacher's mask is to be accepted as it is."""
        own = self._own_mask()
        if own is None:
            return self._unknown.may_confirm()
        question = Question(
            f"You have painted in '{own.name}', a layer of your own. Confirm the teacher's mask of"
            f" {self._layers.case} without it?",
            (CONFIRM,),
        )
        return self._is(CONFIRM, self.ask(question)) and self._unknown.may_confirm()

    def _ask_own(self, own: Labels, is_there: bool) -> bool:
        use = f"Accept '{own.name}'"
        other = CORRECTION if is_there else TAKE_BACK
        case = self._layers.case
        if not self._is_alike(own):
            text = (
                f"'{own.name}' is a layer of your own with other voxels than {case}, so what is"
                " painted in it is not part of the correction."
            )
            answers: tuple[str, ...] = (other,)
        elif is_there:
            text = f"You have painted in '{own.name}', a layer of your own. Which mask of {case}?"
            answers = (use, other)
        else:
            text = f"The correction of {case} was deleted, and there is '{own.name}' of your own."
            answers = (use, other)
        answer = self.ask(Question(text, answers))
        if answer == use:
            return self._use(own)
        if answer == TAKE_BACK:
            return self._take_back()
        if self._is(CORRECTION, answer):
            self._painted.discard(own)
            self._layers.activate()
        return answer == CORRECTION

    def _ask_deleted(self) -> bool:
        question = Question(
            f"The correction of {self._layers.case} was deleted from the list of layers. Take it"
            " back, with all that was painted?",
            (TAKE_BACK,),
        )
        return self._is(TAKE_BACK, self.ask(question)) and self._take_back()

    def _ask_hidden(self, hidden: str) -> bool:
        question = Question(f"{hidden} Accept it as it was painted?", (SHOW, ACCEPT))
        answer = self.ask(question)
        if answer == SHOW:
            layer = self._layers.correction
            assert layer is not None
            layer.visible, layer.show_selected_label = True, False
            layer.opacity = max(layer.opacity, 0.4)
            self._layers.activate()
            self._tell("The correction is shown; look at it, then accept it.", "faint")
            return False
        return self._is(ACCEPT, answer)

    def _what_is_hidden(self) -> str:
        """What of the correction is not seen, as a sentence; '' for nothing."""
        layer = self._layers.correction
        assert layer is not None
        if not layer.visible or layer.opacity < FAINT:
            return "The correction is hidden."
        if layer.show_selected_label:
            shown = int(layer.selected_label)
            if np.any((self._layers.mask != 0) & (self._layers.mask != shown)):
                return f"Only label {shown} of the correction is shown."
        return ""

    def _take_back(self) -> bool:
        """Put the correction into the list again; it is looked at before it is accepted."""
        self._layers.kept.take_back("correction")
        self._layers.activate()
        self._tell("The correction is back; look at it, then accept it.", "faint")
        return False

    def _use(self, own: Labels) -> bool:
        """Take a layer's mask over into the correction, as one step that can be undone."""
        mask = np.asarray(own.data)
        known = {0, self._layers.ignore_label, *self._layers.labels}
        if strange := set(np.unique(mask).tolist()) - known:
            self._tell(
                f"Nothing was accepted: '{own.name}' holds label {min(strange)}, which the project"
                " does not have; paint it with another label, or add the label to the project.",
                "warn",
            )
            return False
        self._layers.kept.take_back("correction")
        self._strokes.put(mask.astype(self._layers.mask.dtype), Kind.TOOL)
        self._painted.discard(own)
        self._layers.activate()
        return True

    def _is(self, meant: str, answer: str) -> bool:
        if answer != meant:
            self._tell("Nothing was decided.", "faint")
        return answer == meant

    def _own_mask(self) -> Labels | None:
        """A mask of the user's own that is active, or was painted since the case is open."""
        layers = self._layers.viewer.layers
        own = [
            layer
            for layer in layers
            if isinstance(layer, Labels) and layer.editable and not self._layers.kept.is_ours(layer)
        ]
        active = layers.selection.active
        return next(
            (one for one in reversed(own) if one is active),
            next((one for one in reversed(own) if one in self._painted), None),
        )

    def _is_alike(self, own: Labels) -> bool:
        """Whether a mask has the voxels of the correction, each in its place."""
        correction = self._layers.correction
        assert correction is not None
        if own.data.shape != correction.data.shape:
            return False
        corners = np.array([np.zeros(3), np.array(own.data.shape)])
        there = [
            np.array([layer.data_to_world(one) for one in corners]) for layer in (own, correction)
        ]
        return bool(np.abs(there[0] - there[1]).max() < 0.1 * min(correction.scale))

    def _begin(self, _: object) -> None:
        self._painted.clear()

    def _follow(self, event: Any) -> None:
        self._follow_layer(event.value)

    def _follow_layer(self, layer: Layer) -> None:
        if isinstance(layer, Labels):
            layer.events.paint.connect(self._note)

    def _note(self, event: Any) -> None:
        self._painted.add(event.source)
