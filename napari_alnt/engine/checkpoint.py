"""One file a checkpoint: the student, its optimiser and where training stood, written
atomically.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save as serialize
from torch import nn

from napari_alnt.data import write_bytes
from napari_alnt.errors import AlntError


@dataclass(frozen=True)
class Position:
    """Where training stood: steps and epochs done since the first run, and those done before this
    run.

    ``network``, ``classes``, ``spacing`` and ``window`` say what the weights can be used for.
    ``unfinished`` holds what an interrupted epoch had gathered; ``look_due`` says that the epoch's
    audit and ranking are still to come; ``standing`` is the cases' trust along the path so far.
    """

    step: int
    epoch: int
    step_before: int
    epoch_before: int
    network: str
    classes: int
    spacing: tuple[float, float, float]
    window: str
    unfinished: dict[str, Any] | None = None
    look_due: bool = False
    standing: dict[str, float] | None = None

    def fits(self, other: Position) -> bool:
        """Whether weights of the one can go on as the other."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in ("network", "classes", "spacing", "window")
        )


def save(path: Path, net: nn.Module, optimizer: torch.optim.Optimizer, position: Position) -> None:
    """Write a checkpoint; the one before stays whole until the new one is on the disk."""
    tensors = {
        f"student.{name}": value.detach().cpu().contiguous()
        for name, value in net.state_dict().items()
    }
    for index, state in optimizer.state_dict()["state"].items():
        tensors.update(
            {
                f"optimizer.{index}.{name}": value.detach().cpu().contiguous()
                for name, value in state.items()
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"position": json.dumps(asdict(position))}
    write_bytes(path, serialize(tensors, metadata))


def position(path: Path) -> Position:
    """What a checkpoint says of itself, without reading its weights.

    Raises
    ------
    AlntError
        If the file is no checkpoint.
    """
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads(file.metadata()["position"])
        values["spacing"] = tuple(values["spacing"])
        return Position(**values)
    except Exception as error:
        raise AlntError(
            f"The checkpoint of run {path.parent.parent.name} cannot be read; train with --fresh to"
            " begin anew."
        ) from error


def load(path: Path, net: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> Position:
    """Fill a network, and an optimiser, from a checkpoint."""
    found = position(path)
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    net.load_state_dict(
        {name[8:]: value for name, value in tensors.items() if name.startswith("student.")}
    )
    if optimizer is not None:
        _load_optimizer(
            optimizer,
            {name[10:]: value for name, value in tensors.items() if name.startswith("optimizer.")},
        )
    return found


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )
