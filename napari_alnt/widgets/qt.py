"""The one name of qtpy that mypy does not see."""

from qtpy.QtCore import Signal as Signal  # type: ignore[attr-defined]

__all__ = ["Signal"]
