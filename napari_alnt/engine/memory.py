"""Memory that has run out, however the machine says so."""

from __future__ import annotations

import torch

_WORDS = ("can't allocate memory", "not enough memory", "out of memory")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out; on CPUs and Apple's GPUs PyTorch raises a plain RuntimeError."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)
