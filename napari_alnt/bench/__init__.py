"""The benchmark: a simulated radiologist on volumes with known truth, through the public API alone."""

from napari_alnt.bench.figure import draw
from napari_alnt.bench.plan import PARTS, Plan, judge_anew, quick, run
from napari_alnt.bench.results import Results
from napari_alnt.bench.runs import ARMS, METHODS
from napari_alnt.bench.sets import SETS
from napari_alnt.bench.summary import Table, tables

__all__ = [
    "ARMS",
    "METHODS",
    "PARTS",
    "SETS",
    "Plan",
    "Results",
    "Table",
    "draw",
    "judge_anew",
    "quick",
    "run",
    "tables",
]
