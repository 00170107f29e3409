"""Checkpoints of the published sizes with random weights, in the genuine formats.

They load and compute like the real ones, so that times and memory can be measured without any download. What
they answer means nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perception.models.checkpoint import transformers_for
from perception.models.options import LoadOptions, ModelOptions

LABELS = {0: "person", **{number: f"class {number}" for number in range(1, 80)}}
"""COCO has 80 classes, a person being the first."""


@dataclass(frozen=True)
class RandomModel:
    """Stands in for one section of `perception.models`: its size in words, and what writes it to a path."""

    size: str
    save: Callable[[Path], None]


def tokenizer() -> Any:
    """A CLIP tokenizer of single bytes and no merges but one, built on the spot as CLIP's own is."""
    transformers = transformers_for("owlvit")
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = list(bytes_to_unicode().values())
    tokens = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        "er</w>",
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=[("e", "r</w>")], model_max_length=16)


def _save_owlvit(path: Path) -> None:
    transformers = transformers_for("owlvit")
    transformers.OwlViTForObjectDetection(transformers.OwlViTConfig()).save_pretrained(path)
    transformers.OwlViTProcessor(transformers.OwlViTImageProcessor(), tokenizer()).save_pretrained(path)


def _save_sam(path: Path) -> None:
    import torch

    from perception.models.sam_network import VIT_B, build_network

    torch.save(build_network(VIT_B).state_dict(), path)


def _save_sam_transformers(path: Path) -> None:
    transformers = transformers_for("sam_transformers")
    transformers.SamModel(transformers.SamConfig()).save_pretrained(path)
    transformers.SamProcessor(transformers.SamImageProcessor()).save_pretrained(path)


def _save_person(path: Path) -> None:
    transformers = transformers_for("person")
    labels = {name: number for number, name in LABELS.items()}
    config = transformers.RTDetrConfig(id2label=LABELS, label2id=labels)
    transformers.RTDetrForObjectDetection(config).save_pretrained(path)
    transformers.RTDetrImageProcessor().save_pretrained(path)


def _save_vitpose(path: Path) -> None:
    transformers = transformers_for("vitpose")
    backbone = transformers.VitPoseBackboneConfig(out_indices=[12])
    config = transformers.VitPoseConfig(backbone_config=backbone, num_labels=17)
    transformers.VitPoseForPoseEstimation(config).save_pretrained(path)
    transformers.VitPoseImageProcessor().save_pretrained(path)


def _save_alphapose(path: Path) -> None:
    import torch

    from perception.models.fastpose import FastPose, FastPoseShape

    torch.save(FastPose(FastPoseShape(joints=26)).state_dict(), path)


MODELS: Mapping[str, RandomModel] = {
    "owlvit": RandomModel("OWL-ViT, ViT-B/32", _save_owlvit),
    "sam": RandomModel("SAM, ViT-B", _save_sam),
    "sam_transformers": RandomModel("SAM, ViT-B", _save_sam_transformers),
    "person": RandomModel("RT-DETR, ResNet-50", _save_person),
    "vitpose": RandomModel("ViTPose-B", _save_vitpose),
    "alphapose": RandomModel("FastPose, ResNet-50", _save_alphapose),
}


def with_random_weights(options: ModelOptions, model: str, folder: Path) -> ModelOptions:
    """The options with a checkpoint for `model`, written into `folder`; device and precision stay."""
    path = folder / (f"{model}.pth" if model in ("sam", "alphapose") else model)
    MODELS[model].save(path)
    section = getattr(options, model)
    load: LoadOptions = replace(section.load, checkpoint=str(path))
    return replace(options, **{model: replace(section, load=load)})
