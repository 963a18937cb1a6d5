"""The processes that train together, started by a launcher such as torchrun or srun."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist

from napari_alnt.core import Direction
from napari_alnt.errors import AlntError

if TYPE_CHECKING:
    from torch import Tensor

PROCESS_LOST = (
    "One of the processes that train together was lost; train again, it takes up from the last"
    " checkpoint, and see engine.log in the run's folder for why."
)
"""What the user is told when another process does not answer, or the launcher ends this one."""


class TorchProcessGroup:
    """One of ``size`` processes, number ``rank``; only rank 0 sends events and writes files.

    A process that is alone exchanges nothing. All processes make the same calls in the same order.
    """

    def __init__(self) -> None:
        self.rank = 0
        self.size = 1
        self.device = torch.device("cpu")

    @classmethod
    def join(cls) -> TorchProcessGroup:
        """Connect to the other processes of the launcher, if there are any."""
        group = cls()
        size = int(_variable("WORLD_SIZE", "SLURM_STEP_NUM_TASKS") or 1)
        if size < 2:
            return group
        group.size = size
        group.rank = int(_variable("RANK", "SLURM_PROCID") or 0)
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", "29511")
        if torch.cuda.is_available():
            local = int(_variable("LOCAL_RANK", "SLURM_LOCALID") or 0)
            group.device = torch.device("cuda", local % torch.cuda.device_count())
            torch.cuda.set_device(group.device)
        backend = "nccl" if group.device.type == "cuda" else "gloo"
        dist.init_process_group(backend, rank=group.rank, world_size=size)
        # only the main thread may set a handler; the launcher ends all when one is lost
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _raise_lost)
        return group

    def leave(self) -> None:
        """Disconnect, once all processes have come here."""
        if self.size > 1:
            self.wait()
            dist.destroy_process_group()

    def sum(self, values: Direction) -> Direction:
        """The sum over the processes."""
        if self.size == 1:
            return values
        # in one message, as a network has hundreds of small parameters
        flat = torch.cat([value.flatten() for value in values.values()]).to(self.device)
        dist.all_reduce(flat)
        pieces = torch.split(flat, [value.numel() for value in values.values()])
        return {
            name: piece.reshape(values[name].shape).to(values[name])
            for name, piece in zip(values, pieces, strict=True)
        }

    def gather(self, values: Tensor) -> Tensor:
        """The ``(B, …)`` of every process in the order of rank, ``(size·B, …)``."""
        if self.size == 1:
            return values
        mine = values.detach().to(self.device).contiguous()
        parts = [torch.empty_like(mine) for _ in range(self.size)]
        dist.all_gather(parts, mine)
        return torch.cat(parts).to(values.device)

    def collect(self, value: Any) -> list[Any]:
        """A plain value, as JSON holds it, of every process in the order of rank."""
        if self.size == 1:
            return [value]
        text = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        # all must send equally many bytes: the lengths first, then the padded texts
        sizes = self.gather(torch.tensor([len(text)])).tolist()
        padded = torch.zeros(1, max(sizes), dtype=torch.uint8)
        padded[0, : len(text)] = text
        rows = self.gather(padded)
        return [
            json.loads(bytes(row[:size].tolist())) for row, size in zip(rows, sizes, strict=True)
        ]

    def share(self, items: Sequence[Any]) -> list[Any]:
        """The items that are for this process; together the processes have all."""
        return list(items[self.rank :: self.size])

    def wait(self) -> None:
        """Block until all processes have come here."""
        if self.size > 1:
            dist.barrier()


def _variable(*names: str) -> str | None:
    """The first of these environment variables that is set: torchrun's, or Slurm's."""
    return next((os.environ[name] for name in names if name in os.environ), None)


def _raise_lost(_: int, __: FrameType | None) -> None:
    raise AlntError(PROCESS_LOST)
