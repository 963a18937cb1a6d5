"""Checkpoints: the student, its optimiser and the state of its training in one file, written
atomically and read without running any code from it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import safe_open
from safetensors.torch import save as serialize

from napari_alnt import retired
from napari_alnt.data import write_bytes
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    import torch
    from torch import nn

STUDENT = "student."
OPTIMIZER = "optimizer."
"""First parts of the names of a checkpoint's tensors."""


@dataclass(frozen=True)
class TrainingState:
    """Where a training stands, and what its weights can be used for.

    Attributes
    ----------
    step, epoch : steps and epochs done since the first run
    step_before, epoch_before : those that were done before this run
    network, classes, spacing, window : what must be the same for the weights to be used
    unfinished : what an interrupted epoch had gathered; None between epochs
    evaluation_due : whether the test and the ranking of the last epoch are still to come
    relative_loss : the running losses of the cases, see
        :class:`~napari_alnt.engine.relative_loss.RelativeLoss`
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
    evaluation_due: bool = False
    relative_loss: dict[str, float] | None = None

    def fits(self, other: TrainingState) -> bool:
        """Whether the weights of the one can be trained on as the other."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in ("network", "classes", "spacing", "window")
        )


def save(
    path: Path, net: nn.Module, optimizer: torch.optim.Optimizer, state: TrainingState
) -> None:
    """Write a checkpoint; the one before stays whole until the new one is on the disk."""
    values = {f"{STUDENT}{name}": value for name, value in net.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        values.update({f"{OPTIMIZER}{index}.{name}": value for name, value in moments.items()})
    tensors = {name: value.detach().cpu().contiguous() for name, value in values.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, serialize(tensors, {"state": json.dumps(asdict(state))}))


def read_state(path: Path) -> TrainingState:
    """The state that a checkpoint was saved in, without reading its weights.

    Raises
    ------
    AlntError
        If the file is no checkpoint.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
        text = metadata.get("state") or metadata[retired.CHECKPOINT_KEY]
        values = retired.present(json.loads(text), retired.CHECKPOINT)
        values["spacing"] = tuple(values["spacing"])  # JSON knows lists only
        return TrainingState(**values)
    except Exception as error:  # a damaged file raises whatever its reader meets first
        raise AlntError(
            f"The checkpoint of run {path.parent.parent.name} cannot be read; train with --fresh to"
            " begin anew."
        ) from error


def load(
    path: Path, net: nn.Module, optimizer: torch.optim.Optimizer | None = None
) -> TrainingState:
    """Fill a network, and an optimiser, from a checkpoint.

    Raises
    ------
    AlntError
        If the file is no checkpoint.
    """
    state = read_state(path)
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    net.load_state_dict(_part(tensors, STUDENT))
    if optimizer is not None:
        _load_optimizer(optimizer, _part(tensors, OPTIMIZER))
    return state


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The tensors whose names begin with ``prefix``, by the rest of their names."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    # rates and the like are those of the settings now, not of the checkpoint
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
