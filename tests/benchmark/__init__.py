"""The benchmark: a simulated radiologist on volumes with known truth, through the public API alone."""

from benchmark.datasets import SETS
from benchmark.experiments import ARMS, METHODS
from benchmark.figure import draw
from benchmark.results import Results
from benchmark.runner import PARTS, Plan, judge_anew, quick, run
from benchmark.tables import Table, tables

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
