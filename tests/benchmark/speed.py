"""What a weighted step and a ranking cost on this machine, beside what they could: ``python -m …engine.speed``.

A child of its own for every peak of memory; timings are interleaved, and the first round is left out.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call

from napari_alnt import core
from napari_alnt.core import Batch, Direction, Head, per_sample_loss
from napari_alnt.engine.distributed import Ranks
from napari_alnt.errors import AlntError
from napari_alnt.settings import Scope, Settings, Similarity

CLASSES = 3


@dataclass
class Bench:
    """A network with its optimiser, B pseudo-labelled and V expert patches of noise."""

    net: nn.Module
    head: Head
    optimizer: torch.optim.Optimizer
    pseudo: Batch
    expert: Batch

    @classmethod
    def of(cls, options: argparse.Namespace) -> Bench:
        """The one that the command line asks for; always the same numbers."""
        torch.manual_seed(0)
        net = core.build(options.network, CLASSES, seed=0).to(options.device).train()
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)
        pseudo, expert = (_noise(n, options.size, options.device) for n in (options.batch, options.expert_batch))
        return cls(net, core.head_layer(net, pseudo.images[:1]), optimizer, pseudo, expert)

    def losses(self, batch: Batch) -> Tensor:
        """ℓ_i ``(B,)`` with a graph."""
        return per_sample_loss(self.net(batch.images), batch.targets)

    def move(self, total: Direction) -> None:
        """The optimiser's step, the same for all."""
        for name, parameter in self.net.named_parameters():
            parameter.grad = total[name]
        nn.utils.clip_grad_norm_(self.net.parameters(), 12.0)
        self.optimizer.step()
        self.optimizer.zero_grad()


def _noise(count: int, size: int, device: str) -> Batch:
    images = torch.randn(count, 1, size, size, size)
    targets = torch.randint(0, CLASSES, (count, size, size, size))
    return Batch(images, targets, tuple(map(str, range(count)))).to(torch.device(device))


# ways to take a step: the same weights (RGSM, μ = 0) and gradient by different passes ---------------------------------


def ordinary(bench: Bench) -> Direction:
    """The mean loss over all B + V patches, as any network is trained."""
    images = torch.cat([bench.pseudo.images, bench.expert.images])
    targets = torch.cat([bench.pseudo.targets, bench.expert.targets])
    return core.gradient(bench.net, per_sample_loss(bench.net(images), targets).mean())


def in_two(bench: Bench) -> Direction:
    """The same in two passes, the experts' first, as weighing needs it."""
    first, second = (core.gradient(bench.net, bench.losses(batch).mean()) for batch in (bench.expert, bench.pseudo))
    return {name: (value + second[name]) / 2 for name, value in first.items()}


def alnt(bench: Bench, scope: Scope = "all", similarity: Similarity = "dot") -> Direction:
    """The step that napari-alnt takes."""
    g = core.gradient(bench.net, bench.losses(bench.expert).mean())
    head = bench.head if scope == "head" else None
    samples = core.sample_gradients(bench.net, bench.pseudo.images, bench.pseudo.targets, head=head)
    return samples.combine(core.weigh(samples, bench.head, g, "RGSM", similarity=similarity, scope=scope).weights)


def forward_mode(bench: Bench) -> Direction:
    """Trust by one pass in forward mode, informativeness by one that ends at the head, then the weighted pass."""
    g = core.gradient(bench.net, bench.losses(bench.expert).mean())
    u = core.trust(bench.net, g, bench.pseudo.images, bench.pseudo.targets).u
    return _weighted(bench, u, _head_rows(bench))


def double_backward(bench: Bench) -> Direction:
    """Trust as ∂/∂ε_i ⟨∇ Σ ε_j ℓ_j, g⟩, backward through a backward pass; the rest as in forward mode."""
    g = core.gradient(bench.net, bench.losses(bench.expert).mean())
    eps = torch.zeros(len(bench.pseudo.cases), device=bench.pseudo.images.device, requires_grad=True)
    values = tuple(bench.net.parameters())
    slopes = torch.autograd.grad((eps * bench.losses(bench.pseudo)).sum(), values, create_graph=True)
    product = torch.stack([torch.vdot(a.flatten(), b.flatten()) for a, b in zip(slopes, g.values(), strict=True)]).sum()
    (u,) = torch.autograd.grad(product, eps)
    return _weighted(bench, u, _head_rows(bench))


