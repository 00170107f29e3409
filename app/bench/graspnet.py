"""Contact-GraspNet against a plain port of the published loops: stage times, memory, and whether both agree.

Each side runs in a process of its own, one after the other, so that its peak of memory is its own.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.bench.models import MEGABYTE
from hardware.clock import SystemClock
from planning.contact_graspnet.options import ContactGraspNetOptions

BOX_M = (0.3, 0.3, 0.15)
STAGES = ("farthest points", "balls of neighbours", "layers")


@dataclass(frozen=True)
class Side:
    """One way of doing a pass.

    stages_s: seconds of each of `STAGES`; processor_s: of the whole pass, over all cores; memory_mb: the most
    held at any time, and held_mb: what of that was there before (Python, torch, weights); indices: of all
    levels in a row; poses and scores of all points.
    """

    device: str
    stages_s: tuple[float, ...]
    processor_s: float
    memory_mb: float
    held_mb: float
    gpu_mb: float | None
    indices: NDArray[np.int64]
    poses: NDArray[Any]
    scores: NDArray[Any]

    @property
    def total_s(self) -> float:
        return sum(self.stages_s)


@dataclass(frozen=True)
class Comparison:
    """Ours and the published way on the same cloud with the same weights."""

    ours: Side
    published: Side

    @property
    def same_indices(self) -> bool:
        return bool(np.array_equal(self.ours.indices, self.published.indices))

    @property
    def difference(self) -> float:
        """The largest, of any number in poses (m) and scores."""
        pairs = ((self.ours.poses, self.published.poses), (self.ours.scores, self.published.scores))
        return max(float(np.abs(a - b).max()) for a, b in pairs)


def compare(options: ContactGraspNetOptions, seed: int, points: int, repeats: int) -> Comparison:
    """Both sides, each in a fresh process."""
    sides = []
    for measure in (measure_ours, measure_published):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            sides.append(pool.submit(measure, options, seed, points, repeats).result())
    return Comparison(*sides)


def measure_ours(options: ContactGraspNetOptions, seed: int, points: int, repeats: int) -> Side:
    """Our pass, where and as precisely as the options say; the median of each stage, after one to warm up."""
    import torch

    from planning.contact_graspnet import sampling
    from planning.contact_graspnet.workers import Workers

    gpu = torch.cuda.is_available() and options.device != "cpu"
    network, cloud = _network(options, seed), _cloud(seed, points)
    if gpu:
        network, cloud = network.cuda(), cloud.cuda()
    first = torch.zeros(1, dtype=torch.int64, device=cloud.device)

    def balls(points: Any, centres: Any, radius_m: float, count: int) -> Any:
        with Workers(cloud.device) as workers:
            return sampling.ball_neighbours(points, centres, radius_m, count, workers)

    way = _Way(
        lambda points, count: sampling.farthest_points(points, count, first),
        balls,
        network.predict,
        torch.cuda.synchronize if gpu else lambda: None,
    )
    held_mb = _peak_memory_mb()
    passes = [_one_pass(way, cloud) for _ in range(repeats + 1)]
    medians = np.median([stages for stages, _ in passes[1:]], axis=0)
    processor_s = statistics.median(processor_s for (*_, processor_s), _ in passes[1:])
    return _side(medians[:-1], processor_s, held_mb, passes[-1][1])


def measure_published(options: ContactGraspNetOptions, seed: int, points: int, repeats: int) -> Side:
    """One pass of the port, on the CPU."""
    from app.bench import graspnet_reference as port

    network, cloud = _network(options, seed), _cloud(seed, points)
    way = _Way(
        lambda points, count: port.farthest_points(points, count, 0),
        port.ball_neighbours,
        partial(port.predict, network),
    )
    held_mb = _peak_memory_mb()
    (*stages_s, processor_s), found = _one_pass(way, cloud)
    return _side(stages_s, processor_s, held_mb, found)


@dataclass(frozen=True)
class _Way:
    """What does each stage; `wait` until the device is done with it."""

    farthest: Callable[[Any, int], Any]
    balls: Callable[[Any, Any, float, int], Any]
    layers: Callable[[Any, Any], Any]
    wait: Callable[[], None] = lambda: None


def _one_pass(way: _Way, cloud: Any) -> tuple[tuple[float, ...], tuple[Any, Any]]:
    """Seconds of each stage and of the processor in all; the levels and the prediction."""
    from planning.contact_graspnet.network import LEVELS
    from planning.contact_graspnet.sampling import Level, take

    clock, took, levels, points = SystemClock(), dict.fromkeys(STAGES, 0.0), [], cloud

    def timed(stage: str, step: Callable[..., Any], *inputs: Any) -> Any:
        start_s = clock.now()
        result = step(*inputs)
        way.wait()
        took[stage] += clock.now() - start_s
        return result

    before_s = _processor_s()
    for count, scales in LEVELS:
        indices = timed(STAGES[0], way.farthest, points, count)
        centres = take(points, indices)
        balls = tuple(
            timed(STAGES[1], way.balls, points, centres, scale.radius_m, scale.neighbours) for scale in scales
        )
        levels.append(Level(indices, centres, balls))
        points = centres
    prediction = timed(STAGES[2], way.layers, cloud, levels)
    return (*took.values(), _processor_s() - before_s), (levels, prediction)


def _side(stages_s: Any, processor_s: float, held_mb: float, found: tuple[Any, Any]) -> Side:
    import torch

    levels, prediction = found
    indices = [tensor.flatten().cpu().numpy() for level in levels for tensor in (level.indices, *level.balls)]
    gpu = prediction.poses.is_cuda
    return Side(
        device=torch.cuda.get_device_name() if gpu else f"CPU, {torch.get_num_threads()} threads",
        stages_s=tuple(float(seconds) for seconds in stages_s),
        processor_s=processor_s,
        held_mb=held_mb,
        memory_mb=_peak_memory_mb(),
        gpu_mb=torch.cuda.max_memory_allocated() / MEGABYTE if gpu else None,
        indices=np.concatenate(indices),
        poses=prediction.poses.cpu().numpy(),
        scores=prediction.scores.cpu().numpy(),
    )


def _network(options: ContactGraspNetOptions, seed: int) -> Any:
    """With the weights of the checkpoint that is named, or random ones."""
    import torch

    from planning.contact_graspnet.checkpoint import find_checkpoint, load_checkpoint
    from planning.contact_graspnet.network import ContactGraspNet

    torch.manual_seed(seed)
    network = ContactGraspNet(dtype=getattr(torch, options.precision), fuse=options.compile)
    if options.checkpoint is not None:
        load_checkpoint(network, find_checkpoint(options))
    return network


def _cloud(seed: int, points: int) -> Any:
    import torch

    cloud = np.random.default_rng(seed).uniform(-0.5, 0.5, (1, points, 3)) * BOX_M
    return torch.from_numpy((cloud - cloud.mean(axis=1)).astype(np.float32))


def _peak_memory_mb() -> float:
    """The most memory this process has held."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEGABYTE if sys.platform == "darwin" else peak * 1024 / MEGABYTE


