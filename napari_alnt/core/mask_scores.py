"""The masks of whole cases scored with a network of one's own, without a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

from napari_alnt.core.agreement import agreement
from napari_alnt.core.inference import Shape, predict
from napari_alnt.core.losses import IGNORE, Loss, per_sample_loss
from napari_alnt.core.networks import frozen, head_layer, untouched_call
from napari_alnt.core.scoring import Pieces, case_scored, expert_direction, in_pieces, score_case
from napari_alnt.errors import AlntError
from napari_alnt.events import CaseScored
from napari_alnt.ranking import CaseScores, rule, trust
from napari_alnt.settings import Scope

Array = Tensor | NDArray[Any]
Cases = Mapping[str, tuple[Array, Array]]
"""By its name, a case's image ``(D, H, W)`` in −1…1 and mask ``(D, H, W)`` of class indices 0…C−1
or :data:`~napari_alnt.core.IGNORE`."""


def score_masks(
    net: nn.Module,
    experts: Cases,
    cases: Cases,
    patch: Shape,
    *,
    batch: int = 2,
    scope: Scope = "head",
    loss: Loss = per_sample_loss,
) -> list[CaseScored]:
    """Score the mask of every case, as the ranking rules of :mod:`napari_alnt.ranking` read it.

    Parameters
    ----------
    net : a trained network, which stays as it was
    experts : cases whose masks are right; their mean gradient is the expert direction
    cases : cases whose masks are to be judged
    patch : voxels z y x of the windows into which volumes are cut, a size that suits the network
    batch : windows that pass together
    scope : whose gradients are compared, the last layer's, which is quick, or all
    loss : logits and targets to ``(B,)``

    Returns
    -------
    The scores of each case, in the order of ``cases``.

    Raises
    ------
    AlntError
        If an image and its mask do not fit each other, or a mask does not fit the network.
    """
    example = torch.full((1, 1, *patch), -1.0, device=next(net.parameters()).device)
    head = head_layer(net, example)
    classes = untouched_call(net, frozen(net), example).shape[1]

    # one expert case in memory at a time
    def pieces() -> Pieces:
        for name, case in experts.items():
            yield from in_pieces(*_windows(*_volumes(name, case, classes), patch), batch)

    g = expert_direction(net, pieces(), head if scope == "head" else None, loss)
    scored = []
    for name, case in cases.items():
        image, mask = _volumes(name, case, classes)
        scores = score_case(net, head, g, *_windows(image, mask, patch), batch, scope, loss)
        probabilities = predict(net, image[None, None], patch, batch=batch)
        scored.append(case_scored(name, 0, scores, agreement(probabilities, mask)))
    return scored


@dataclass(frozen=True)
class RankedMask:
    """A case with the trust in its mask, 0…1, and its priority; higher is more worth a look."""

    case: str
    trust: float
    priority: float


def rank(
    net: nn.Module,
    experts: Cases,
    cases: Cases,
    patch: Shape,
    *,
    ranking: str = "alnt",
    scope: Scope = "head",
) -> list[RankedMask]:
    """The cases whose masks are most worth a look first, judged with a network of one's own.

    As :func:`score_masks`, sorted by a rule of :data:`napari_alnt.ranking.RANKINGS`.
    """
    scored = score_masks(net, experts, cases, patch, scope=scope)
    scores = CaseScores.of({one.case: [one] for one in scored})
    columns = (trust(scores).tolist(), rule(ranking)(scores).tolist())
    rows = [RankedMask(*row) for row in zip(scores.cases, *columns, strict=True)]
    return sorted(rows, key=lambda row: -row.priority)


def _volumes(name: str, case: tuple[Array, Array], classes: int) -> tuple[Tensor, Tensor]:
    """Image and mask as tensors ``(D, H, W)`` on the CPU, float32 and int64."""
    image = torch.as_tensor(case[0]).cpu().float()
    mask = torch.as_tensor(case[1]).cpu().long()
    if image.ndim != 3 or image.shape != mask.shape:
        raise AlntError(
            f"Case '{name}' has an image {tuple(image.shape)} and a mask {tuple(mask.shape)}; both"
            " must be (D, H, W) on the same grid."
        )
    if mask.min() < IGNORE or mask.max() >= classes:
        raise AlntError(
            f"The mask of case '{name}' has values {int(mask.min())}…{int(mask.max())}, but the"
            f" network knows classes 0…{classes - 1}, and {IGNORE} for what nobody has labelled;"
            " turn the labels into class indices."
        )
    return image, mask


def _windows(image: Tensor, mask: Tensor, patch: Shape) -> tuple[Tensor, Tensor]:
    """The windows ``(K, 1, *patch)`` that tile a volume, and their masks ``(K, *patch)``; those
    without a labelled voxel are left out.
    """
    images = _tiles(image, patch, -1.0)
    targets = _tiles(mask, patch, IGNORE)
    known = (targets != IGNORE).flatten(1).any(1)
    return images[known][:, None], targets[known]


def _tiles(volume: Tensor, patch: Shape, fill: float) -> Tensor:
    # padded at the far faces, as the last window of an axis may reach beyond the volume
    depth, height, width = (-n % side for n, side in zip(volume.shape, patch, strict=True))
    tiles = pad(volume, (0, width, 0, height, 0, depth), value=fill)
    for axis, side in enumerate(patch):
        tiles = tiles.unfold(axis, side, side)
    return tiles.reshape(-1, *patch)
