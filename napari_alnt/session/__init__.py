"""A project at work, without a window: train, rank, accept. The API for scripts."""

from napari_alnt.session.engine import Engine
from napari_alnt.session.history import History
from napari_alnt.session.queue import QueueRow
from napari_alnt.session.report import write_report
from napari_alnt.session.session import Session
from napari_alnt.session.teaching import by_command, by_folder

__all__ = ["Engine", "History", "QueueRow", "Session", "by_command", "by_folder", "write_report"]
