"""A checkpoint's file compared with the checksum in it, without the library that trains."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, BinaryIO

from napari_alnt import retired

LONGEST_HEAD = 100 * 2**20
"""Bytes that safetensors allows at most before the tensors."""
_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64",
    "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


def checkpoint_fault(path: Path) -> str:
    """What is wrong with a checkpoint, in words; "" if nothing is.

    One without a checksum, as earlier versions wrote them, is only looked at.
    """
    try:
        # a pipe may be waited for without an end
        if not path.is_file():
            return "is no plain file"
        with path.open("rb") as file:
            head = file.read(8)
            length = int.from_bytes(head, "little")
            if len(head) < 8 or length > LONGEST_HEAD:
                return "is no checkpoint"
            values = json.loads(file.read(length))
            about = values.pop("__metadata__", {})
            start, size = 8 + length, path.stat().st_size
            if size != start + max((one["data_offsets"][1] for one in values.values()), default=0):
                return "is cut short or has grown"
            wanted = about.get("sha256")
            if set(about) - {"state", "sha256", retired.CHECKPOINT_KEY}:
                return "is not what was saved"
            if wanted is not None and wanted != _checksum(file, start, about["state"], values):
                return "is not what was saved"
    # bytes that are none of ours fail wherever they are first met
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError):
        return "cannot be read"
    return ""


def _checksum(file: BinaryIO, start: int, state: str, tensors: dict[str, Any]) -> str:
    """SHA-256 as ``engine.checkpoint`` makes it."""
    found = hashlib.sha256(state.encode())
    for name in sorted(tensors):
        kind, shape = tensors[name]["dtype"], tuple(tensors[name]["shape"])
        begin, end = tensors[name]["data_offsets"]
        found.update(f"\n{name} torch.{_TYPES[kind]} {shape}\n".encode())
        file.seek(start + begin)
        found.update(file.read(end - begin))
    return found.hexdigest()
