"""One training step, and the generator that strings them together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from napari_alnt.core.directions import Direction, gradient, norm, zeros
from napari_alnt.core.distributed import ALONE, Together
from napari_alnt.core.losses import per_sample_loss
from napari_alnt.core.networks import Head, head_layer
from napari_alnt.core.per_sample.recorder import sample_gradients
from napari_alnt.core.weights import NOTHING, weigh
from napari_alnt.settings import Method, Scope, Similarity


@dataclass(frozen=True)
class Batch:
    """Patches: ``images (B, 1, D, H, W)`` float32, ``targets (B, D, H, W)`` int64, and the case of
    each.
    """

    images: Tensor
    targets: Tensor
    cases: tuple[str, ...]

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        return Batch(self.images.to(device), self.targets.to(device), self.cases)

    def pieces(self, size: int) -> Iterator[Batch]:
        """The batch in pieces of ``size`` samples, or whole if that is 0."""
        count = len(self.cases)
        for start in range(0, count, size or max(count, 1)):
            yield self.take(range(start, min(start + (size or count), count)))

    def take(self, kept: Iterable[int]) -> Batch:
        """The samples of these indices."""
        index = list(kept)
        return Batch(self.images[index], self.targets[index], tuple(self.cases[i] for i in index))


@dataclass(frozen=True)
class StepReport:
    """What one step did; the tuples hold one entry per pseudo-labelled sample, in the order of
    ``cases``.

    ``loss`` is Σ w_i ℓ_i + μ · ``expert_loss``. ``trust`` is the dot product, un-normalised;
    ``cosine`` is nan unless asked for. ``dropped`` holds (case, reason) of samples that were not
    finite. ``skipped``: the network did not move. ``slow`` says why the samples could not be told
    apart the fast way, and is empty if they could.
    """

    loss: float
    expert_loss: float
    weights: tuple[float, ...] = ()
    trust: tuple[float, ...] = ()
    cosine: tuple[float, ...] = ()
    informativeness: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    cases: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    skipped: bool = False
    slow: str = ""


def train(
    net: nn.Module, optimizer: Optimizer, steps: Iterable[tuple[Batch, Batch]], **options: Any
) -> Iterator[StepReport]:
    """Train on (pseudo-labelled, expert) batches, one report a step; either batch may be without a
    sample.

    ``options`` are those of :func:`train_step`.
    """
    head: Head | None = None
    for pseudo, expert in steps:
        example = pseudo if pseudo.cases else expert
        head = head or head_layer(net, example.images[:1].to(_device(net)))
        yield train_step(net, head, optimizer, pseudo, expert, **options)


def train_step(
    net: nn.Module,
    head: Head,
    optimizer: Optimizer,
    pseudo: Batch,
    expert: Batch,
    *,
    method: Method = "RGSM_AL",
    trust_share: float = 0.5,
    similarity: Similarity = "dot",
    scope: Scope = "all",
    mu: float = 0.0,
    clip: float = 12.0,
    standing: Tensor | None = None,
    at_once: int = 0,
    together: Together = ALONE,
    cases: tuple[str, ...] = (),
) -> StepReport:
    """One optimiser step on Σ w_i ℓ_i + μ · mean_v ℓ_v.

    g is the gradient of mean_v ℓ_v, so the experts' part costs no second backward pass. The step is
    skipped when all weights and μ are 0, as Adam's momentum would move the network even so, and
    when a gradient is not finite. Gradients longer than ``clip`` are shortened to it. ``standing
    (B,)`` is the trust of ``similarity`` "path". ``at_once`` patches pass the network at a time, 0
    takes all: fewer need less memory and give the same.

    Processes that train ``together`` each bring their own B and V patches and take the step of all;
    ``cases`` then names everybody's pseudo-labelled samples, in the order of rank, and ``standing``
    is theirs.
    """
    net.train()
    pseudo, expert = pseudo.to(_device(net)), expert.to(_device(net))
    cases = cases or pseudo.cases
    g, expert_loss, dropped = _mean_gradient(net, expert, at_once, together)
    total: Direction = {}
    seen, slow = NOTHING, ""
    if pseudo.cases:
        first_look = head if scope == "head" else None
        samples = sample_gradients(net, pseudo.images, pseudo.targets, at_once, first_look)
        seen, slow = (
            weigh(samples, head, g, method, trust_share, similarity, scope, standing, together),
            samples.slow,
        )
        dropped += [(cases[i], "its loss or gradient is not finite") for i in seen.dropped]
        if seen.weights.any():
            first = together.rank * len(pseudo.cases)
            total = together.sum(samples.combine(seen.weights[first : first + len(pseudo.cases)]))
    if mu > 0 and math.isfinite(expert_loss):
        total = {name: total.get(name, 0.0) + mu * value for name, value in g.items()}
    weights, losses = seen.weights.tolist(), seen.losses.tolist()
    kept = [i for i, weight in enumerate(weights) if weight > 0]
    moved = bool(total) and _apply(net, optimizer, total, clip)
    if total and not moved:
        dropped += [(cases[i], "the gradient of its step is not finite") for i in kept]
    loss = sum(weights[i] * losses[i] for i in kept) + (mu * expert_loss if mu > 0 else 0.0)
    return StepReport(
        loss,
        expert_loss,
        weights=tuple(weights),
        trust=tuple(seen.trust.tolist()),
        cosine=tuple(seen.cosine.tolist()),
        informativeness=tuple(seen.informativeness.tolist()),
        losses=tuple(losses),
        cases=cases,
        dropped=tuple(dropped),
        skipped=not moved,
        slow=slow,
    )


def supervised(
    net: nn.Module, optimizer: Optimizer, steps: Iterable[Batch], *, clip: float = 12.0
) -> Iterator[StepReport]:
    """Train on the plain mean loss of each batch, as a teacher learns from experts only; one report
    a step.
    """
    for batch in steps:
        net.train()
        g, loss, dropped = _mean_gradient(net, batch.to(_device(net)))
        moved = math.isfinite(loss) and _apply(net, optimizer, g, clip)
        yield StepReport(loss, loss, cases=batch.cases, dropped=tuple(dropped), skipped=not moved)


def _device(net: nn.Module) -> torch.device:
    return next(net.parameters()).device


def _mean_gradient(
    net: nn.Module, batch: Batch, at_once: int = 0, together: Together = ALONE
) -> tuple[Direction, float, list[tuple[str, str]]]:
    """∇ of the mean loss over the samples whose loss is finite, that mean, who was dropped; zeros
    and nan if all.
    """
    total, loss, count = zeros(net), 0.0, 0
    dropped: list[tuple[str, str]] = []
    for piece in batch.pieces(at_once):
        summed, kept, broken = _finite_losses(net, piece)
        dropped += broken
        if kept:
            for name, part in gradient(net, summed).items():
                total[name] += part
            loss, count = loss + float(summed.detach()), count + kept
    total = together.sum(total)
    loss, count = (
        together.gather(torch.tensor([[loss, count]], dtype=torch.float64)).sum(0).tolist()
    )
    if not count:
        return total, math.nan, dropped
    mean = {name: value / count for name, value in total.items()}
    if not norm(mean).isfinite():
        return (
            zeros(net),
            math.nan,
            [(case, "the gradient of its batch is not finite") for case in batch.cases],
        )
    return mean, loss / count, dropped


def _finite_losses(net: nn.Module, batch: Batch) -> tuple[Tensor, int, list[tuple[str, str]]]:
    """Σ ℓ_i over the samples whose loss is finite, how many they are, and who was dropped."""
    losses = per_sample_loss(net(batch.images), batch.targets)
    finite = losses.detach().isfinite().tolist()
    kept = batch.take(i for i, ok in enumerate(finite) if ok)
    dropped = [
        (case, "its loss is not finite")
        for case, ok in zip(batch.cases, finite, strict=True)
        if not ok
    ]
    if (
        kept.cases and dropped
    ):  # left out before the forward pass: 0 · nan inside it would still be nan
        losses = per_sample_loss(net(kept.images), kept.targets)
    return losses.sum(), len(kept.cases), dropped


def _apply(net: nn.Module, optimizer: Optimizer, total: Direction, clip: float) -> bool:
    """Step along the gradient, shortened to ``clip``; False, and no step, if it is not finite."""
    for name, parameter in net.named_parameters():
        parameter.grad = total.get(name)
    length = nn.utils.clip_grad_norm_(net.parameters(), clip)
    finite = bool(length.isfinite())
    if finite:
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return finite
