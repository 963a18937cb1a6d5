from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from core.helpers import expert_gradient, flat, own_gradients, paper
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from napari_alnt.core import Head, head_layer, per_sample_loss, sample_gradients, weigh
from napari_alnt.core.weights import SampleWeights, informativeness, sample_weights
from napari_alnt.errors import AlntError
from napari_alnt.settings import HINTS, choices

METHODS = [
    name for name in choices(HINTS["method"]) if name not in ("RANDOM", "SMALL_LOSS", "EXPERTS")
]


Patches = Callable[..., tuple[Tensor, Tensor]]
Batch = Callable[[nn.Module, int, int], tuple[Tensor, Tensor]]


def test_informativeness_is_each_samples_own_head_gradient(net: nn.Module, batch: Batch) -> None:
    images, targets = batch(net, 3, 0)
    head = head_layer(net, images[:1])
    m = informativeness(sample_gradients(net, images, targets).grad_sample(head.name))
    own = torch.stack([o[head.name].abs().mean() for o in own_gradients(net, images, targets)])
    torch.testing.assert_close(m, own, rtol=1e-9, atol=0)
    turned = sample_gradients(net, images.flip(0), targets.flip(0)).grad_sample(head.name)
    torch.testing.assert_close(informativeness(turned), m.flip(0))


class _Flat(nn.Module):
    """A linear layer over the channels as the head, and an activation that overwrites its
    output.
    """

    def __init__(self, head: nn.Module, channels_last: bool) -> None:
        super().__init__()
        self.first = nn.Conv3d(1, 4, 3, padding=1)
        self.head = head
        self.channels_last = channels_last

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).relu_()
        x = self.head(x.movedim(1, -1)).movedim(-1, 1) if self.channels_last else self.head(x)
        return nn.functional.leaky_relu_(x * 1.0 if self.channels_last else x, 0.1)


@pytest.mark.parametrize(
    ("head", "channels_last"),
    [
        (nn.Linear(4, 3), True),
        (nn.ConvTranspose3d(4, 3, 3, padding=1), False),
        (nn.Conv3d(4, 3, 3, padding="same", dilation=2, padding_mode="circular"), False),
    ],
)
def test_informativeness_holds_for_any_kind_of_head(
    head: nn.Module, channels_last: bool, batch: Batch
) -> None:
    net = _Flat(head, channels_last).double()
    images, targets = batch(net, 3, 0)
    found = head_layer(net, images[:1])
    assert found.layer is net.head
    own = torch.stack([o["head.weight"].abs().mean() for o in own_gradients(net, images, targets)])
    rows = sample_gradients(net, images, targets).grad_sample(found.name)
    torch.testing.assert_close(informativeness(rows), own, rtol=1e-9, atol=0)


