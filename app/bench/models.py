"""How long the learned models take on this machine, and how much memory: with the weights configured, or with
random ones of the published sizes.

Each model is measured in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from app.bench.timing import Timing, measure
from hardware.clock import SystemClock
from hardware.errors import HandoverError, UnknownName
from perception.options import PerceptionOptions

PICTURE_PX = (480, 640)
BOX = (220.0, 140.0, 420.0, 340.0)
PEOPLE = ((100.0, 40.0, 260.0, 460.0), (330.0, 60.0, 500.0, 450.0))
MEGABYTE = 1e6


@dataclass(frozen=True)
class ModelTiming:
    """One model: where it ran, seconds to load it, its stages, the most memory of process and GPU; or the
    fault that kept it from being measured.
    """

    model: str
    name: str = ""
    placement: str = ""
    load_s: float = 0.0
    stages: tuple[Timing, ...] = ()
    peak_mb: float = 0.0
    gpu_peak_mb: float | None = None
    fault: str = ""


def time_models(
    options: PerceptionOptions, models: Sequence[str], repeats: int, random: bool
) -> Iterator[ModelTiming]:
    """One model after the other, each in a fresh process. Raises UnknownName for a model that is none."""
    for model in models:
        if model not in STAGES:
            raise UnknownName("model", model, STAGES)
    for model in models or STAGES:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            yield pool.submit(time_model, options, model, repeats, random).result()


def time_model(options: PerceptionOptions, model: str, repeats: int, random: bool) -> ModelTiming:
    """One model in this process."""
    with ExitStack() as stack:
        try:
            if random:
                folder = Path(stack.enter_context(TemporaryDirectory(prefix="handover-")))
                options = _random(options, model, folder)
            clock = SystemClock()
            start_s = clock.now()
            back_end, steps = STAGES[model](options)
            load_s = clock.now() - start_s
        except HandoverError as error:
            return ModelTiming(model, fault=str(error))
        stages = tuple(measure(name, step, repeats) for name, step in steps)
    return ModelTiming(
        model, back_end.name, str(back_end.placement), load_s, stages, _peak_mb(), _gpu_peak_mb()
    )


def _random(options: PerceptionOptions, model: str, folder: Path) -> PerceptionOptions:
    from perception.models.random_weights import with_random_weights

    return replace(options, models=with_random_weights(options.models, model, folder))


Steps = list[tuple[str, Callable[[], Any]]]


def _owlvit(options: PerceptionOptions) -> tuple[Any, Steps]:
    from app import model_factory

    detector: Any = model_factory.owlvit(options)
    queries = [phrasing.replace("{}", "hammer") for phrasing in options.models.owlvit.phrasings]
    pictures = _pictures()
    return detector, [(f"boxes, {len(queries)} phrasings", lambda: detector.boxes(next(pictures), queries))]


def _sam(options: PerceptionOptions) -> tuple[Any, Steps]:
    from app import model_factory

    return _segmenter(model_factory.sam(options))


def _sam_transformers(options: PerceptionOptions) -> tuple[Any, Steps]:
    from app import model_factory

    return _segmenter(model_factory.sam_transformers(options))


def _segmenter(segmenter: Any) -> tuple[Any, Steps]:
    pictures, same = _pictures(), next(_pictures())
    return segmenter, [
        ("masks, another picture", lambda: segmenter.masks(next(pictures), BOX)),
        ("masks, the same picture", lambda: segmenter.masks(same, BOX)),
    ]


def _person(options: PerceptionOptions) -> tuple[Any, Steps]:
    from app import model_factory

    finder: Any = model_factory.person_detector(options)
    pictures = _pictures()
    return finder, [("people", lambda: finder.find(next(pictures)))]


def _vitpose(options: PerceptionOptions) -> tuple[Any, Steps]:
    from app import model_factory

    return _pose(model_factory.vitpose(options))


def _alphapose(options: PerceptionOptions) -> tuple[Any, Steps]:
    from app import model_factory

    return _pose(model_factory.alphapose(options))


def _pose(pose: Any) -> tuple[Any, Steps]:
    pictures, boxes = _pictures(), np.array(PEOPLE)
    return pose, [
        ("joints of one person", lambda: pose.keypoints(next(pictures), boxes[:1])),
        ("joints of two people", lambda: pose.keypoints(next(pictures), boxes)),
    ]


STAGES: dict[str, Callable[[PerceptionOptions], tuple[Any, Steps]]] = {
    "owlvit": _owlvit,
    "sam": _sam,
    "sam_transformers": _sam_transformers,
    "person": _person,
    "vitpose": _vitpose,
    "alphapose": _alphapose,
}
"""By the section of `perception.models`: the back end and what is timed of it."""


def _pictures() -> Iterator[Any]:
    """Noise, never the same twice: no model may answer from memory."""
    rng = np.random.default_rng(0)
    while True:
        yield rng.integers(0, 256, (*PICTURE_PX, 3), dtype=np.uint8)


def _peak_mb() -> float:
    """The most memory this process has held."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEGABYTE if sys.platform == "darwin" else peak * 1024 / MEGABYTE


def _gpu_peak_mb() -> float | None:
    import torch

    return torch.cuda.max_memory_allocated() / MEGABYTE if torch.cuda.is_available() else None


def print_model_timing(timing: ModelTiming) -> None:
    """One model's stages in milliseconds, or what kept it from being measured."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if timing.fault:
        console.print(f"{timing.model}: {timing.fault}", soft_wrap=True)
        return
    gpu = "" if timing.gpu_peak_mb is None else f", {timing.gpu_peak_mb:.0f} MB of the GPU's"
    console.print(
        f"{timing.name} on {timing.placement}: loaded in {timing.load_s:.1f} s, "
        f"at most {timing.peak_mb:.0f} MB of memory{gpu}",
        soft_wrap=True,
    )
    table = Table("milliseconds", "median", "95 %", "max")
    for stage in timing.stages:
        figures = (stage.median_s, stage.p95_s, stage.max_s)
        table.add_row(stage.name, *(f"{1e3 * figure:.0f}" for figure in figures))
    console.print(table)
