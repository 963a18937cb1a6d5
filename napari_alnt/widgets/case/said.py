"""What the message line of the open case shows, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

URGENT = ("", "warn", "error")
"""Styles of what is more than news."""


@dataclass
class Said:
    """The newest sentence; a decision stays in sight for a while, and news wait until then.

    Attributes
    ----------
    text, kind : what is shown, and in which style
    decision : the sentence of a decision that is kept in sight, or ''
    later : what was said meanwhile, with its style
    """

    text: str = ""
    kind: str = "faint"
    decision: str = ""
    later: tuple[str, str] | None = None

    def say(self, text: str, kind: str = "faint") -> None:
        """Take a sentence in; what is more than news is shown at once."""
        if text and text == self.decision:
            return
        if self.decision and kind not in URGENT:
            self.later = (text, kind)
        else:
            self.text, self.kind, self.later = text, kind, None

    def decide(self, sentence: str, kind: str = "faint") -> None:
        """Take the sentence of a decision in, which is shown until :meth:`let_go`."""
        self.text, self.kind, self.decision = sentence, kind, sentence
        self.later = None

    def let_go(self) -> None:
        """Show what was said meanwhile."""
        self.decision = ""
        if self.later is not None:
            self.text, self.kind = self.later
        self.later = None
