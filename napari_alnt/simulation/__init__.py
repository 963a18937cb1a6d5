"""The only room that knows the truth: made-up volumes, label noise, what a correction costs, and
who corrects.
"""

from napari_alnt.simulation.correction_cost import COST, Cost, Work, minutes
from napari_alnt.simulation.demo import DEMO_PROJECT, SOUND, Corrections, Demo, make_demo
from napari_alnt.simulation.label_noise import DAMAGES, Planned, kinds_for, plan, plant, wobble
from napari_alnt.simulation.phantom import PhantomCase, write_phantoms
from napari_alnt.simulation.radiologist import Radiologist

__all__ = [
    "COST", "DAMAGES", "DEMO_PROJECT", "SOUND", "Corrections", "Cost", "Demo", "PhantomCase", "Planned", "Radiologist",
    "Work", "kinds_for", "make_demo", "minutes", "plan", "plant", "wobble", "write_phantoms",
]  # fmt: skip
