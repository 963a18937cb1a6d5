"""The study: a simulated radiologist on volumes with known truth, through the public API alone.

Run it as ``python tests/benchmark``; ``README.md`` says what it answers.
"""

from benchmark.datasets import DATASETS
from benchmark.experiments import METHODS, STRATEGIES
from benchmark.results import Results
from benchmark.runner import PARTS, Plan, quick, rescore, run
from benchmark.tables import Table, tables

__all__ = [
    "DATASETS",
    "METHODS",
    "PARTS",
    "STRATEGIES",
    "Plan",
    "Results",
    "Table",
    "quick",
    "rescore",
    "run",
    "tables",
]
