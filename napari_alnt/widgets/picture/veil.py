"""While another case is read, the one on the screen is veiled and cannot be painted on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QLabel, QWidget

from napari_alnt.widgets import viewer_adapter

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_alnt.widgets.picture.layers import CaseLayers

PATIENCE = 120
"""Milliseconds after which the veil is seen: a case that is there at once would make it flicker."""
STYLE = "background: rgba({colours}, 236); color: {text}; font-size: 15pt;"


class Veil(QObject):
    """Lies over the pictures of the case that is about to be left.

    Parameters
    ----------
    layers : those of the case
    over : the widget that shows them
    """

    def __init__(self, layers: CaseLayers, over: QWidget, parent: QObject) -> None:
        super().__init__(parent)
        self.curtain = QLabel(over)
        self.curtain.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.curtain.hide()
        self._layers = layers
        self._over = over
        self._unlock: Callable[[], None] | None = None
        self._timer = QTimer(self, singleShot=True, interval=PATIENCE)
        self._timer.timeout.connect(self._show)
        over.installEventFilter(self)

    def cover(self, case: str) -> None:
        """Lock the open case, while the one of this name is read."""
        layer = self._layers.correction
        if self._layers.opened is None or layer is None:
            return
        if self._unlock is None:
            self._unlock = viewer_adapter.lock(layer)
        self.curtain.setText(f"Opening {case} …")
        if self.curtain.isHidden():
            self._timer.start()

    def lift(self) -> None:
        """Let the open case be painted on again, as the other one cannot be read."""
        unlock, self._unlock = self._unlock, None
        if unlock is not None:
            unlock()
        self.end()

    def end(self) -> None:
        """Let the other case be seen, which is shown now; it is not locked."""
        self._unlock = None
        self._timer.stop()
        self.curtain.hide()

    def leave(self) -> None:
        """Take the veil out of the window."""
        # which may be gone already
        with suppress(RuntimeError):
            self.end()
            self._over.removeEventFilter(self)
            self.curtain.setParent(None)
            self.curtain.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the size of what is veiled."""
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self.curtain.setGeometry(self._over.rect())
        return False

    def _show(self) -> None:
        theme = get_theme(self._layers.viewer.theme)
        colours = ", ".join(map(str, theme.canvas.as_rgb_tuple()[:3]))
        self.curtain.setStyleSheet(STYLE.format(colours=colours, text=theme.text.as_hex()))
        self.curtain.setGeometry(self._over.rect())
        self.curtain.raise_()
        self.curtain.show()
