"""Joints of people with AlphaPose's FastPose weights, without AlphaPose itself.

Its own code needs compiled CUDA operators of an old PyTorch; the network does not. Pictures are cut, scaled
and normalised as its inference does, the joints converted to COCO-17 here. The published weights are for
non-commercial research.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.types import FloatArray
from perception.keypoints import COUNT
from perception.models.checkpoint import fill, find_checkpoint, read_tensors
from perception.models.device import place
from perception.models.errors import CheckpointRefused
from perception.models.options import AlphaPoseOptions
from perception.models.pose import coco17
from perception.weights.options import WeightsOptions

MODEL = "alphapose"
MARGIN = 1.25
"""The picture of a person is so many times the size of their box."""
CHANNEL_OFFSETS = (0.406, 0.457, 0.480)
"""Taken off red, green and blue (0..1), nothing divided: AlphaPose trains and infers this way."""
REGRESSION_CHANNELS = 256
SETS = {17: "COCO-17", 26: "Halpe-26", 136: "Halpe-136"}


class AlphaPose:
    """A PoseModel."""

    def __init__(
        self, options: AlphaPoseOptions | None = None, weights: WeightsOptions | None = None
    ) -> None:
        """Load the checkpoint; raises a PerceptionError that says what to install, pull or set."""
        options = options or AlphaPoseOptions()
        path = find_checkpoint(MODEL, options.load, weights)
        self.placement = place(options.load, MODEL)
        from perception.models import fastpose

        tensors = read_tensors(MODEL, path)
        try:
            shape = fastpose.shape_of(tensors)
        except (KeyError, ValueError) as error:
            raise CheckpointRefused(MODEL, path, f"it is no FastPose network ({error})") from error
        if shape.joints < COUNT:
            raise CheckpointRefused(MODEL, path, f"it knows {shape.joints} joints, COCO's {COUNT} are needed")
        network = fastpose.FastPose(shape)
        fill(network, tensors, MODEL, path)
        self._network = network.to(self.placement.device, self.placement.dtype).eval()
        decoding = options.decoding
        if decoding == "auto":
            decoding = "integral" if shape.last_channels == REGRESSION_CHANNELS else "heatmap"
        self._read = fastpose.means if decoding == "integral" else fastpose.peaks
        self._size, self._stride = fastpose.INPUT_PX, fastpose.STRIDE
        self.name = f"AlphaPose FastPose {SETS.get(shape.joints, f'{shape.joints} joints')}"
        if self.placement.on_gpu:
            self.warm_up()

    def keypoints(self, rgb: NDArray[np.uint8], boxes: FloatArray) -> FloatArray:
        """COCO-17 points (N, 17, 3: u, v, score) of the people in boxes (N, 4), all in one pass."""
        import torch

        windows = self.windows(boxes)
        pictures = np.stack([self._cut(rgb, window) for window in windows])
        batch = torch.from_numpy(pictures).to(self.placement.device, self.placement.dtype)
        with torch.inference_mode():
            cells = self._read(self._network(batch).float()).double().cpu().numpy()
        # One heat-map cell is `stride` input pixels, the input spans the window.
        scale = (windows[:, 2:] - windows[:, :2]) * self._stride / (self._size[1], self._size[0])
        points = cells.copy()
        points[..., :2] = windows[:, None, :2] + cells[..., :2] * scale[:, None, :]
        return coco17(points)

    def windows(self, boxes: FloatArray) -> FloatArray:
        """The parts (N, 4) of the picture the network sees: around the boxes' centres, in its proportions,
        with a margin.
        """
        height, width = self._size
        centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2.0, boxes[:, 2:] - boxes[:, :2]
        tall = np.maximum(size[:, 1], size[:, 0] * height / width)
        half = MARGIN / 2.0 * np.stack([tall * width / height, tall], axis=1)
        return np.concatenate([centre - half, centre + half], axis=1)

    def warm_up(self) -> None:
        """One empty picture: the first real one shall not wait for kernels to be chosen."""
        self.keypoints(np.zeros((480, 640, 3), dtype=np.uint8), np.array([[100.0, 50.0, 300.0, 450.0]]))

    def _cut(self, rgb: NDArray[np.uint8], window: FloatArray) -> NDArray[np.float32]:
        """A window as the network's input (3, 256, 192), black outside the picture."""
        from PIL import Image

        height, width = self._size
        x0, y0, x1, y1 = window
        across, down = (x1 - x0) / width, (y1 - y0) / height
        # Pixel k of the input shows the place x0 + k * across; Pillow counts from the pixels' edges.
        affine = (across, 0.0, x0 + 0.5 - 0.5 * across, 0.0, down, y0 + 0.5 - 0.5 * down)
        cut: Any = Image.fromarray(rgb).transform(
            (width, height), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
        )
        scaled = np.asarray(cut, dtype=np.float32) / 255.0 - np.array(CHANNEL_OFFSETS, dtype=np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1))
