"""When the queue will be sorted by a ranking, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_alnt.events import NAN
from napari_alnt.session.progress import rough

if TYPE_CHECKING:
    from napari_alnt.session.job_status import JobStatus
    from napari_alnt.settings import Settings

NEVER = (
    "No ranking yet, and none will come: the setting 'rank_every' is 0. Set the number of epochs"
    " between two rankings."
)


RULES = {
    "alnt": "the masks that can be trusted least",
    "gain_per_minute": "the masks whose correction is expected to bring most in a minute",
    "disagreement": "the masks that differ most from the student's",
    "entropy": "the cases that the student is least sure of",
    "loss": "the masks that the student learns worst",
    "random": "cases drawn at random",
    "foreground_random": "cases drawn at random, of those in which something is marked",
}
"""What comes first by each of our rankings."""


def rule_sentence(ranking: str) -> str:
    """What the priority means, by the ranking that makes it."""
    first = RULES.get(ranking, f"what the ranking '{ranking}' puts first")
    return f"Highest priority: {first}."


def steps_to_ranking(status: JobStatus, settings: Settings) -> float:
    """Training steps until the next ranking of the pool; nan where none will come.

    Before the training they are those of a new run.
    """
    every, length = settings.rank_every, settings.steps_per_epoch
    if not every:
        return NAN
    if status.started is None or status.step is None:
        return min(every, settings.epochs) * length
    step = status.step.step
    # an epoch in progress counts to its end; the last one is followed by a ranking in any case
    epochs = math.ceil(status.step.epoch / every) * every - status.step.epoch + 1
    left = epochs * length - ((step - 1) % length + 1)
    return max(min(left, status.started.total - step), 0)


def ranking_sentence(status: JobStatus, settings: Settings, ranked: bool) -> str:
    """When the next ranking comes, or '' where nothing is to be said of it.

    Parameters
    ----------
    status : the job that is being done
    settings : those of the training
    ranked : whether there has been a ranking
    """
    if not status.training:
        return "" if ranked else _before(settings)
    first, is_first = ("The next ranking", False) if ranked else ("The first ranking", True)
    if not settings.rank_every:
        return NEVER if is_first else ""
    if status.progress is not None and status.stage == "ranking":
        done = f"{status.progress.done} of {status.progress.total} cases"
        return f"{first} is being made: {done}."
    if status.job == "teach":
        return "The teacher's masks are made first; the ranking comes with the training."
    if status.state == "paused":
        return "The training is paused; resume it for a ranking." if is_first else ""
    if steps_to_ranking(status, settings) == 0:
        # its last step is made, and so may it be itself
        return "" if ranked else "The first ranking comes now."
    return f"{first} {_when(status, settings)}."


def _before(settings: Settings) -> str:
    if not settings.rank_every:
        return NEVER
    steps = min(settings.rank_every, settings.epochs) * settings.steps_per_epoch
    return f"No ranking yet: press Start training; the first comes after about {steps} steps."


def _when(status: JobStatus, settings: Settings) -> str:
    steps = steps_to_ranking(status, settings)
    if status.started is None or status.step is None:
        return f"comes after about {steps:.0f} steps"
    left = status.started.total - status.step.step
    seconds = steps * status.seconds_left / left if left > 0 else NAN
    if not math.isfinite(seconds):
        return f"comes after about {steps:.0f} steps"
    return f"comes in about {rough(seconds)}"
