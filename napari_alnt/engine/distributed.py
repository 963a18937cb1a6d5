"""The processes that train together, as a launcher such as torchrun or srun has started them."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from napari_alnt.core import Direction
from napari_alnt.errors import AlntError

LOST = (
    "One of the processes that train together was lost; train again, it takes up from the last"
    " checkpoint, and see"
    " engine.log in the run's folder for why."
)


class Ranks:
    """This process among ``size``; rank 0 alone speaks and writes. One process alone shares with
    nobody.
    """

    def __init__(self) -> None:
        self.rank, self.size = 0, 1
        self.device = torch.device("cpu")

    @classmethod
    def join(cls) -> Ranks:
        """Meet the others, if there are any."""
        ranks = cls()
        if (size := int(_told("WORLD_SIZE", "SLURM_STEP_NUM_TASKS") or 1)) < 2:
            return ranks
        ranks.rank, ranks.size = int(_told("RANK", "SLURM_PROCID") or 0), size
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", "29511")
        if torch.cuda.is_available():
            ranks.device = torch.device(
                "cuda", int(_told("LOCAL_RANK", "SLURM_LOCALID") or 0) % torch.cuda.device_count()
            )
            torch.cuda.set_device(ranks.device)
        backend = "nccl" if ranks.device.type == "cuda" else "gloo"
        dist.init_process_group(backend, rank=ranks.rank, world_size=size)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _lost)  # the launcher ends all when one is lost
        return ranks

    def leave(self) -> None:
        """Part, when all are done."""
        if self.size > 1:
            self.wait()
            dist.destroy_process_group()

    def sum(self, values: Direction) -> Direction:
        """The sum over the processes, in one message."""
        if self.size == 1:
            return values
        flat = torch.cat([value.flatten() for value in values.values()]).to(self.device)
        dist.all_reduce(flat)
        pieces = flat.split([value.numel() for value in values.values()])  # type: ignore[no-untyped-call]
        return {
            name: piece.reshape(values[name].shape).to(values[name])
            for name, piece in zip(values, pieces, strict=True)
        }

    def gather(self, values: Tensor) -> Tensor:
        """Everybody's ``(B, …)`` in the order of rank, ``(size·B, …)``."""
        if self.size == 1:
            return values
        mine = values.detach().to(self.device).contiguous()
        parts = [torch.empty_like(mine) for _ in range(self.size)]
        dist.all_gather(parts, mine)
        return torch.cat(parts).to(values.device)

    def collect(self, said: Any) -> list[Any]:
        """What everybody says, plain values as JSON holds them, in the order of rank."""
        if self.size == 1:
            return [said]
        words = torch.frombuffer(bytearray(json.dumps(said).encode()), dtype=torch.uint8)
        sizes = self.gather(torch.tensor([len(words)])).tolist()
        padded = torch.zeros(1, max(sizes), dtype=torch.uint8)
        padded[0, : len(words)] = words
        rows = self.gather(padded)
        return [
            json.loads(bytes(row[:size].tolist())) for row, size in zip(rows, sizes, strict=True)
        ]

    def share(self, items: Sequence[Any]) -> list[Any]:
        """This process's part of a list."""
        return list(items[self.rank :: self.size])

    def wait(self) -> None:
        """Until all are here."""
        if self.size > 1:
            dist.barrier()


def _told(*names: str) -> str | None:
    return next((os.environ[name] for name in names if name in os.environ), None)


def _lost(_: int, __: FrameType | None) -> None:
    raise AlntError(LOST)
