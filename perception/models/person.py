"""Finds people with a detector of fixed classes (RT-DETR, arXiv 2304.08069) through transformers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hardware.types import FloatArray
from perception.models.boxes import area, clip, suppress
from perception.models.checkpoint import find_checkpoint, load_pretrained, load_processor, transformers_for
from perception.models.device import place
from perception.models.errors import CheckpointRefused
from perception.models.options import PersonOptions
from perception.weights.options import WeightsOptions

MODEL = "person"
CLASS = "person"
MAX_IOU = 0.8
"""Two boxes of one person overlap more than two people do."""
MIN_AREA_PX = 100.0


class PersonFinder(Protocol):
    """Finds everybody in an upright picture."""

    name: str

    def find(self, rgb: NDArray[np.uint8]) -> FloatArray:
        """Boxes and scores (N, 5), best first, of the people in a picture (H, W, 3)."""
        ...


class PersonDetector:
    """A PersonFinder over any detector of transformers that knows a class called person."""

    def __init__(self, options: PersonOptions | None = None, weights: WeightsOptions | None = None) -> None:
        """Load the checkpoint; raises a PerceptionError that says what to install, pull or set."""
        self._options = options or PersonOptions()
        path = find_checkpoint(MODEL, self._options.load, weights)
        transformers = transformers_for(MODEL)
        self.placement = place(self._options.load, MODEL)
        self._model = load_pretrained(transformers.AutoModelForObjectDetection, MODEL, path, self.placement)
        self._processor = load_processor(transformers.AutoImageProcessor, MODEL, path)
        names = {int(number): str(name) for number, name in self._model.config.id2label.items()}
        people = [number for number, name in names.items() if name.lower() == CLASS]
        if not people:
            known = ", ".join(list(names.values())[:6])
            raise CheckpointRefused(MODEL, path, f"it knows no class called {CLASS!r} (but {known} ...)")
        self._class = people[0]
        self.name = str(self._model.config.model_type)
        if self.placement.on_gpu:
            self.warm_up()

    def find(self, rgb: NDArray[np.uint8]) -> FloatArray:
        """Boxes in pixels and scores (N, 5), best first."""
        import torch
        from PIL import Image

        height, width = rgb.shape[:2]
        inputs = self._processor(images=Image.fromarray(rgb), return_tensors="pt")
        pixels = inputs["pixel_values"].to(self.placement.device, self.placement.dtype)
        with torch.inference_mode():
            outputs = self._model(pixel_values=pixels)
        outputs.logits, outputs.pred_boxes = outputs.logits.float(), outputs.pred_boxes.float()
        found = self._processor.post_process_object_detection(
            outputs, threshold=self._options.min_score, target_sizes=[(height, width)]
        )[0]
        people = (found["labels"] == self._class).cpu().numpy()
        boxes = clip(found["boxes"].double().cpu().numpy()[people], width, height)
        scores = found["scores"].double().cpu().numpy()[people]
        boxes, scores = boxes[area(boxes) >= MIN_AREA_PX], scores[area(boxes) >= MIN_AREA_PX]
        kept = suppress(boxes, scores, MAX_IOU)
        return np.column_stack([boxes[kept], scores[kept]])

    def warm_up(self) -> None:
        """One empty picture: the first real one shall not wait for kernels to be chosen."""
        self.find(np.zeros((480, 640, 3), dtype=np.uint8))