def published(bench: Bench) -> Direction:
    """The published order of passes, written from the equations.

    A look-ahead network one step on Σ ε_i ℓ_i away; the experts' loss under it, and its slope by ε; every sample on its
    own, back through the whole network, for the head's gradient; then the weighted pass.
    """
    eps = torch.zeros(len(bench.pseudo.cases), device=bench.pseudo.images.device, requires_grad=True)
    names, values = zip(*bench.net.named_parameters(), strict=True)
    slopes = torch.autograd.grad((eps * bench.losses(bench.pseudo)).sum(), values, create_graph=True)
    ahead = {name: value - slope for name, value, slope in zip(names, values, slopes, strict=True)}
    logits = functional_call(bench.net, ahead, (bench.expert.images,))
    (slope,) = torch.autograd.grad(per_sample_loss(logits, bench.expert.targets).mean(), eps)
    each = (bench.pseudo.take([index]) for index in range(len(bench.pseudo.cases)))
    return _weighted(
        bench, -slope, torch.stack([core.gradient(bench.net, bench.losses(one).sum())[bench.head.name] for one in each])
    )


def _head_rows(bench: Bench) -> Tensor:
    images, targets = bench.pseudo.images, bench.pseudo.targets
    return core.Recorded.of(bench.net, images, targets, only=bench.head).rows(bench.head.name)


def _weighted(bench: Bench, u: Tensor, rows: Tensor) -> Direction:
    weights = core.sample_weights(u, core.informativeness(rows), "RGSM")
    return core.gradient(bench.net, (weights * bench.losses(bench.pseudo)).sum())


STEPS: dict[str, Callable[[Bench], Direction]] = {
    "ordinary": ordinary,
    "ordinary, in two": in_two,
    "ALNT, head": lambda bench: alnt(bench, "head"),
    "ALNT": alnt,
    "ALNT, cosine": lambda bench: alnt(bench, similarity="cosine"),
    "forward mode": forward_mode,
    "double backward": double_backward,
    "published order": published,
}
"""Ways to take a step, by name; the first is the measure of the others."""
SAME = ("ALNT", "forward mode", "double backward", "published order")
"""Those that must give the same gradient."""


