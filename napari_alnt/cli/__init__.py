"""The command line: ``napari-alnt demo | new | teach | train | rank | predict | accept |
status``.
"""

from napari_alnt.cli.main import main

__all__ = ["main"]
