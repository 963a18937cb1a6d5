"""Checkpoints: the student, its optimiser and the state of its training in one file, written
atomically, read without running any code from it, and compared with the checksum that lies beside
the weights.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import torch
from safetensors import safe_open
from safetensors.torch import save as serialize

from napari_alnt import retired
from napari_alnt.codec import read_value
from napari_alnt.data import make_folder, write_bytes
from napari_alnt.engine.ledger import check_interrupted
from napari_alnt.engine.weights_check import moments_fault, not_finite, weights_fault
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    from torch import nn

STUDENT = "student."
OPTIMIZER = "optimizer."
"""First parts of the names of a checkpoint's tensors."""
STATE, CHECKSUM = "state", "sha256"
"""Under which a checkpoint keeps its training state, and the hash of all it holds."""
LARGEST = 10**12
"""More steps, or epochs, than any training makes."""

_COUNTS = ("step", "epoch", "step_before", "epoch_before", "classes")


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
    """Write a checkpoint; the one before stays whole until the new one is on the disk.

    Raises
    ------
    AlntError
        If a weight is not finite any more, or the disk fails; the one before is kept.
    """
    values = {f"{STUDENT}{name}": value for name, value in net.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        values.update({f"{OPTIMIZER}{index}.{name}": value for name, value in moments.items()})
    tensors = {name: value.detach().cpu().contiguous() for name, value in values.items()}
    if spoilt := not_finite(tensors):
        raise AlntError(
            f"The student's '{spoilt}' is not finite any more at step {state.step}, so it was not"
            " saved; lower the learning rate and train again, it resumes from the last checkpoint."
        )
    text = json.dumps(asdict(state))
    make_folder(path.parent)
    metadata = {STATE: text, CHECKSUM: _checksum(text, tensors)}
    write_bytes(path, serialize(tensors, metadata))


def read_state(path: Path) -> TrainingState:
    """The state that a checkpoint was saved in, without reading its weights.

    Raises
    ------
    AlntError
        If the file is no checkpoint, or its state is none of a training.
    """
    return _state(path, _read(path, with_tensors=False)[0])


def load(
    path: Path, net: nn.Module, optimizer: torch.optim.Optimizer | None = None
) -> TrainingState:
    """Fill a network, and an optimiser, from a checkpoint; one without a checksum, as earlier
    versions wrote them, is only looked at.

    Raises
    ------
    AlntError
        If the file is no checkpoint, is damaged, or does not fit; the network is as it was then.
    """
    metadata, tensors = _read(path, with_tensors=True)
    state = _state(path, metadata)
    checksum = metadata.get(CHECKSUM)
    if checksum is not None and checksum != _checksum(metadata.get(STATE, ""), tensors):
        raise _unusable(path, "it is damaged: its content is not what was saved")
    weights, moments = _part(tensors, STUDENT), _by_parameter(_part(tensors, OPTIMIZER))
    if spoilt := not_finite(tensors):
        raise _unusable(path, f"its '{spoilt}' is not finite")
    fault = weights_fault(net, weights)
    if not fault and optimizer is not None:
        fault = moments_fault(optimizer, moments)
    if fault:
        raise _unusable(path, fault)
    net.load_state_dict(weights)
    if optimizer is not None:
        # rates and the like are those of the settings now, not of the checkpoint
        groups = optimizer.state_dict()["param_groups"]
        numbered = {int(index): values for index, values in moments.items()}
        optimizer.load_state_dict({"state": numbered, "param_groups": groups})
    return state


def _read(path: Path, with_tensors: bool) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """What a file says of itself, and its tensors."""
    # what is no plain file, such as a pipe, may be waited for without end
    if not path.is_file():
        raise _unusable(path, "there is no such file")
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys() if with_tensors else ()
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except MemoryError:
        raise
    except Exception as error:  # a damaged file raises whatever its reader meets first
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise _unusable(path, f"it is cut short or none ({reason[0]:.100})") from error


def _state(path: Path, metadata: Mapping[str, str]) -> TrainingState:
    """The training state in what a file says of itself."""
    text = metadata.get(STATE) or metadata.get(retired.CHECKPOINT_KEY)
    if text is None:
        raise _unusable(path, "it does not say where the training stands")
    try:
        values = json.loads(text)
        return _checked(retired.present(values, retired.CHECKPOINT))
    except (
        *(ValueError, KeyError, TypeError, AttributeError),
        *(OverflowError, RecursionError),  # a number or a nesting that none of ours has
    ) as error:
        # of others the words are Python's
        reason = f" ({error})" if type(error) is ValueError else ""
        raise _unusable(path, f"what it says of the training makes no sense{reason}") from error


def _checked(values: dict[str, Any]) -> TrainingState:
    """A training state of plain values.

    Raises
    ------
    ValueError, KeyError, TypeError or OverflowError
        If they are none of a training.
    """
    hints = get_type_hints(TrainingState)
    relative_loss = values.pop("relative_loss", None)
    if relative_loss is not None:
        relative_loss = read_value(Mapping[str, float], relative_loss)
        _require(all(map(math.isfinite, relative_loss.values())), "a loss is not finite")
    unfinished = values.pop("unfinished", None)
    if unfinished is not None:
        check_interrupted(unfinished)
    state = TrainingState(
        **{name: read_value(hints[name], value) for name, value in values.items()},
        unfinished=unfinished,
        relative_loss=relative_loss,
    )
    for name in _COUNTS:
        _require(0 <= getattr(state, name) <= LARGEST, f"{name} is {getattr(state, name)}")
    _require(state.step_before <= state.step, "its run begins after its step")
    _require(state.epoch_before <= state.epoch, "its run begins after its epoch")
    is_spacing = len(state.spacing) == 3 and all(0 < mm < math.inf for mm in state.spacing)
    _require(is_spacing, f"spacing is {state.spacing}")
    return state


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _checksum(state: str, tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over the training state and every tensor with its name, type and shape."""
    found = hashlib.sha256(state.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The tensors whose names begin with ``prefix``, by the rest of their names."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _by_parameter(tensors: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """An optimiser's tensors by the number of their parameter, and by what they are of it."""
    found: dict[str, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        index, _, key = name.partition(".")
        found.setdefault(index, {})[key] = value
    return found


def _unusable(path: Path, cause: str) -> AlntError:
    return AlntError(
        f"The checkpoint of run {path.parent.parent.name}, {path.name}, cannot be used: {cause};"
        " restore it from a backup, or train with --fresh to begin anew."
    )