def step(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """A row for each way: seconds, their ratio to an ordinary step's, peak memory, and how far its gradient is off."""
    bench = Bench.of(options)
    exact = alnt(bench)
    off = {name: _distance(STEPS[name](bench), exact) / float(core.norm(exact)) for name in SAME}
    jobs = {name: partial(_move, bench, way) for name, way in STEPS.items()}
    seconds = _timed(jobs, options)
    peaks = {name: _peak_of(name, options) for name in STEPS}
    for name in STEPS:
        yield {
            "way": name,
            "seconds": seconds[name],
            "ratio": seconds[name] / seconds["ordinary"],
            "MiB": peaks[name],
            "memory": peaks[name] / peaks["ordinary"],
            "gradient off (ppm)": 1e6 * off.get(name, math.nan),
        }


def _move(bench: Bench, way: Callable[[Bench], Direction]) -> None:
    bench.move(way(bench))


def _distance(a: Direction, b: Direction) -> float:
    return float(core.norm({name: value - b[name] for name, value in a.items()}))


# ranking a case -------------------------------------------------------------------------------------------------------


def rank(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """A row for each way to look at a case of ``volume``³ voxels, in windows of ``size``³."""
    bench, patch = Bench.of(options), (options.size,) * 3
    image = torch.randn(1, 1, *(options.volume,) * 3, device=options.device)
    mask = torch.zeros(1, *image.shape[2:], dtype=torch.long, device=options.device)
    third = options.volume // 3
    mask[:, third : 2 * third, third : 2 * third, third : 2 * third] = 1
    with torch.no_grad():
        bench.head.layer.get_parameter("bias")[0] += 8  # a student that draws little, as one that has learned
    g = core.expert_direction(bench.net, [(bench.expert.images, bench.expert.targets)])
    patches = _noise(Settings().score_patches, options.size, options.device)

    def scored(scope: Scope) -> None:
        core.score_case(bench.net, bench.head, g, patches.images, patches.targets, scope=scope)
        core.agreement(core.predict(bench.net, image, patch), mask[0].cpu())

    jobs: dict[str, Callable[[], object]] = {
        "plain inference": lambda: core.predict(bench.net, image, patch),
        "ranking, head": lambda: scored("head"),
        "ranking, all": lambda: scored("all"),
        "voxel map": lambda: core.voxel_trust(bench.net, g, image, mask, patch),
    }
    seconds = _timed(jobs, options)
    for name in jobs:
        yield {"way": name, "seconds": seconds[name], "ratio": seconds[name] / seconds["plain inference"]}


# several processes ----------------------------------------------------------------------------------------------------


def ranks(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """A row for one process and one for two, a thread each: patches a second, and how many times those of one."""
    speeds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for size, of_size in speeds.items():
            of_size.append(float(_child("ranks", options, "--worker", launcher=_torchrun(size))))
    one = statistics.median(speeds[1])
    for size, of_size in speeds.items():
        fastest = statistics.median(of_size)
        yield {"way": f"{size} of one thread", "patches a second": fastest, "ratio": fastest / one}


def _torchrun(size: int) -> list[str]:
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(size), "--no-python", "--"]
    return [sys.executable, *words]


def _patches_a_second(options: argparse.Namespace) -> str:
    """What all processes together get through; rank 0 says it."""
    torch.set_num_threads(1)
    together = Ranks.join()
    bench = Bench.of(options)
    names = tuple(map(str, range(together.size * options.batch)))

    def move() -> None:
        core.train_step(
            bench.net, bench.head, bench.optimizer, bench.pseudo, bench.expert, together=together, cases=names
        )

    seconds = _timed({"step": move}, options)["step"]
    together.leave()
    return str(together.size * (options.batch + options.expert_batch) / seconds) if together.rank == 0 else ""


# measuring ------------------------------------------------------------------------------------------------------------


def _timed(jobs: Mapping[str, Callable[[], object]], options: argparse.Namespace) -> dict[str, float]:
    """Median seconds of each job; they take turns, so that a busy moment of the machine meets all."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(options.repeats + 1):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if options.device == "cuda":
                torch.cuda.synchronize()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(of_job[1:]) for name, of_job in times.items()}


def _peak_of(way: str, options: argparse.Namespace) -> float:
    """Peak memory (MiB) of two steps, in a process that takes no other."""
    return float(_child("step", options, f"--peak={way}"))


def _child(what: str, options: argparse.Namespace, *more: str, launcher: Sequence[str] = ()) -> str:
    """What another process of this file prints, with the same options."""
    own = ("what", "peak", "worker")
    words = [f"--{name.replace('_', '-')}={value}" for name, value in vars(options).items() if name not in own]
    command = [*launcher, sys.executable, "-m", "benchmark.speed", what, *words, *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def peak(options: argparse.Namespace) -> float:
    """What two steps need (MiB) beyond network, optimiser and patches; nan where the system does not tell."""
    bench, way = Bench.of(options), STEPS[options.peak]
    bench.move({name: torch.zeros_like(value) for name, value in bench.net.named_parameters()})
    if options.device == "cuda":
        before = float(torch.cuda.memory_allocated())
        torch.cuda.reset_peak_memory_stats()
    else:
        before = _resident("VmRSS")
    for _ in range(2):
        bench.move(way(bench))
    after = torch.cuda.max_memory_allocated() if options.device == "cuda" else _resident("VmHWM")
    return (after - before) / 2**20


def _resident(what: str) -> float:
    """Bytes in memory now (VmRSS), or at most so far (VmHWM); nan where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return math.nan
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return float(lines[what].split()[0]) * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a row as a JSON line each."""
    options = _parse(arguments)
    try:
        core.check_patch(options.network, (options.size,) * 3)
    except AlntError as error:
        sys.exit(str(error))
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.peak or options.worker:
        print(peak(options) if options.peak else _patches_a_second(options), end="")
        return 0
    for row in {"step": step, "rank": rank, "ranks": ranks}[options.what](options):
        print(json.dumps(row), flush=True)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmark.speed", description=__doc__)
    parser.add_argument("what", choices=["step", "rank", "ranks"])
    parser.add_argument("--network", default="unet")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--peak", default="")
    parser.add_argument("--worker", action="store_true")
    for name, default in {"size": 48, "batch": 4, "expert-batch": 4, "repeats": 9, "volume": 192, "threads": 0}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
