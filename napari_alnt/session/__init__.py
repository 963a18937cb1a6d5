"""A project at work, without a window: train, rank, accept. The API for scripts."""

from napari_alnt.session.client import Engine
from napari_alnt.session.demo import DEMO_PROJECT, SOUND, Corrections, Demo, make_demo
from napari_alnt.session.history import History
from napari_alnt.session.noise import Looks, NoiseAudit
from napari_alnt.session.ranking import RANKINGS, CaseScores
from napari_alnt.session.report import write_report
from napari_alnt.session.session import QueueRow, Session
from napari_alnt.session.simulate import Radiologist
from napari_alnt.session.teaching import by_command, by_folder

__all__ = [
    "DEMO_PROJECT",
    "RANKINGS",
    "SOUND",
    "CaseScores",
    "Corrections",
    "Demo",
    "Engine",
    "History",
    "Looks",
    "NoiseAudit",
    "QueueRow",
    "Radiologist",
    "Session",
    "by_command",
    "by_folder",
    "make_demo",
    "write_report",
]
