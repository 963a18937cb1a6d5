"""The numbers of the training's one line."""

from __future__ import annotations

import math
import os

import pytest

from napari_alnt.events import Started, StepDone
from napari_alnt.session.job_status import JobStatus
from napari_alnt.session.training_facts import TrainingFacts, time_left, used_memory

STARTED = Started(1, "cuda:0", "unet_small", 9, step=0, total=50, pool=4, experts=2, test=2)


def test_nothing_is_known_of_what_does_not_run():
    assert TrainingFacts.of(JobStatus(), memory=1e9) == TrainingFacts()
    assert TrainingFacts.of(JobStatus(state="starting", job="train")) == TrainingFacts()


def test_a_training_in_numbers():
    status = JobStatus(state="running", job="train", started=STARTED)
    status.apply(StepDone(5, 1, 0.5, 0.4, 1e-3, seconds_left=4800.0, seconds=0.836))
    facts = TrainingFacts.of(status, memory=2.34e9)
    assert facts == TrainingFacts("cuda:0", "2.3 GB", "0.84 s", "1 h 20 min")


def test_the_memory_of_a_graphics_card_comes_before_that_of_the_machine():
    status = JobStatus(state="running", job="train", started=STARTED)
    status.apply(StepDone(5, 1, 0.5, 0.4, 1e-3, seconds_left=1.0, memory=6.1e9))
    assert TrainingFacts.of(status, memory=2.34e9).memory == "6.1 GB"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (44.6, "45 s"), (170, "3 min"), (4800, "1 h 20 min"), (math.nan, "–")],
)
def test_time_in_words(seconds, words):
    assert time_left(seconds) == words


def test_memory_is_that_of_the_process_and_unknown_when_it_is_gone():
    assert used_memory(os.getpid()) > 1e6
    assert math.isnan(used_memory(None))
    assert math.isnan(used_memory(2**22 + 1))
