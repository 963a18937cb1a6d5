"""The harnesses by name; a new one is one line here and one module.

A module has ``run(count: int, seed: int, first: int = 0) -> Result``, which makes the attempts
``first`` to ``first + count - 1``. An attempt depends on the seed and its index alone, so that each
can be repeated by itself; ``default_rng([seed, index])`` gives such numbers. A run may thus be
split, spread over processes, and taken up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from robustness.result import Result


@dataclass(frozen=True)
class Harness:
    """One harness.

    Attributes
    ----------
    asked : the question that it answers, for the README
    count : attempts of a full run
    slice : attempts between two writes of the results
    """

    asked: str
    count: int
    slice: int


HARNESSES = {
    "geometry": Harness("Do masks lie where their images lie, in other readers too?", 20_000, 100),
    "fuzz": Harness("Is every damaged file read right or refused in a sentence?", 200_000, 500),
    "bombs": Harness("Is a file that claims or holds too much refused cheaply?", 24, 1),
    "strokes": Harness("Is every stroke that was said to be kept there after a kill?", 1_000, 20),
    "kill": Harness("Is all that was acknowledged there after a kill?", 5_000, 250),
    "crashpoints": Harness("Is it there after a power failure at any write?", 30_000, 500),
    "disk": Harness("Does a failing disk leave the old version and one sentence?", 3_000, 100),
    "damage": Harness("Is every damage to a project's own files named?", 1_000, 100),
    "hostile": Harness("Can a project of somebody else run or write anything?", 500, 25),
    "engine": Harness("Does every fault of the training's process end in one sentence?", 120, 10),
    "orphans": Harness("Is the training gone a second after its window is killed?", 100, 10),
    "resume": Harness("Does a training that was broken off end as one that was not?", 100, 5),
    "leaks": Harness("Is no word that may name a patient in anything that leaves?", 50, 5),
    "soak": Harness("Does a window hold no more after 500 cases?", 500, 500),
    "switches": Harness("Does a window lose no layer in 500 switches of its case?", 500, 500),
    "stray": Harness("Does no mask change while no mouse button is held?", 1728, 216),
    "undo": Harness("Do tools, undo and redo lead to the same mask, voxel by voxel?", 2_000, 100),
    "rounds": Harness("Does a session hold no more after 200 trainings?", 200, 200),
    "mutants": Harness("Do the tests of the data room find faults put into it?", 31, 1),
}
"""All of them; the module of the same name in this folder is imported when it is run."""


def attempt(name: str, count: int, seed: int, first: int) -> Result:
    """Run a part of a harness, in this process."""
    result = import_module(f"robustness.{name}").run(count, seed, first)
    assert isinstance(result, Result)
    return result
