"""Layers of a case as a window would show them, in a viewer that has no window."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components import ViewerModel

from napari_alnt.data import Grid, Volume
from napari_alnt.widgets import viewer_adapter
from napari_alnt.widgets.case.open_case import OpenCase
from napari_alnt.widgets.picture.layers import CaseLayers

if TYPE_CHECKING:
    import pytest


def opened(
    shape: Any = (6, 40, 50), spacing: Any = (3.0, 2.0, 2.0), dtype: Any = np.int16,
    name: str = "a", **more: Any,
) -> OpenCase:  # fmt: skip
    """A case as it is read from its files, with a teacher's mask unless it is said otherwise."""
    mask = np.zeros(shape, np.uint8)
    mask[2, 10:20, 10:20] = 1
    given = {"teacher": mask, "prediction": None, **more}
    return OpenCase(
        case=SimpleNamespace(name=name, role="pool"),
        image=Volume(np.ones(shape, dtype), Grid.new(shape, spacing)),
        start=mask.copy(), origin="teacher", seconds=0.0, slice=2, resumed=None, **given,
    )  # fmt: skip


def bare_layers(monkeypatch: pytest.MonkeyPatch) -> CaseLayers:
    """Layers of cases with the labels 1 and 3, 255 for unknown; nothing is shown yet."""
    monkeypatch.setattr(viewer_adapter, "unpainted", lambda _: nullcontext())
    return CaseLayers(ViewerModel(), {1: "lung", 3: "tumour"}, 255)
