"""What to correct in the minutes that somebody has, and what that leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from napari_alnt.data.intake.preview import counted
from napari_alnt.session.gain import Offer
from napari_alnt.session.minutes import minutes_words


@dataclass(frozen=True)
class Step:
    """One case of a plan, with the minutes at which it begins and ends."""

    case: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Plan:
    """A session of corrections.

    Attributes
    ----------
    budget : minutes that there are
    steps : the cases in their order
    minutes : that they take in all
    gain : the part of all expected gain that they bring, 0…1; nan where there is none at all
    left : the cases that are left, most gain in a minute first
    left_minutes : that those would take
    """

    budget: float
    steps: tuple[Step, ...]
    minutes: float
    gain: float
    left: tuple[str, ...]
    left_minutes: float

    @property
    def sentence(self) -> str:
        """The plan in words."""
        if not self.steps and not self.left:
            return "There is no case to plan with: the queue is not ranked yet, or all is done."
        if not self.steps:
            rest = "which takes" if len(self.left) == 1 else "which take"
            return (
                f"No case fits into {minutes_words(self.budget)}; {counted(len(self.left), 'case')}"
                f" would be left, {rest} about {minutes_words(self.left_minutes)}."
            )
        said = (
            f"In {minutes_words(self.budget)}: {counted(len(self.steps), 'case')}, about"
            f" {minutes_words(self.minutes)}"
        )
        if math.isfinite(self.gain):
            said += f", for {round(100 * self.gain)} % of the expected gain"
        if not self.left:
            return f"{said}. Nothing is left."
        verb = "is" if len(self.left) == 1 else "are"
        return (
            f"{said}. {counted(len(self.left), 'case')} {verb} left, about"
            f" {minutes_words(self.left_minutes)}."
        )


def plan_session(offers: Sequence[Offer], budget: float) -> Plan:
    """Fill the minutes there are with the cases that bring most in each.

    They are taken in the order of gain per minute; one that no longer fits is left, and a shorter
    one after it may still be taken.

    Parameters
    ----------
    offers : cases with their gain and minutes, in any order
    budget : minutes that there are
    """
    ordered = sorted(offers, key=lambda one: (-one.per_minute, one.case))
    steps: list[Step] = []
    taken: list[Offer] = []
    clock = 0.0
    for one in ordered:
        if clock + one.minutes <= budget:
            steps.append(Step(one.case, clock, clock + one.minutes))
            clock += one.minutes
            taken.append(one)
    left = [one for one in ordered if one not in taken]
    total = math.fsum(one.gain for one in ordered)
    return Plan(
        budget,
        tuple(steps),
        clock,
        math.fsum(one.gain for one in taken) / total if total else math.nan,
        tuple(one.case for one in left),
        math.fsum(one.minutes for one in left),
    )
