from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
from core.helpers import PAPER, expert_gradient, flat, own_gradients, paper, squares, train
from torch import Tensor, nn

from napari_alnt.core import (
    IGNORE,
    Batch,
    StepReport,
    head_layer,
    per_sample_loss,
    supervised,
    train_step,
)
from napari_alnt.errors import AlntError
from napari_alnt.settings import Weighting

Patches = Callable[..., tuple[Tensor, Tensor]]


@pytest.fixture
def pseudo(patches: Patches) -> Batch:
    return Batch(*patches(4, 0), ("a", "b", "c", "d"))


@pytest.fixture
def expert(patches: Patches) -> Batch:
    return Batch(*patches(2, 1), ("e", "f"))


def _adam(net: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(net.parameters(), 1e-3)


def _sgd(net: nn.Module) -> torch.optim.Optimizer:
    """A step in proportion to the gradient; Adam would make a whole one of what is only
    rounding.
    """
    return torch.optim.SGD(net.parameters(), 0.1)


def _step(net: nn.Module, pseudo: Batch, expert: Batch, weighting: Weighting = PAPER) -> StepReport:
    return next(train(net, _adam(net), [(pseudo, expert)], weighting))


def _slide(net: nn.Module, pseudo: Batch, expert: Batch, weighting: Weighting) -> StepReport:
    return next(train(net, _sgd(net), [(pseudo, expert)], weighting))


def _state(net: nn.Module) -> list[Tensor]:
    return [value.clone() for value in net.state_dict().values()]


def _same(a: list[Tensor], b: list[Tensor]) -> bool:
    return all(map(torch.equal, a, b))


@pytest.mark.parametrize("mu", [0.0, 0.7])
@pytest.mark.parametrize("method", ["UNIFORM", "RGS", "RGM", "RGSM", "RGSM_AL"])
def test_a_step_goes_along_the_weighted_loss(
    small: nn.Module, pseudo: Batch, expert: Batch, method: str, mu: float
) -> None:
    twin = copy.deepcopy(small).train()
    weighting = paper(method=method, mu=mu)
    report = next(train(small, _sgd(small), [(pseudo, expert)], weighting, clip=1e9))
    losses = per_sample_loss(twin(pseudo.images), pseudo.targets)
    experts = per_sample_loss(twin(expert.images), expert.targets).mean()
    loss = (torch.tensor(report.weights) * losses).sum() + mu * experts
    loss.backward()
    torch.optim.SGD(twin.parameters(), 0.1).step()
    for a, b in zip(small.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    assert report.loss == pytest.approx(loss.item(), rel=1e-5)
    assert report.expert_loss == pytest.approx(experts.item(), rel=1e-5)
    assert report.losses == pytest.approx(losses.tolist(), rel=1e-5)
    assert report.cases == ("a", "b", "c", "d")
    assert not report.skipped
    assert all(p.grad is None for p in small.parameters())


def test_clipping_shortens_the_gradient(small: nn.Module, pseudo: Batch, expert: Batch) -> None:
    before = torch.cat([p.detach().flatten() for p in small.parameters()])
    optimizer = torch.optim.SGD(small.parameters(), 1.0)
    list(train(small, optimizer, [(pseudo, expert)], paper(mu=1.0), clip=1e-2))
    after = torch.cat([p.detach().flatten() for p in small.parameters()])
    assert float((after - before).norm()) == pytest.approx(1e-2, rel=1e-2)


def test_training_learns(small: nn.Module, patches: Patches) -> None:
    net = small
    batch = Batch(*patches(2, 5), ("a", "b"))
    optimizer = torch.optim.AdamW(net.parameters(), 5e-3)
    reports = list(train(net, optimizer, [(batch, batch)] * 12, paper(method="RGSM", mu=1.0)))
    assert reports[-1].expert_loss < 0.8 * reports[0].expert_loss


def test_untrusted_samples_do_not_move_the_network(
    small: nn.Module, pseudo: Batch, expert: Batch
) -> None:
    # Expert labels turned around make every gradient point the other way: all trust is negative.
    optimizer = _adam(small)
    list(train(small, optimizer, [(pseudo, expert)], paper(mu=1.0)))  # Adam gathers momentum
    before, slots = _state(small), copy.deepcopy(optimizer.state_dict())
    against = Batch(expert.images, torch.where(expert.targets == 0, 1, 0), expert.cases)
    report = next(train(small, optimizer, [(pseudo, against)], paper(method="RGS")))
    assert max(report.dot) < 0
    assert report.trust == report.dot
    assert report.weights == (0, 0, 0, 0)
    assert report.skipped
    assert report.loss == 0
    assert _same(before, _state(small))
    assert str(slots) == str(optimizer.state_dict())
    weighting = paper(method="RGS", mu=1.0)
    assert not next(train(small, optimizer, [(pseudo, against)], weighting)).skipped


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e30])
@pytest.mark.parametrize("method", ["UNIFORM", "RGSM_AL"])
def test_a_broken_sample_is_dropped_and_the_rest_go_on(
    small: nn.Module, pseudo: Batch, expert: Batch, value: float, method: str
) -> None:
    twin = copy.deepcopy(small)
    images = pseudo.images.clone()
    images[2, 0, 9, 9, 9] = value
    weighting = paper(method=method, mu=1.0)
    report = _slide(small, Batch(images, pseudo.targets, pseudo.cases), expert, weighting)
    assert all(p.isfinite().all() for p in small.parameters())
    assert not report.skipped
    # instance normalisation takes 1e30 in its stride, or it does not: never a poisoned batch
    if value < math.inf:
        return
    assert [case for case, _ in report.dropped] == ["c"]
    assert report.weights[2] == 0
    without = _slide(twin, pseudo.take([0, 1, 3]), expert, weighting)
    assert [report.weights[i] for i in (0, 1, 3)] == pytest.approx(list(without.weights), rel=1e-4)
    for a, b in zip(small.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_a_broken_expert_patch_is_dropped(small: nn.Module, pseudo: Batch, expert: Batch) -> None:
    twin = copy.deepcopy(small)
    images = expert.images.clone()
    images[1] = math.nan
    report = _step(small, pseudo, Batch(images, expert.targets, expert.cases), paper(mu=1.0))
    assert [case for case, _ in report.dropped] == ["f"]
    without = _step(twin, pseudo, expert.take([0]), paper(mu=1.0))
    assert report.dot == pytest.approx(without.dot, rel=1e-4)
    assert report.trust == pytest.approx(without.trust, rel=1e-4)


@pytest.mark.parametrize("mu", [0.0, 1.0])
def test_when_all_is_broken_nothing_moves(
    small: nn.Module, pseudo: Batch, expert: Batch, mu: float
) -> None:
    before = _state(small)
    pseudo, expert = (Batch(b.images * math.nan, b.targets, b.cases) for b in (pseudo, expert))
    report = _step(small, pseudo, expert, paper(mu=mu))
    assert report.skipped
    assert {case for case, _ in report.dropped} == set("abcdef")
    assert _same(before, _state(small))
    learned = next(supervised(small, _adam(small), [expert]))
    assert learned.skipped
    assert _same(before, _state(small))


class _Steep(nn.Module):
    """Finite logits with an infinite gradient: √|x| at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.shift, self.head = nn.Parameter(torch.zeros(1)), nn.Conv3d(1, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head((x + self.shift).abs().sqrt())


def test_an_infinite_gradient_moves_nothing() -> None:
    net = _Steep()
    targets = torch.zeros(1, 4, 4, 4, dtype=torch.int64)
    batch = Batch(torch.zeros(1, 1, 4, 4, 4), targets, ("a",))
    before = _state(net)
    for report in (
        _step(net, batch, batch, paper(method="UNIFORM", mu=1.0)),
        next(supervised(net, _adam(net), [batch])),
    ):
        assert report.skipped
        assert report.dropped
    assert _same(before, _state(net))


def test_one_sample_and_short_batches(small: nn.Module, pseudo: Batch, expert: Batch) -> None:
    steps = [
        (pseudo, expert),
        (pseudo.take([0, 1, 2]), expert),
        (pseudo.take([3]), expert.take([1])),
    ]
    reports = list(train(small, _adam(small), steps, paper(method="RGM")))
    assert [len(r.weights) for r in reports] == [4, 3, 1]
    assert reports[-1].weights == (1.0,)
    assert all(math.fsum(r.weights) == pytest.approx(1) for r in reports)


def test_equal_samples_all_stay(small: nn.Module, pseudo: Batch) -> None:
    same = pseudo.take([0, 0, 0])
    report = _step(small, same, same, paper(method="RGSM_AL"))
    assert report.weights == pytest.approx([1 / 3] * 3, rel=1e-4)


def test_empty_masks_and_unknown_samples(small: nn.Module, pseudo: Batch, expert: Batch) -> None:
    targets = pseudo.targets.clone()
    targets[0], targets[1] = 0, IGNORE
    weighting = paper(method="RGSM")
    report = _step(small, Batch(pseudo.images, targets, pseudo.cases), expert, weighting)
    assert report.dropped == ()
    assert report.losses[1] == report.dot[1] == report.trust[1] == 0
    assert report.informativeness[1] == report.weights[1] == 0
    assert report.weights[0] > 0


def test_without_experts_only_informativeness_weighs(
    small: nn.Module, pseudo: Batch, expert: Batch
) -> None:
    report = _step(small, pseudo, expert.take([]), paper(method="RGSM", mu=1.0))
    assert math.isnan(report.expert_loss)
    assert set(report.dot) == {0.0}
    assert set(report.trust) == {0.0}
    assert math.fsum(report.weights) == pytest.approx(0.5)
    assert not report.skipped


def test_without_pseudo_labels_the_experts_go_on(
    small: nn.Module, pseudo: Batch, expert: Batch
) -> None:
    report = _step(small, pseudo.take([]), expert, paper(mu=1.0))
    assert report.weights == ()
    assert not report.skipped
    assert report.loss == report.expert_loss


def test_the_teacher_learns_from_the_plain_mean(small: nn.Module, expert: Batch) -> None:
    twin = copy.deepcopy(small).train()
    report = next(supervised(small, _sgd(small), [expert]))
    loss = per_sample_loss(twin(expert.images), expert.targets).mean()
    loss.backward()
    torch.optim.SGD(twin.parameters(), 0.1).step()
    assert report.loss == pytest.approx(loss.item())
    assert all(
        torch.allclose(a, b, rtol=1e-4, atol=1e-6)
        for a, b in zip(small.parameters(), twin.parameters(), strict=True)
    )


def test_batch_normalisation_goes_the_slow_way_and_says_so(
    small: nn.Module, pseudo: Batch, expert: Batch
) -> None:
    net = nn.Sequential(nn.Conv3d(1, 3, 1), nn.BatchNorm3d(3))
    report = _step(net, pseudo, expert, paper(method="RGSM", mu=1.0))
    assert "batch normalisation" in report.fallback_reason
    assert not report.skipped
    assert math.fsum(report.weights) == pytest.approx(1)
    assert net[1].num_batches_tracked > 0
    assert not _step(small, pseudo, expert).fallback_reason


@pytest.mark.parametrize("micro_batch", [1, 3])
def test_patches_a_few_at_a_time_give_the_same_step(
    small: nn.Module, pseudo: Batch, expert: Batch, micro_batch: int
) -> None:
    twin = copy.deepcopy(small)
    weighting = paper(method="RGSM", mu=1.0)
    whole = next(train(small, _sgd(small), [(pseudo, expert)], weighting))
    pieces = next(train(twin, _sgd(twin), [(pseudo, expert)], weighting, micro_batch=micro_batch))
    assert pieces.weights == pytest.approx(whole.weights, rel=1e-4)
    for a, b in zip(small.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_the_same_seed_gives_the_same_network(
    small: nn.Module, pseudo: Batch, expert: Batch
) -> None:
    twin = copy.deepcopy(small)
    for net in (small, twin):
        optimizer, head = _adam(net), head_layer(net, pseudo.images[:1])
        for _ in range(2):
            train_step(net, head, optimizer, pseudo, expert, paper(mu=1.0))
    assert _same(_state(small), _state(twin))


@pytest.mark.parametrize("scope", ["all", "head"])
@pytest.mark.parametrize("measure", ["dot", "cosine", "loss_rank"])
def test_trust_is_what_the_measure_says(
    small: nn.Module, pseudo: Batch, expert: Batch, measure: str, scope: str
) -> None:
    net = small.double().train()
    pseudo = Batch(pseudo.images.double(), pseudo.targets, pseudo.cases)
    expert = Batch(expert.images.double(), expert.targets, expert.cases)
    g = expert_gradient(net, expert.images, expert.targets)
    own = own_gradients(net, pseudo.images, pseudo.targets)
    if scope == "head":
        name = head_layer(net, pseudo.images[:1]).name
        g, own = {name: g[name]}, [{name: one[name]} for one in own]
    rank = torch.tensor([0.1, 0.4, 0.2, 0.3])
    expected = {
        "dot": torch.stack([flat(one) @ flat(g) for one in own]).tolist(),
        "cosine": [
            torch.nn.functional.cosine_similarity(flat(one), flat(g), dim=0).item() for one in own
        ],
        "loss_rank": rank.tolist(),
    }
    weighting = paper(trust_measure=measure, scope=scope)
    report = next(train(net, _sgd(net), [(pseudo, expert)], weighting, loss_rank=rank))
    # the head's own gradients are float32
    assert report.trust == pytest.approx(expected[measure], rel=1e-5)
    assert report.dot == pytest.approx(expected["dot"], rel=1e-5)
    known = measure == "cosine" or scope == "head"
    assert [math.isnan(value) for value in report.cosine] == [not known] * 4
    if known:
        assert report.cosine == pytest.approx(expected["cosine"], rel=1e-5)


@pytest.mark.parametrize("scope", ["all", "head"])
def test_a_step_along_a_loss_of_ones_own(
    small: nn.Module, pseudo: Batch, expert: Batch, scope: str
) -> None:
    twin = copy.deepcopy(small).train()
    weighting = paper(method="RGSM", scope=scope, mu=1.0)
    step = [(pseudo, expert)]
    report = next(train(small, _sgd(small), step, weighting, loss=squares, clip=1e9))
    losses = squares(twin(pseudo.images), pseudo.targets)
    experts = squares(twin(expert.images), expert.targets).mean()
    ((torch.tensor(report.weights) * losses).sum() + experts).backward()
    _sgd(twin).step()
    assert report.losses == pytest.approx(losses.tolist(), rel=1e-5)
    assert report.expert_loss == pytest.approx(experts.item(), rel=1e-5)
    for a, b in zip(small.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    learned = next(supervised(small, _sgd(small), [expert], loss=squares))
    assert learned.loss == pytest.approx(
        squares(twin(expert.images), expert.targets).mean().item(), rel=1e-3
    )


@pytest.mark.parametrize(
    "loss",
    [
        lambda logits, targets: per_sample_loss(logits, targets).mean(),
        lambda logits, targets: per_sample_loss(logits, targets)[:, None],
        lambda *_: 1.0,
    ],
)
def test_a_loss_must_give_one_number_per_sample(
    small: nn.Module, pseudo: Batch, expert: Batch, loss: Callable[[Tensor, Tensor], Tensor]
) -> None:
    before = _state(small)
    with pytest.raises(AlntError, match="one number per sample"):
        next(train(small, _sgd(small), [(pseudo, expert)], loss=loss))
    assert _same(before, _state(small))


def test_a_batch_has_one_of_each_for_every_patch(patches: Patches) -> None:
    images, targets = patches(2, 0)
    with pytest.raises(AlntError, match="2, 1 and 2"):
        Batch(images, targets[:1], ("a", "b"))
    with pytest.raises(AlntError, match="volumes"):
        Batch(images[:, 0], targets, ("a", "b"))


def test_pieces_of_a_batch_are_the_batch(pseudo: Batch) -> None:
    pieces = list(pseudo.pieces(3))
    assert [one.cases for one in pieces] == [("a", "b", "c"), ("d",)]
    assert torch.equal(torch.cat([one.images for one in pieces]), pseudo.images)
    assert [one.cases for one in pseudo.pieces(0)] == [pseudo.cases]
    assert list(pseudo.take([]).pieces(0)) == []
