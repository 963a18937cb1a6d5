"""One training step: the weighted one, and a plain one for teachers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from napari_alnt.core.directions import Direction, gradient, norm, zeros
from napari_alnt.core.distributed import SINGLE, ProcessGroup
from napari_alnt.core.losses import Loss, losses_of, per_sample_loss
from napari_alnt.core.networks import Head
from napari_alnt.core.per_sample.gradients import SampleGradients
from napari_alnt.core.per_sample.recorder import sample_gradients
from napari_alnt.core.shapes import check_images
from napari_alnt.core.weights import SampleWeights, weigh
from napari_alnt.errors import AlntError
from napari_alnt.settings import Weighting

Dropped = list[tuple[str, str]]
"""(case, reason) of samples that are left out of a step."""


@dataclass(frozen=True)
class Batch:
    """Patches with their targets.

    Attributes
    ----------
    images : ``(B, 1, D, H, W)`` of floating point
    targets : ``(B, D, H, W)`` int64, or what the loss takes
    cases : the case of each patch
    """

    images: Tensor
    targets: Tensor
    cases: tuple[str, ...]

    def __post_init__(self) -> None:
        check_images(self.images)
        counts = (len(self.images), len(self.targets), len(self.cases))
        if len(set(counts)) > 1:
            raise AlntError(
                "A batch needs as many images as targets and names of cases, got {}, {} and {};"
                " give one of each for every patch.".format(*counts)
            )

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
    """What one step did; tuples hold one entry per pseudo-labelled sample, in the order of
    ``cases``.

    Attributes
    ----------
    loss : Σ w_i ℓ_i + μ · ``expert_loss``
    expert_loss : mean_v ℓ_v; nan without a finite expert sample
    weights, trust, dot, cosine, informativeness, losses : see
        :class:`~napari_alnt.core.weights.SampleWeights`
    cases : the case of each sample
    dropped : (case, reason) of samples that were not finite
    skipped : whether the network stayed where it was
    fallback_reason : why the samples' gradients came from whole passes; "" if they did not
    """

    loss: float
    expert_loss: float
    weights: tuple[float, ...] = ()
    trust: tuple[float, ...] = ()
    dot: tuple[float, ...] = ()
    cosine: tuple[float, ...] = ()
    informativeness: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    cases: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    skipped: bool = False
    fallback_reason: str = ""


def train_step(
    net: nn.Module,
    head: Head,
    optimizer: torch.optim.Optimizer,
    pseudo: Batch,
    expert: Batch,
    weighting: Weighting,
    *,
    clip: float = 12.0,
    loss_rank: Tensor | None = None,
    micro_batch: int = 0,
    group: ProcessGroup = SINGLE,
    cases: tuple[str, ...] = (),
    loss: Loss = per_sample_loss,
) -> StepReport:
    """One optimiser step on Σ w_i ℓ_i + μ · mean_v ℓ_v, with w_i from :func:`weigh`.

    Parameters
    ----------
    net, head, optimizer : the network, its last layer, and what moves it
    pseudo, expert : this process's B pseudo-labelled and V expert patches; either may be empty
    weighting : how the samples are weighed
    clip : a longer gradient is shortened to this norm
    loss_rank : ``(size·B,)``, trust with the measure "loss_rank", see :func:`weigh`
    micro_batch : patches that pass together, 0 for all; fewer need less memory
    group : the processes that take this step together
    cases : the cases of all processes' pseudo-labelled samples in the order of rank, if several
    loss : logits and targets to ``(B,)``

    Returns
    -------
    What the step did. It is skipped when a gradient is not finite, and when all weights and μ are
    0, as the momentum of Adam would move the network even so.
    """
    net.train()
    cases = cases or pseudo.cases
    pseudo, expert = (batch.to(_device(net)) for batch in (pseudo, expert))
    # g is also the gradient of the experts' part of the loss, which so costs no second pass
    g, expert_loss, dropped = _mean_gradient(net, expert, loss, micro_batch, group)
    total: Direction = {}
    seen = SampleWeights.empty()
    samples: SampleGradients | None = None
    if pseudo.cases:
        only = head if weighting.scope == "head" else None
        samples = sample_gradients(net, pseudo.images, pseudo.targets, micro_batch, only, loss)
        seen = weigh(samples, head, g, weighting, loss_rank, group)
        total = _weighted_sum(samples, seen, group)
    mu = weighting.mu if math.isfinite(expert_loss) else 0.0
    if mu > 0:
        total = {name: total.get(name, 0.0) + mu * value for name, value in g.items()}
    moved = bool(total) and _apply(net, optimizer, total, clip)
    return StepReport(
        _step_loss(seen, weighting.mu, expert_loss),
        expert_loss,
        cases=cases,
        **seen.tuples(),
        dropped=tuple(dropped + _dropped(cases, seen, bool(total) and not moved)),
        skipped=not moved,
        fallback_reason=samples.fallback_reason if samples else "",
    )


def _weighted_sum(samples: SampleGradients, seen: SampleWeights, group: ProcessGroup) -> Direction:
    """Σ w_i ∇ℓ_i over the samples of all processes; nothing if all weights are 0."""
    # every process knows all weights, so that all take part in the sum or none
    if not seen.weights.any():
        return {}
    first = group.rank * len(samples.losses)
    own = seen.weights[first : first + len(samples.losses)]
    return group.sum(samples.weighted_sum(own))


def _dropped(cases: tuple[str, ...], seen: SampleWeights, stuck: bool) -> Dropped:
    """The samples that were left out, and all that were weighed if the step could not be taken."""
    dropped = [(cases[i], "its loss or gradient is not finite") for i in seen.dropped]
    if stuck:
        weighed = [case for case, weight in zip(cases, seen.weights, strict=True) if weight > 0]
        dropped += [(case, "the gradient of its step is not finite") for case in weighed]
    return dropped


def _step_loss(seen: SampleWeights, mu: float, expert_loss: float) -> float:
    # a sample without weight has no part in it, not even as nan
    pairs = zip(seen.weights.tolist(), seen.losses.tolist(), strict=True)
    weighed: float = math.fsum(weight * loss for weight, loss in pairs if weight > 0)
    return weighed + (mu * expert_loss if mu > 0 else 0.0)


def supervised(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    steps: Iterable[Batch],
    *,
    clip: float = 12.0,
    loss: Loss = per_sample_loss,
) -> Iterator[StepReport]:
    """Train on the plain mean loss of each batch, as a teacher learns from experts only; one report
    a step.
    """
    for batch in steps:
        net.train()
        g, mean_loss, dropped = _mean_gradient(net, batch.to(_device(net)), loss)
        moved = math.isfinite(mean_loss) and _apply(net, optimizer, g, clip)
        yield StepReport(
            mean_loss, mean_loss, cases=batch.cases, dropped=tuple(dropped), skipped=not moved
        )


def _device(net: nn.Module) -> torch.device:
    return next(net.parameters()).device


def _mean_gradient(
    net: nn.Module, batch: Batch, loss: Loss, micro_batch: int = 0, group: ProcessGroup = SINGLE
) -> tuple[Direction, float, Dropped]:
    """∇ of the mean loss over the samples whose loss is finite, that mean, and who was dropped;
    zeros and nan if all were.
    """
    total = zeros(net)
    loss_sum = 0.0
    count = 0
    dropped: Dropped = []
    for piece in batch.pieces(micro_batch):
        summed, kept, broken = _finite_losses(net, piece, loss)
        dropped += broken
        if kept:
            for name, part in gradient(net, summed).items():
                total[name] += part
            loss_sum += float(summed.detach())
            count += kept
    total = group.sum(total)
    # sums, not means, as processes may have dropped different numbers
    sums = group.gather(torch.tensor([[loss_sum, count]], dtype=torch.float64)).sum(0)
    loss_sum, count = sums.tolist()
    if not count:
        return total, math.nan, dropped
    mean = {name: value / count for name, value in total.items()}
    if not norm(mean).isfinite():
        reason = "the gradient of its batch is not finite"
        return zeros(net), math.nan, [(case, reason) for case in batch.cases]
    return mean, loss_sum / count, dropped


def _finite_losses(net: nn.Module, batch: Batch, loss: Loss) -> tuple[Tensor, int, Dropped]:
    """Σ ℓ_i over the samples whose loss is finite, how many they are, and who was dropped."""
    losses = losses_of(loss, net(batch.images), batch.targets)
    finite = losses.detach().isfinite().tolist()
    kept = batch.take(i for i, ok in enumerate(finite) if ok)
    pairs = zip(batch.cases, finite, strict=True)
    dropped = [(case, "its loss is not finite") for case, ok in pairs if not ok]
    # left out before the forward pass, as 0 · nan inside the graph would still be nan
    if kept.cases and dropped:
        losses = losses_of(loss, net(kept.images), kept.targets)
    return losses.sum(), len(kept.cases), dropped


def _apply(net: nn.Module, optimizer: torch.optim.Optimizer, total: Direction, clip: float) -> bool:
    """Step along the gradient, shortened to ``clip``; False, and no step, if it is not finite."""
    # a parameter that is not trained has no gradient, and the optimiser leaves it alone
    for name, parameter in net.named_parameters():
        parameter.grad = total.get(name)
    length = nn.utils.clip_grad_norm_(net.parameters(), clip)
    finite = bool(length.isfinite())
    if finite:
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return finite
