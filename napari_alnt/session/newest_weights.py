"""What the newest training steps made of each case: its trust, informativeness and weight."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from napari_alnt.events import Event, SampleWeighed, Started, StepDone


@dataclass(frozen=True)
class NewestWeight:
    """One case in the newest step that used it, where 1 is the mean of the step's samples.

    Attributes
    ----------
    step : the training step
    trust, informativeness, weight : T, M and w times the number of samples in the step
    dropped, samples : how many samples of the case had the weight 0, and how many there were
    """

    step: int
    trust: float
    informativeness: float
    weight: float
    dropped: int
    samples: int

    @property
    def is_dropped(self) -> bool:
        """Whether nothing of the case counted in the step."""
        return self.dropped == self.samples

    def explanation(self, method: str) -> str:
        """What the numbers mean, for a reader who does not know them."""
        lines = [
            f"Training step {self.step}, compared with the mean of its patches:",
            f"trust {self.trust:.1f}× – how well the mask agrees with the experts' cases",
            f"informativeness {self.informativeness:.1f}× – how much there is to learn from it",
            f"weight {self.weight:.1f}× – how much the network learned from it",
        ]
        if self.is_dropped and method == "RGSM_AL":
            lines.append("Hollow: its weight was below the mean, so the rule RGSM_AL left it out.")
        elif self.is_dropped:
            lines.append("Hollow: it had no weight in this step.")
        elif self.dropped:
            lines.append(f"{self.dropped} of its {self.samples} patches had no weight.")
        return "\n".join(lines)


class NewestWeights:
    """The newest weights of every case that a training of this session has used, by case."""

    def __init__(self) -> None:
        self.cases: dict[str, NewestWeight] = {}

    def take(self, event: Event) -> bool:
        """Take in an event of the training; whether it said anything of weights."""
        if isinstance(event, Started):
            self.cases.clear()  # of another training
        if not isinstance(event, StepDone) or not event.samples:
            return False
        # one that was not finite was left out of the step
        known = [one for one in event.samples if _is_finite(one)]
        trust = _shares([one.trust for one in known])
        informativeness = _shares([one.informativeness for one in known])
        weight = _shares([one.weight for one in known])
        places: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(known):
            places[one.case].append(place)
        for case, of_case in places.items():
            self.cases[case] = NewestWeight(
                event.step,
                _mean(trust, of_case),
                _mean(informativeness, of_case),
                _mean(weight, of_case),
                sum(weight[place] == 0 for place in of_case),
                len(of_case),
            )
        return bool(known)


def _is_finite(one: SampleWeighed) -> bool:
    return all(map(math.isfinite, (one.trust, one.informativeness, one.weight)))


def _shares(values: Sequence[float]) -> list[float]:
    """Values over their mean, negative ones as 0, as T and M are made; all 0 stay 0."""
    positive = [max(value, 0.0) for value in values]
    total = math.fsum(positive)
    return [value * len(values) / total if total > 0 else 0.0 for value in positive]


def _mean(values: Sequence[float], places: Sequence[int]) -> float:
    return sum(values[place] for place in places) / len(places)
