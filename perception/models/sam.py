"""Cuts an object out of its box with Segment Anything (arXiv 2304.02643).

`SamSegmenter` reads the published .pth files through the segment-anything package,
`SamTransformersSegmenter` a transformers folder. Both look at a picture once: its embedding, which takes
nearly all of the time, is kept until another picture comes.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.models.checkpoint import find_checkpoint, load_pretrained, load_processor, transformers_for
from perception.models.device import place
from perception.models.masks import detection_with_mask
from perception.models.options import SamOptions, SamTransformersOptions
from perception.models.sam_network import MODEL, load_network, torchvision_stand_in
from perception.options import DetectorOptions
from perception.types import Box, Detection
from perception.weights.options import WeightsOptions

TRANSFORMERS_MODEL = "sam_transformers"


def fingerprint(rgb: NDArray[np.uint8]) -> bytes:
    """The same for the same picture only; recorded frames may share their stamps and numbers."""
    return hashlib.blake2b(np.ascontiguousarray(rgb).data, person=str(rgb.shape).encode()[:16]).digest()


class SamSegmenter:
    """A Segmenter over a checkpoint file of segment-anything."""

    def __init__(
        self,
        options: SamOptions | None = None,
        limits: DetectorOptions | None = None,
        weights: WeightsOptions | None = None,
    ) -> None:
        """Load the checkpoint; raises a PerceptionError that says what to install, pull or set."""
        self._options, self._limits = options or SamOptions(), limits or DetectorOptions()
        load, kind = self._options.load, self._options.type
        if load.checkpoint is None and kind != "auto":
            load = replace(load, checkpoint=f"{MODEL}_{kind}")  # as the store calls that network
        path = find_checkpoint(MODEL, load, weights)
        self.placement = place(load, MODEL)
        network, shape = load_network(path, self._options.type)
        self.name = f"SAM {shape.name}"
        with torchvision_stand_in():
            from segment_anything import SamPredictor
        network.to(self.placement.device)
        _narrow(network.image_encoder, self.placement.dtype)
        self._predictor = SamPredictor(network)
        self._seen = b""
        if self.placement.on_gpu:
            self.warm_up()

    def segment(self, frame: RGBDFrame, detection: Detection) -> Detection:
        """The same detection with its mask. Raises SegmentationFailed."""
        masks, quality = self.masks(frame.rgb, detection.box)
        least_px = self._limits.min_mask_px
        return detection_with_mask(
            detection, masks, quality, self._options.max_hole_share, least_px, self.name
        )

    def masks(self, rgb: NDArray[np.uint8], box: Box) -> tuple[BoolArray, FloatArray]:
        """The masks (3, H, W) the box prompts, and their predicted quality (3,)."""
        import torch

        seen = fingerprint(rgb)
        with torch.inference_mode():
            if seen != self._seen:
                self._seen = b""  # an interrupted look must not pass for this picture
                self._predictor.set_image(rgb)
                self._seen = seen
            masks, quality, _ = self._predictor.predict(box=np.array(box), multimask_output=True)
        return masks.astype(np.bool_), quality.astype(np.float64)

    def warm_up(self) -> None:
        """One empty picture: the first real one shall not wait for kernels to be chosen."""
        self.masks(np.zeros((480, 640, 3), dtype=np.uint8), (100.0, 100.0, 300.0, 300.0))


def _narrow(encoder: Any, dtype: Any) -> None:
    """Let the encoder compute in `dtype` between float32 in and out; prompts need the full precision."""
    import torch

    if dtype is torch.float32:
        return
    encoder.to(dtype)
    encoder.register_forward_pre_hook(lambda module, inputs: (inputs[0].to(dtype),))
    encoder.register_forward_hook(lambda module, inputs, output: output.float())


class SamTransformersSegmenter:
    """A Segmenter over a transformers folder of SAM."""

    name = "SAM (transformers)"

    def __init__(
        self,
        options: SamTransformersOptions | None = None,
        limits: DetectorOptions | None = None,
        weights: WeightsOptions | None = None,
    ) -> None:
        """Load the checkpoint; raises a PerceptionError that says what to install, pull or set."""
        self._options, self._limits = options or SamTransformersOptions(), limits or DetectorOptions()
        path = find_checkpoint(TRANSFORMERS_MODEL, self._options.load, weights)
        transformers = transformers_for(TRANSFORMERS_MODEL)
        self.placement = place(self._options.load, TRANSFORMERS_MODEL)
        self._model = load_pretrained(transformers.SamModel, TRANSFORMERS_MODEL, path, self.placement)
        self._processor = load_processor(transformers.SamProcessor, TRANSFORMERS_MODEL, path)
        self._seen, self._embedding = b"", None
        if self.placement.on_gpu:
            self.warm_up()

    def segment(self, frame: RGBDFrame, detection: Detection) -> Detection:
        """The same detection with its mask. Raises SegmentationFailed."""
        masks, quality = self.masks(frame.rgb, detection.box)
        least_px = self._limits.min_mask_px
        return detection_with_mask(
            detection, masks, quality, self._options.max_hole_share, least_px, self.name
        )

    def masks(self, rgb: NDArray[np.uint8], box: Box) -> tuple[BoolArray, FloatArray]:
        """The masks (3, H, W) the box prompts, and their predicted quality (3,)."""
        import torch
        from PIL import Image

        inputs = self._processor(Image.fromarray(rgb), input_boxes=[[list(box)]], return_tensors="pt")
        device, dtype, seen = self.placement.device, self.placement.dtype, fingerprint(rgb)
        with torch.inference_mode():
            if seen != self._seen:
                pixels = inputs["pixel_values"].to(device, dtype)
                self._embedding, self._seen = self._model.get_image_embeddings(pixels), seen
            outputs = self._model(
                image_embeddings=self._embedding,
                input_boxes=inputs["input_boxes"].to(device, dtype=torch.float32),
                multimask_output=True,
            )
        masks = self._processor.post_process_masks(
            outputs.pred_masks.float().cpu(), inputs["original_sizes"], inputs["reshaped_input_sizes"]
        )[0][0]
        return masks.numpy().astype(np.bool_), outputs.iou_scores[0, 0].double().cpu().numpy()

    def warm_up(self) -> None:
        """One empty picture: the first real one shall not wait for kernels to be chosen."""
        self.masks(np.zeros((480, 640, 3), dtype=np.uint8), (100.0, 100.0, 300.0, 300.0))
