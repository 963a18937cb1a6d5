"""The network in training with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from napari_alnt.core import Head, build, check_patch, head_layer
from napari_alnt.data import Run
from napari_alnt.engine import checkpoint
from napari_alnt.engine.checkpoint import Position
from napari_alnt.engine.dataset import Dataset
from napari_alnt.engine.distributed import Ranks
from napari_alnt.errors import AlntError
from napari_alnt.settings import Settings

_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")


@dataclass
class Student:
    """A network, its head layer, its optimiser, and where its training stands."""

    net: nn.Module
    head: Head
    optimizer: torch.optim.Optimizer
    device: torch.device
    position: Position

    @classmethod
    def new(cls, dataset: Dataset, settings: Settings, ranks: Ranks | None = None) -> Student:
        """An untrained student, its weights drawn with the project's seed."""
        check_patch(settings.network, settings.patch)
        device = choose_device(settings)
        if device.type == "cuda" and ranks is not None and ranks.size > 1:
            device = ranks.device
        net = build(settings.network, dataset.classes, settings.seed).to(device)
        example = torch.zeros(1, 1, *settings.patch, device=device)
        optimizer = torch.optim.AdamW(
            net.parameters(), lr=settings.learning_rate, weight_decay=1e-5
        )
        position = Position(
            0, 0, 0, 0, settings.network, dataset.classes, dataset.spacing, settings.window
        )
        return cls(net, head_layer(net, example), optimizer, device, position)

    def load(self, run: Run) -> None:
        """Take weights, optimiser and position from a run's checkpoint.

        Raises
        ------
        AlntError
            If the checkpoint is of another network, window or spacing.
        """
        found = checkpoint.position(path_of(run))
        if not found.fits(self.position):
            raise AlntError(
                f"Run {run.number} trained '{found.network}' at {found.spacing} mm with the"
                f" {found.window} window,"
                " which the settings no longer match; set them back, or train with --fresh to begin"
                " anew."
            )
        self.position = checkpoint.load(path_of(run), self.net, self.optimizer)

    def save(self, run: Run) -> Path:
        """Write the run's checkpoint."""
        path = path_of(run)
        checkpoint.save(path, self.net, self.optimizer, self.position)
        return path

    @property
    def parameters(self) -> int:
        """Number of trained numbers."""
        return sum(parameter.numel() for parameter in self.net.parameters())


def path_of(run: Run) -> Path:
    """Where a run keeps its checkpoint."""
    return run.folder / "checkpoint" / "student.safetensors"


def precision(settings: Settings, device: torch.device) -> torch.autocast:
    """The context in which the network's steps compute."""
    half = settings.precision == "bfloat16" or (
        settings.precision == "auto" and device.type == "cuda"
    )
    return torch.autocast(device.type, torch.bfloat16, enabled=half)


def choose_device(settings: Settings) -> torch.device:
    """The device that the settings ask for.

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
            f" {torch.__version__} has none; set"
            " device to auto."
        )
    return torch.device(settings.device)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out; on CPUs and Apple's GPUs PyTorch raises a plain
    RuntimeError.
    """
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
