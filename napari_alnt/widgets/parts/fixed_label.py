"""A text that always takes the same room, so that nothing moves when it comes or goes."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtGui import QFont, QFontMetrics, QResizeEvent, QTextLayout, QTextOption
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

MARGIN = 4
"""Pixels that are left free beside a text."""
NARROWEST = 30
"""Pixels below which a text is not made narrower."""
RIGHT = Qt.TextElideMode.ElideRight
MIDDLE = Qt.TextElideMode.ElideMiddle
Shorten = Callable[[str, float, Callable[[str], float]], str]
"""Makes of a text, a room and a way to measure a text that fits; '' if it knows none."""
RESTYLED = (QEvent.Type.Polish, QEvent.Type.FontChange, QEvent.Type.StyleChange)


class FixedLabel(QLabel):
    """A plain text of so many lines; what does not fit is cut, and stands in the tip.

    Parameters
    ----------
    name : picks its style
    lines : how many lines it takes, also while there is no text
    elide : where a text that is too long is cut
    """

    def __init__(
        self,
        name: str = "faint",
        lines: int = 1,
        elide: Qt.TextElideMode = RIGHT,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._lines = lines
        self._elide = elide
        self._whole = ""
        self._tip = ""
        self._height = 0
        self._shorten: Shorten | None = None
        self.setObjectName(name)
        # names of files stand in it, and must not be taken for HTML
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignTop if lines > 1 else Qt.AlignmentFlag.AlignVCenter)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self._measure()
        self._fit()

    def text(self) -> str:
        """The whole text, also where it is cut."""
        return self._whole

    def setText(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.updateGeometry()
        self._fit()

    def shorten_with(self, shorten: Shorten) -> None:
        """Have a text of one line that is too long made shorter by a rule of its own."""
        self._shorten = shorten
        self._fit()

    def setToolTip(self, tip: str) -> None:
        """Set what the tip says in place of a text that is cut."""
        self._tip = tip
        self._fit()

    def sizeHint(self) -> QSize:
        """As wide as its text unless its policy ignores that, and as high as its lines."""
        if self.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored:
            return self.minimumSizeHint()
        longest = max(map(self.fontMetrics().horizontalAdvance, self._whole.split("\n")))
        # one more, as widths are rounded, and a text that is hardly too long would be cut
        return QSize(longest + 1 + MARGIN, self._height)

    def minimumSizeHint(self) -> QSize:
        """Narrow, as no text may make the dock wider."""
        return QSize(NARROWEST, self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text anew."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Measure and cut the text anew in another font or style."""
        done = bool(super().event(event))
        if event.type() in RESTYLED:
            self._measure()
            self._fit()
        return done

    def _measure(self) -> None:
        """Find out how high the lines are, with what the style leaves around them."""
        super().setText("\n".join("X" * self._lines))
        self._height = super().sizeHint().height()
        self.updateGeometry()

    def _fit(self) -> None:
        room = max(self.width() - MARGIN, 1)
        lines, is_cut = fit(self._whole, self.font(), room, self._lines, self._elide)
        if is_cut and self._shorten is not None:
            short = self._shorten(self._whole, room, self.fontMetrics().horizontalAdvance)
            lines = [short] if short else lines
        super().setText("\n".join(lines))
        super().setToolTip(self._tip or (self._whole if is_cut else ""))


def fit(
    text: str, font: QFont, width: int, most: int, elide: Qt.TextElideMode = RIGHT
) -> tuple[list[str], bool]:
    """The lines in which a text fits into a width of pixels, at most so many; whether it is cut."""
    metrics = QFontMetrics(font)
    if most == 1:
        one = "  ·  ".join(text.splitlines())
        shown = metrics.elidedText(one, elide, width)
        return [shown], shown != one
    lines = [line for part in text.splitlines() for line in _wrapped(part, font, width)]
    if len(lines) <= most:
        return lines, False
    last = metrics.elidedText(" ".join(lines[most - 1 :]), elide, width)
    return [*lines[: most - 1], last], True


def _wrapped(text: str, font: QFont, width: int) -> list[str]:
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    lines = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        start = line.textStart()
        lines.append(text[start : start + line.textLength()].rstrip())
    layout.endLayout()
    return lines
