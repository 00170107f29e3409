"""Joints of people with ViTPose (arXiv 2204.12484) through transformers; ViTPose+ answers for COCO."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hardware.types import FloatArray
from perception.keypoints import COUNT
from perception.models.boxes import coco
from perception.models.checkpoint import find_checkpoint, load_pretrained, load_processor, transformers_for
from perception.models.device import place
from perception.models.errors import CheckpointRefused
from perception.models.options import VitPoseOptions
from perception.models.pose import coco17
from perception.weights.options import WeightsOptions

MODEL = "vitpose"
COCO_EXPERT = 0
"""ViTPose+ has one expert for each data set it was trained on; COCO's comes first."""
MIN_KERNEL = 3


class VitPose:
    """A PoseModel."""

    def __init__(self, options: VitPoseOptions | None = None, weights: WeightsOptions | None = None) -> None:
        """Load the checkpoint; raises a PerceptionError that says what to install, pull or set."""
        load = (options or VitPoseOptions()).load
        path = find_checkpoint(MODEL, load, weights)
        transformers = transformers_for(MODEL)
        self.placement = place(load, MODEL)
        self._model = load_pretrained(transformers.VitPoseForPoseEstimation, MODEL, path, self.placement)
        self._processor = load_processor(transformers.VitPoseImageProcessor, MODEL, path)
        joints = self._model.config.num_labels
        if joints < COUNT:
            raise CheckpointRefused(MODEL, path, f"it knows {joints} joints, COCO's {COUNT} are needed")
        experts = self._model.config.backbone_config.num_experts
        self._plus = experts > 1
        self.name = "ViTPose+" if self._plus else "ViTPose"
        if self.placement.on_gpu:
            self.warm_up()

    def keypoints(self, rgb: NDArray[np.uint8], boxes: FloatArray) -> FloatArray:
        """COCO-17 points (N, 17, 3: u, v, score) of the people in boxes (N, 4), all in one pass."""
        import torch
        from PIL import Image

        rows = [coco(boxes).tolist()]
        inputs = self._processor(Image.fromarray(rgb), boxes=rows, return_tensors="pt")
        pixels = inputs["pixel_values"].to(self.placement.device, self.placement.dtype)
        expert = {}
        if self._plus:
            expert["dataset_index"] = torch.full((len(boxes),), COCO_EXPERT, device=self.placement.device)
        with torch.inference_mode():
            outputs = self._model(pixel_values=pixels, **expert)
        outputs.heatmaps = outputs.heatmaps.float()
        # Without a threshold every joint is returned, in the order of its label.
        people = self._processor.post_process_pose_estimation(outputs, boxes=rows)[0]
        points = [np.column_stack([person["keypoints"], person["scores"]]) for person in people]
        return coco17(np.array(points))

    def warm_up(self) -> None:
        """One empty picture: the first real one shall not wait for kernels to be chosen."""
        self.keypoints(np.zeros((480, 640, 3), dtype=np.uint8), np.array([[100.0, 50.0, 300.0, 450.0]]))
