"""Which weights the configured back ends read from the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.options import Config
from perception.weights.catalogue import CATALOGUE, SERVING


@dataclass(frozen=True)
class Need:
    """One back end: its step, its name, and the weights of which any will do, best first; checkpoint: the
    user's own file or folder, which makes the store unnecessary.
    """

    step: str
    back_end: str
    names: tuple[str, ...]
    checkpoint: str | None


LEARNED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("detector", "owlvit"): ("owlvit",),
    ("segmenter", "sam"): ("sam",),
    ("segmenter", "sam_transformers"): ("sam_transformers",),
    ("vlm", "local"): ("vlm",),
    ("grasps", "contact_graspnet"): ("contact_graspnet",),
    ("human", "vitpose"): ("person", "vitpose"),
    ("human", "alphapose"): ("person", "alphapose"),
}
"""(Step, back end) -> the models whose weights it loads, as sections of `perception.models` are called."""


def needed(config: Config) -> Iterator[Need]:
    """The weights that the configured back ends load on this machine, in the order of the steps."""
    if config.perception.remote.url is not None:
        return
    for (step, back_end), models_of_step in LEARNED.items():
        if getattr(config.back_ends, step) != back_end:
            continue
        for model in models_of_step:
            checkpoint = _checkpoint(config, model)
            if checkpoint is not None and checkpoint in CATALOGUE:
                yield Need(step, back_end, (checkpoint,), None)
            else:
                yield Need(step, back_end, SERVING.get(model, (model,)), checkpoint)


def _checkpoint(config: Config, model: str) -> str | None:
    """What the configuration says of a model's weights: a path, a name of the catalogue, or nothing."""
    if model == "contact_graspnet":
        return config.planning.contact_graspnet.checkpoint
    models = config.perception.models
    if model == "sam" and models.sam.load.checkpoint is None and models.sam.type != "auto":
        return f"sam_{models.sam.type}"
    checkpoint: str | None = getattr(models, model).load.checkpoint
    return checkpoint
