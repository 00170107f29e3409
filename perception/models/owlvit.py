"""Finds an object named in free words with OWL-ViT or OWLv2 (arXiv 2205.06230, 2306.09683) through
transformers.

Guarantees:
1. The threshold is on the raw score, the sigmoid of the logit: scores rescaled to the best box, as demos show
them, find something in every picture.
2. All phrasings go through the model in one pass; a box scores as its best phrasing does.
3. Boxes are in pixels of the frame for both: OWLv2's picture is padded to a square at the right or bottom.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.errors import HandoverError
from hardware.types import FloatArray, RGBDFrame
from perception.errors import NotFound
from perception.models.boxes import area, clip, suppress
from perception.models.checkpoint import find_checkpoint, load_pretrained, load_processor, transformers_for
from perception.models.device import Placement, place
from perception.models.errors import CheckpointRefused
from perception.models.options import OwlVitOptions
from perception.options import DetectorOptions
from perception.types import Box, Detection
from perception.weights.options import WeightsOptions

MODEL = "owlvit"
FAMILIES = {"owlvit": ("OwlViT", "OWL-ViT"), "owlv2": ("Owlv2", "OWLv2")}
"""By the checkpoint's model_type: the prefix of its classes and its name."""
MIN_AREA_PX = 16.0


class PhrasingUnusable(HandoverError):
    """A phrasing of the request has no place for the object, or there is none."""

    def __init__(self, phrasings: tuple[str, ...]) -> None:
        super().__init__(
            f"perception.models.owlvit.phrasings is {list(phrasings)}; "
            "one or more are needed, each with {} where the object's name goes"
        )


class OwlVitDetector:
    """An ObjectDetector for free words."""

    def __init__(
        self,
        options: OwlVitOptions | None = None,
        limits: DetectorOptions | None = None,
        weights: WeightsOptions | None = None,
    ) -> None:
        """Load the checkpoint; raises a PerceptionError that says what to install, pull or set."""
        self._options, self._limits = options or OwlVitOptions(), limits or DetectorOptions()
        if not self._options.phrasings or any("{}" not in each for each in self._options.phrasings):
            raise PhrasingUnusable(self._options.phrasings)
        path = find_checkpoint(MODEL, self._options.load, weights)
        self.placement = place(self._options.load, MODEL)
        self._model, self._processor, self.name = load(path, self.placement)
        if self.placement.on_gpu:
            self.warm_up()

    def detect(self, frame: RGBDFrame, label: str) -> Detection:
        """The best box; another one nearly as good is named in `runner_up`.

        Raises NotFound with the best score seen.
        """
        boxes, scores = self.boxes(frame.rgb, phrased(label, self._options.phrasings))
        best_score = float(scores.max(initial=0.0))
        if best_score < self._limits.score_threshold:
            raise NotFound(label, best_score, self._limits.score_threshold)
        kept = suppress(boxes, scores, self._options.nms_iou, most=2)
        return Detection(
            label,
            best_score,
            as_box(boxes[kept[0]]),
            None,
            self.name,
            self._runner_up(boxes[kept], scores[kept]),
        )

    def boxes(self, rgb: NDArray[np.uint8], queries: list[str]) -> tuple[FloatArray, FloatArray]:
        """Every box (N, 4) the model proposes, clipped to the picture, and its raw score (N,)."""
        import torch
        from PIL import Image

        height, width = rgb.shape[:2]
        inputs = self._processor(
            text=[queries], images=Image.fromarray(rgb), truncation=True, return_tensors="pt"
        ).to(self.placement.device)
        inputs["pixel_values"] = inputs["pixel_values"].to(self.placement.dtype)
        with torch.inference_mode():
            outputs = self._model(**inputs)
        outputs.logits, outputs.pred_boxes = outputs.logits.float(), outputs.pred_boxes.float()
        found = self._processor.post_process_grounded_object_detection(
            outputs, threshold=-1.0, target_sizes=[(height, width)]
        )[0]
        boxes = clip(found["boxes"].double().cpu().numpy(), width, height)
        real = area(boxes) >= MIN_AREA_PX
        return boxes[real], found["scores"].double().cpu().numpy()[real]

    def warm_up(self) -> None:
        """One empty picture: the first real one shall not wait for kernels to be chosen."""
        self.boxes(np.zeros((480, 640, 3), dtype=np.uint8), phrased("object", self._options.phrasings))

    def _runner_up(self, boxes: FloatArray, scores: FloatArray) -> str:
        if len(scores) < 2 or scores[0] - scores[1] > self._options.runner_up_margin:
            return ""
        place = " ".join(f"{side:.0f}" for side in boxes[1])
        return f"another one scores {scores[1]:.2f} against {scores[0]:.2f} (box {place})"


def load(path: Path, placement: Placement) -> tuple[Any, Any, str]:
    """Model, processor and name of an OWL-ViT or OWLv2 folder. Raises CheckpointRefused."""
    transformers = transformers_for(MODEL)
    family = load_processor(transformers.AutoConfig, MODEL, path).model_type
    if family not in FAMILIES:
        raise CheckpointRefused(MODEL, path, f"it holds a {family!r} model, not {' or '.join(FAMILIES)}")
    prefix, name = FAMILIES[family]
    model = load_pretrained(getattr(transformers, f"{prefix}ForObjectDetection"), MODEL, path, placement)
    return model, load_processor(getattr(transformers, f"{prefix}Processor"), MODEL, path), name


def phrased(label: str, phrasings: tuple[str, ...]) -> list[str]:
    """The queries for an object, lower case as the text encoder's vocabulary is."""
    words = " ".join(label.lower().replace("_", " ").split())
    return [phrasing.replace("{}", words) for phrasing in phrasings]


def as_box(sides: FloatArray) -> Box:
    """A row (4,) as a Box."""
    x0, y0, x1, y1 = (float(side) for side in sides)
    return (x0, y0, x1, y1)
