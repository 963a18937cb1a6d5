"""The network in training with all that belongs to it, and the device that it computes on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from napari_alnt.core import Head, build, check_patch, head_layer, was_converted
from napari_alnt.data import Run
from napari_alnt.engine import checkpoint
from napari_alnt.engine.checkpoint import TrainingState
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.errors import AlntError
from napari_alnt.events import Warned
from napari_alnt.settings import Settings

WEIGHT_DECAY = 1e-5
LOWEST_RATE = 0.05
"""Learning rate at the end of a run, as a part of that at its start."""

_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")


@dataclass
class Student:
    """A network, its head layer, its optimiser, and where its training stands."""

    net: nn.Module
    head: Head
    optimizer: torch.optim.Optimizer
    device: torch.device
    state: TrainingState

    @classmethod
    def new(cls, dataset: Dataset, group: TorchProcessGroup | None = None) -> Student:
        """An untrained student, its weights drawn with the project's seed."""
        settings = dataset.settings
        check_patch(settings.network, settings.patch)
        device = choose_device(settings)
        # each process has a GPU of its own
        if device.type == "cuda" and group is not None and group.size > 1:
            device = group.device
        net = build(settings.network, dataset.classes, settings.seed).to(device)
        # the last layer is found by running the network
        example = torch.zeros(1, 1, *settings.patch, device=device)
        optimizer = torch.optim.AdamW(
            net.parameters(), lr=settings.learning_rate, weight_decay=WEIGHT_DECAY
        )
        state = TrainingState(
            step=0,
            epoch=0,
            step_before=0,
            epoch_before=0,
            network=settings.network,
            classes=dataset.classes,
            spacing=dataset.spacing,
            window=settings.window,
        )
        return cls(net, head_layer(net, example), optimizer, device, state)

    def load(self, run: Run) -> None:
        """Take weights, optimiser and state from a run's checkpoint.

        Raises
        ------
        AlntError
            If the checkpoint is of another network, window or spacing, or cannot be read.
        """
        # the state first: it is small, and says whether the weights will fit
        found = checkpoint.read_state(run.checkpoint)
        if not found.fits(self.state):
            raise AlntError(
                f"Run {run.number} trained '{found.network}' at {found.spacing} mm with the"
                f" {found.window} window, which the settings no longer match; set them back, or"
                " train with --fresh to begin anew."
            )
        self.state = checkpoint.load(run.checkpoint, self.net, self.optimizer)

    def save(self, run: Run) -> None:
        """Write the run's checkpoint."""
        checkpoint.save(run.checkpoint, self.net, self.optimizer, self.state)

    def set_learning_rate(self, rate: float) -> None:
        """Let the next steps learn at this rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def warnings(self) -> Iterator[Warned]:
        """What the user should know of the network before it trains."""
        if was_converted(self.net):
            yield Warned(
                f"Network '{self.state.network}' has batch normalisation, which mixes the samples"
                " of a batch; it is trained with instance normalisation instead, so that each"
                " sample can be weighed by itself."
            )

    @property
    def parameters(self) -> int:
        """Number of trained numbers."""
        return sum(parameter.numel() for parameter in self.net.parameters())


def learning_rate(settings: Settings, part: float) -> float:
    """The rate when a ``part`` of a run is done, 0…1: half a cosine from the set rate downwards."""
    wave = (1 + math.cos(math.pi * part)) / 2
    return settings.learning_rate * (LOWEST_RATE + (1 - LOWEST_RATE) * wave)


def precision(settings: Settings, device: torch.device) -> torch.autocast:
    """The context in which the network's steps compute."""
    half = settings.precision == "bfloat16" or (
        settings.precision == "auto" and device.type == "cuda"
    )
    return torch.autocast(device.type, torch.bfloat16, enabled=half)


def choose_device(settings: Settings) -> torch.device:
    """The device that the settings ask for; with "auto" the first that there is.

    Raises
    ------
    AlntError
        If this machine, or this build of PyTorch, does not have it.
    """
    here = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if settings.device == "auto":
        return torch.device(next(name for name, available in here.items() if available))
    if not here[settings.device]:
        raise AlntError(
            f"Setting 'device' is '{settings.device}', but this machine's PyTorch"
            f" {torch.__version__} has none; set device to auto."
        )
    return torch.device(settings.device)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    # on CPUs and Apple's GPUs PyTorch raises a plain RuntimeError
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
