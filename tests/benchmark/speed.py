"""What a weighted step, a ranking, waiting for data and several processes cost on this machine.

Timings are interleaved and their first round is left out. Every peak of memory and every worker has
a process of its own; all else is measured in this one.
"""

from __future__ import annotations

import dataclasses
import math
import os
import platform
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import torch

from benchmark.results import Row, append, rounded
from benchmark.steps import SAME, STEPS, Options, Setup, alnt, noise
from napari_alnt import core
from napari_alnt.core import Direction
from napari_alnt.core.directions import norm
from napari_alnt.engine.distributed import TorchProcessGroup
from napari_alnt.errors import AlntError
from napari_alnt.events import Failed, StepDone
from napari_alnt.session import Session
from napari_alnt.settings import Scope, Settings, Weighting

PAPER = Weighting("RGSM_AL", trust_share=0.5, trust_measure="dot", scope="all", mu=0.0)

# what is measured ---------------------------------------------------------------------------------


def step(options: Options) -> Iterator[Row]:
    """A row for each way to take a step.

    Seconds and their ratio to an ordinary step's, peak memory, and how far the gradient is off.
    """
    setup = Setup.of(options)
    exact = alnt(setup)
    # before anything is timed, as the timed steps move the network
    off = {name: _distance(STEPS[name](setup), exact) / float(norm(exact)) for name in SAME}
    seconds = _timed({name: partial(_move, setup, way) for name, way in STEPS.items()}, options)
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


def _move(setup: Setup, way: Callable[[Setup], Direction]) -> None:
    setup.move(way(setup))


def _distance(a: Direction, b: Direction) -> float:
    return float(norm({name: value - b[name] for name, value in a.items()}))