def test_cosine_is_the_cosine(small: nn.Module, batch: Batch) -> None:
    images, targets = batch(small, 3, 0)
    g = expert_gradient(small, *batch(small, 2, 1))
    seen = weigh(
        sample_gradients(small, images, targets),
        head_layer(small, images[:1]),
        g,
        paper(method="RGS", trust_measure="cosine"),
    )
    own = torch.stack([flat(o) for o in own_gradients(small, images, targets)])
    expected = torch.nn.functional.cosine_similarity(own, flat(g)[None])
    torch.testing.assert_close(seen.cosine, expected, rtol=1e-4, atol=1e-6)
    assert torch.equal(seen.trust, seen.cosine)  # it is what weighs
    torch.testing.assert_close(seen.dot, own @ flat(g), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(
        seen.weights, expected.clamp(min=0) / expected.clamp(min=0).sum(), rtol=1e-4, atol=1e-6
    )


def test_an_unweighable_sample_is_dropped_and_poisons_no_other(
    small: nn.Module, batch: Batch
) -> None:
    images, targets = batch(small, 4, 0)
    g = expert_gradient(small, *batch(small, 2, 1))
    head = head_layer(small, images[:1])
    kept = [0, 1, 3]
    clean = weigh(sample_gradients(small, images[kept], targets[kept]), head, g, paper())
    images[2, 0, 5, 5, 5] = torch.nan
    samples = sample_gradients(small, images, targets)
    for trust_measure in ("dot", "cosine"):
        seen = weigh(samples, head, g, paper(trust_measure=trust_measure))
        assert seen.dropped == (2,)
        assert seen.trust[2].isnan()
        assert seen.weights[2] == 0
        assert seen.weights.isfinite().all()
    torch.testing.assert_close(
        weigh(samples, head, g, paper()).weights[kept], clean.weights, rtol=1e-4, atol=0
    )


def _equation(u: list[float], m: list[float], share: float) -> list[float]:
    t_sum, m_sum = sum(max(x, 0) for x in u), sum(m)
    trusts = [max(x, 0) / t_sum if t_sum else 0 for x in u]
    infos = [x / m_sum if m_sum else 0 for x in m]
    return [share * t + (1 - share) * i for t, i in zip(trusts, infos, strict=True)]


@pytest.mark.parametrize(("method", "share"), [("RGS", 1), ("RGM", 0), ("RGSM", 0.3)])
def test_weights_follow_the_equation(method: str, share: float) -> None:
    u, m = [0.5, -2.0, 1.5, 0.0], [0.1, 0.4, 0.0, 0.2]
    weights = sample_weights(torch.tensor(u), torch.tensor(m), method, 0.3)
    torch.testing.assert_close(weights, torch.tensor(_equation(u, m, share)))


def test_active_learning_drops_what_lies_below_one_over_b() -> None:
    weights = sample_weights(
        torch.tensor([3.0, 1.0, -1.0]), torch.tensor([0.5, 0.4, 0.1]), "RGSM_AL", 0.5
    )
    torch.testing.assert_close(
        weights, torch.tensor([0.625, 0.0, 0.0])
    )  # the middle one, 0.325, is below 1/3


@pytest.mark.parametrize("method", METHODS)
def test_equal_samples_all_stay(method: str) -> None:
    for count in range(1, 65):
        weights = sample_weights(
            torch.full((count,), 0.123), torch.full((count,), 0.0457), method, 0.3
        )
        torch.testing.assert_close(weights, torch.full((count,), 1 / count))


@pytest.mark.parametrize(
    ("method", "total"), [("UNIFORM", 1), ("RGS", 0), ("RGM", 1), ("RGSM", 0.5)]
)
def test_no_trust_at_all_leaves_only_informativeness(method: str, total: float) -> None:
    weights = sample_weights(
        torch.tensor([-1.0, -2.0, 0.0]), torch.tensor([1.0, 2.0, 3.0]), method, 0.5
    )
    assert float(weights.sum()) == pytest.approx(total)
    assert sample_weights(torch.zeros(3), torch.zeros(3), "RGSM_AL").eq(0).all()


_any = st.one_of(
    st.floats(-(2.0**126), 2.0**126, width=32),
    st.floats(-1, 1, width=32),
    st.sampled_from([0.0, 1.0, -1.0, 0.5, float("nan"), float("inf"), 2.0**-149]),
)


@settings(max_examples=1000, deadline=None)
@given(
    st.data(),
    st.lists(st.tuples(_any, _any), min_size=1, max_size=12),
    st.sampled_from(METHODS),
    st.floats(0, 1),
)
def test_weights_move_with_their_samples(
    data: st.DataObject, pairs: list[tuple[float, float]], method: str, share: float
) -> None:
    order = data.draw(st.permutations(range(len(pairs))))
    u, m = torch.tensor(pairs).unbind(1)
    m = m.abs()
    weights = sample_weights(u, m, method, share)
    assert torch.equal(sample_weights(u[order], m[order], method, share), weights[order])
    finite = u.isfinite() & m.isfinite()
    assert weights.shape == u.shape
    assert ((weights >= 0) & (weights <= 1)).all()
    assert weights[~finite].eq(0).all()
    assert torch.equal(sample_weights(u[finite], m[finite], method, share), weights[finite])
    assert float(weights.double().sum()) <= 1 + 1e-6


def test_the_head_is_a_pair_of_name_and_layer(small: nn.Module) -> None:
    head = head_layer(small, torch.zeros(1, 1, 16, 16, 16))
    assert isinstance(head, Head)
    assert small.get_parameter(head.name) is head.layer.weight


def test_controls_look_at_no_gradient() -> None:
    u, m = torch.tensor([9.0, -1.0, 0.0, 3.0]), torch.ones(4)
    losses = torch.tensor([0.3, 0.1, 0.9, 0.2])
    assert sample_weights(u, m, "EXPERTS").eq(0).all()
    assert sample_weights(u, m, "SMALL_LOSS", losses=losses).tolist() == [0, 0.5, 0, 0.5]
    torch.manual_seed(0)
    drawn = torch.stack([sample_weights(u, m, "RANDOM") for _ in range(400)])
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert drawn.mean(0).tolist() == pytest.approx([drawn.mean().item()] * 4, rel=0.2)
    assert set(drawn.sum(1).round(decimals=5).tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("method", ["RANDOM", "SMALL_LOSS", "EXPERTS"])
def test_controls_leave_out_what_is_not_finite(method: str) -> None:
    u, m = torch.tensor([1.0, math.nan, 2.0]), torch.tensor([1.0, 1.0, math.inf])
    weights = sample_weights(u, m, method, losses=torch.tensor([0.1, math.nan, 0.2]))
    assert weights[1:].eq(0).all()


def test_trust_of_the_head_is_that_of_its_weight_alone(net: nn.Module, batch: Batch) -> None:
    images, targets = batch(net, 3, 0)
    g = expert_gradient(net, *batch(net, 2, 1))
    head = head_layer(net, images[:1])
    samples = sample_gradients(net, images, targets)
    seen = weigh(samples, head, g, paper(method="RGS", scope="head", trust_measure="cosine"))
    own = [
        expert_gradient(net, images[i : i + 1], targets[i : i + 1])[head.name].flatten()
        for i in range(3)
    ]
    direction = g[head.name].flatten()
    torch.testing.assert_close(
        seen.dot, torch.stack([one @ direction for one in own]), rtol=1e-9, atol=0
    )
    by_dot = weigh(samples, head, g, paper(method="RGS", scope="head"))
    assert torch.equal(by_dot.trust, by_dot.dot)
    assert torch.equal(by_dot.dot, seen.dot)
    assert torch.equal(seen.trust, seen.cosine)
    expected = [torch.nn.functional.cosine_similarity(one, direction, dim=0) for one in own]
    torch.testing.assert_close(seen.cosine, torch.stack(expected), rtol=1e-9, atol=0)
    torch.testing.assert_close(
        seen.losses, per_sample_loss(net(images), targets).detach(), rtol=1e-12, atol=0
    )


def test_the_loss_rank_takes_the_place_of_the_gradient(small: nn.Module, batch: Batch) -> None:
    images, targets = batch(small, 3, 0)
    g = expert_gradient(small, *batch(small, 2, 1))
    head = head_layer(small, images[:1])
    samples = sample_gradients(small, images, targets)
    rank = torch.tensor([0.5, 0.0, 1.0])
    seen = weigh(samples, head, g, paper(method="RGS", trust_measure="loss_rank"), rank)
    torch.testing.assert_close(seen.trust, rank)
    torch.testing.assert_close(seen.weights, rank / rank.sum())
    torch.testing.assert_close(seen.dot, weigh(samples, head, g, paper()).dot)
    assert seen.cosine.isnan().all()
    with pytest.raises(AlntError, match="loss_rank"):
        weigh(samples, head, g, paper(trust_measure="loss_rank"))


def test_small_losses_cannot_be_told_without_losses() -> None:
    with pytest.raises(AlntError, match="losses"):
        sample_weights(torch.ones(2), torch.ones(2), "SMALL_LOSS")


def test_nothing_is_said_of_no_sample() -> None:
    assert SampleWeights.empty().tuples() == dict.fromkeys(
        ("weights", "trust", "dot", "cosine", "informativeness", "losses"), ()
    )