def _processor_s() -> float:
    """Seconds that the processor's cores have worked for this process: other programs do not add to it."""
    times = os.times()
    return times.user + times.system


def print_comparison(comparison: Comparison) -> None:
    """Seconds and megabytes of both sides, then whether they agree."""
    from rich.console import Console
    from rich.table import Table

    ours, published = comparison.ours, comparison.published
    table = Table("one pass", f"ours ({ours.device})", f"published loops ({published.device})", "times less")
    rows = [
        *((f"{name}, s", a, b) for name, a, b in zip(STAGES, ours.stages_s, published.stages_s, strict=True)),
        ("total, s", ours.total_s, published.total_s),
        ("processor time, s", ours.processor_s, published.processor_s),
    ]
    for name, a, b in rows:
        table.add_row(name, f"{a:.2f}", f"{b:.2f}", f"{b / max(a, 1e-9):.1f}")
    a, b = ours.memory_mb - ours.held_mb, published.memory_mb - published.held_mb
    table.add_row("memory of the pass, MB", f"{a:.0f}", f"{b:.0f}", f"{b / max(a, 1.0):.1f}")
    table.add_row("memory of the process, MB", f"{ours.memory_mb:.0f}", f"{published.memory_mb:.0f}", "")
    if ours.gpu_mb is not None:
        table.add_row("memory of the GPU, MB", f"{ours.gpu_mb:.0f}", "", "")
    console = Console(highlight=False)
    console.print(table)
    same = int(np.count_nonzero(comparison.ours.indices == comparison.published.indices))
    console.print(
        f"{same} of {len(published.indices)} indices are the same; "
        f"poses and scores differ by {comparison.difference:.1e} at most"
    )