def ranking(options: Options) -> Iterator[Row]:
    """A row for each way to look at a case of ``volume``³ voxels, in windows of ``size``³."""
    setup = Setup.of(options)
    patch = (options.size,) * 3
    image = torch.randn(1, 1, *(options.volume,) * 3, device=options.device)
    mask = torch.zeros(1, *image.shape[2:], dtype=torch.long, device=options.device)
    third = slice(options.volume // 3, 2 * (options.volume // 3))
    mask[:, third, third, third] = 1
    with torch.no_grad():
        # a student that marks little, as one that has learned
        setup.head.layer.get_parameter("bias")[0] += 8
    g = core.expert_direction(setup.net, [(setup.expert.images, setup.expert.targets)])
    patches = noise(Settings().score_patches, options)

    def scored(scope: Scope) -> None:
        core.score_case(setup.net, setup.head, g, patches.images, patches.targets, scope=scope)
        core.agreement(core.predict(setup.net, image, patch), mask[0].cpu())

    jobs: dict[str, Callable[[], object]] = {
        "plain inference": lambda: core.predict(setup.net, image, patch),
        "ranking, head": lambda: scored("head"),
        "ranking, all": lambda: scored("all"),
        "voxel map": lambda: core.voxel_trust(setup.net, g, image, mask, patch),
    }
    seconds = _timed(jobs, options)
    for name in jobs:
        ratio = seconds[name] / seconds["plain inference"]
        yield {"way": name, "seconds": seconds[name], "ratio": ratio}


def workers(options: Options) -> Iterator[Row]:
    """A row for one process and one for two, a thread each.

    Patches a second, and how many times those of one.
    """
    speeds: dict[int, list[float]] = {1: [], 2: []}
    # in turns, so that a busy moment of the machine meets both
    for _ in range(3):
        for size, of_size in speeds.items():
            of_size.append(_patches_a_second(size, options))
    one = statistics.median(speeds[1])
    for size, of_size in speeds.items():
        fastest = statistics.median(of_size)
        yield {"way": f"{size} of one thread", "patches a second": fastest, "ratio": fastest / one}


def data(project: Path, steps: int) -> Row:
    """Train a project on for so many steps.

    The row says how long they waited for their patches, and whether memory grew.

    Raises
    ------
    AlntError
        If the training fails, or the steps are too few.
    """
    # the first step finds nothing prepared, and is left out
    if steps < 2:
        raise AlntError(f"{steps} steps leave nothing to measure; take at least two (--steps).")
    seconds: list[float] = []
    waited: list[float] = []
    memory: list[float] = []
    with Session.open(project) as session:
        few = dataclasses.replace(
            session.project.settings,
            epochs=1,
            steps_per_epoch=steps,
            test_every=10**5,
            rank_every=0,
        )
        for event in session.train(few, fresh=True):
            if isinstance(event, Failed):
                raise AlntError(event.message)
            if isinstance(event, StepDone) and event.step > 1:
                assert session.engine is not None
                seconds.append(event.seconds)
                waited.append(event.waited)
                memory.append(resident(session.engine.pid))
    half = len(memory) // 2
    return {
        "project": project.resolve().name,
        "steps": len(seconds),
        "seconds": statistics.median(seconds),
        "waited": math.fsum(waited) / math.fsum(seconds),
        "MiB, first half": max(memory[: half or 1]),
        "MiB, second half": max(memory[half:]),
    }


def _timed(jobs: Mapping[str, Callable[[], object]], options: Options) -> dict[str, float]:
    """Median seconds of each job.

    The jobs take turns, so that a busy moment of the machine meets all.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(options.repeats + 1):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if options.device == "cuda":
                torch.cuda.synchronize()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(of_job[1:]) for name, of_job in times.items()}


# in processes of their own ------------------------------------------------------------------------


def peak(way: str, options: Options) -> float:
    """MiB that two steps need at most beyond network, optimiser and patches.

    True only in a process that has taken no other step; nan where the system does not tell.
    """
    setup = Setup.of(options)
    # makes the optimiser's own memory before the count begins
    setup.move({name: torch.zeros_like(value) for name, value in setup.net.named_parameters()})
    on_cuda = options.device == "cuda"
    before = torch.cuda.memory_allocated() / 2**20 if on_cuda else resident()
    if on_cuda:
        torch.cuda.reset_peak_memory_stats()
    # two: the second holds what the first has left behind
    for _ in range(2):
        _move(setup, STEPS[way])
    after = torch.cuda.max_memory_allocated() / 2**20 if on_cuda else resident(what="VmHWM")
    return after - before


def _peak_of(way: str, options: Options) -> float:
    """The peak of a way to take a step, in a fresh process."""
    # spawned and not forked: a fork would begin with this process's memory and its peak
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(peak, way, options).result()
        except BrokenProcessPool as error:
            raise AlntError(
                f"Measuring '{way}' ended early, as when memory runs out; take smaller patches"
                " (--size) or fewer (--batch, --expert-batch)."
            ) from error


def _patches_a_second(size: int, options: Options) -> float:
    """What ``size`` processes that train together get through."""
    # the system names a port that nobody uses
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ProcessPoolExecutor(size, mp_context=get_context("spawn")) as pool:
        work = [pool.submit(_worker, rank, size, port, options) for rank in range(size)]
        return min(one.result() for one in work)


def _worker(rank: int, size: int, port: int, options: Options) -> float:
    """Patches a second of all processes together, as this one of them sees it."""
    told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in told.items()})
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    group = TorchProcessGroup.join()
    setup = Setup.of(dataclasses.replace(options, threads=1))
    names = tuple(map(str, range(group.size * options.batch)))

    def move() -> None:
        core.train_step(
            setup.net,
            setup.head,
            setup.optimizer,
            setup.pseudo,
            setup.expert,
            PAPER,
            group=group,
            cases=names,
        )

    seconds = _timed({"step": move}, options)["step"]
    group.leave()
    return group.size * (options.batch + options.expert_batch) / seconds


def resident(pid: int | None = None, what: Literal["VmRSS", "VmHWM"] = "VmRSS") -> float:
    """MiB of a process, by default this one: now (VmRSS) or at most (VmHWM).

    The value is nan where the system does not tell.
    """
    status = Path(f"/proc/{pid or 'self'}/status")
    if not status.exists():
        return math.nan
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return float(lines[what].split()[0]) / 1024


# keeping ------------------------------------------------------------------------------------------


def keep(path: Path, key: Row, rows: list[Row]) -> None:
    """Append rows to a file of JSON lines, each with its key, the machine and the day."""
    here = {"machine": machine(), "day": time.strftime("%Y-%m-%d")}
    append(path, [rounded(key | row | here, digits=6) for row in rows])


def machine() -> str:
    """Name the machine in a few words."""
    name = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    return f"{name}, PyTorch {torch.__version__}"
