"""Perception back ends that read the truth of simulated frames, with misses and noise of their own."""

from __future__ import annotations

import numpy as np

from hardware.types import BoolArray, RGBDFrame, SceneTruth
from perception.errors import HumanLost, NotFound, PerceptionError, SegmentationFailed
from perception.keypoints import Keypoints2D
from perception.options import DetectorOptions, SimulatedPerceptionOptions
from perception.simulated_vlm import FrameMemory, SimulatedVlm
from perception.types import Box, Detection

__all__ = [
    "FrameMemory",
    "SimulatedDetector",
    "SimulatedKeypoints",
    "SimulatedSegmenter",
    "SimulatedVlm",
]

NOISE_WIDTH_PX = 640


def truth_of(frame: RGBDFrame, who: str) -> SceneTruth:
    """The frame's truth. Raises PerceptionError for a real camera's frame."""
    if frame.truth is None:
        raise PerceptionError(f"the {who} needs frames of a simulated camera; choose another back end")
    return frame.truth


def plain(label: str) -> str:
    """A label for comparison: lower case, underscores and runs of blanks as one blank."""
    return " ".join(label.lower().replace("_", " ").split())


def box_of(mask: BoolArray) -> Box:
    """The box of a mask (H, W) with at least one pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


class SimulatedDetector:
    """An ObjectDetector that knows where every object is, and overlooks some."""

    name = "simulated detector"

    def __init__(
        self,
        options: SimulatedPerceptionOptions,
        rng: np.random.Generator,
        memory: FrameMemory | None = None,
        limits: DetectorOptions | None = None,
    ) -> None:
        self._options, self._rng, self._memory = options, rng, memory
        self._limits = limits or DetectorOptions()

    def detect(self, frame: RGBDFrame, label: str) -> Detection:
        """The largest visible object called `label`, its box jittered. Raises NotFound with the labels
        seen.
        """
        truth = truth_of(frame, self.name)
        if self._memory is not None:
            self._memory.remember(frame)
        size = {n: int(np.count_nonzero(truth.instances == n)) for n in truth.objects}
        visible = sorted(
            (n for n in size if size[n] >= self._limits.min_mask_px), key=lambda n: (-size[n], n)
        )
        seen = tuple(dict.fromkeys(truth.objects[n].label for n in visible))
        matches = [n for n in visible if plain(truth.objects[n].label) == plain(label)]
        missed = self._rng.random() < self._options.miss_rate
        if not matches or missed:
            score = self._limits.score_threshold * float(self._rng.uniform(0.1, 0.9))
            raise NotFound(label, score, self._limits.score_threshold, () if matches else seen)
        box = self._jittered(box_of(truth.instances == matches[0]), truth.instances.shape)
        return Detection(label, float(self._rng.uniform(0.6, 0.95)), box, None, self.name)

    def _jittered(self, box: Box, shape: tuple[int, ...]) -> Box:
        sides = np.array(box) + self._rng.normal(0.0, self._options.box_jitter_px, 4)
        x0, x1 = np.clip(sides[[0, 2]], 0.0, shape[1])
        y0, y1 = np.clip(sides[[1, 3]], 0.0, shape[0])
        return (float(x0), float(y0), float(max(x1, x0 + 1.0)), float(max(y1, y0 + 1.0)))


class SimulatedSegmenter:
    """A Segmenter that knows every object's pixels, and blurs their border."""

    name = "simulated segmenter"

    def __init__(
        self,
        options: SimulatedPerceptionOptions,
        rng: np.random.Generator,
        memory: FrameMemory | None = None,
        limits: DetectorOptions | None = None,
    ) -> None:
        self._options, self._rng, self._memory = options, rng, memory
        self._limits = limits or DetectorOptions()

    def segment(self, frame: RGBDFrame, detection: Detection) -> Detection:
        """The pixels of the object named, or else of the one that fills most of the box, with a new box.

        Raises SegmentationFailed when too few pixels are left.
        """
        truth = truth_of(frame, self.name)
        if self._memory is not None:
            self._memory.remember(frame)
        mask = self._rough(truth.instances == self._fitting(truth, detection))
        pixels = int(np.count_nonzero(mask))
        if pixels < self._limits.min_mask_px:
            raise SegmentationFailed(detection.label, pixels, self._limits.min_mask_px)
        source = f"{detection.source}, {self.name}"
        return Detection(detection.label, detection.score, box_of(mask), mask, source, detection.runner_up)

    def _fitting(self, truth: SceneTruth, detection: Detection) -> int:
        x0, y0, x1, y1 = (max(round(side), 0) for side in detection.box)
        inside = truth.instances[y0:y1, x0:x1]
        count = {n: int(np.count_nonzero(inside == n)) for n in truth.objects}
        named = [n for n in count if plain(truth.objects[n].label) == plain(detection.label) and count[n]]
        candidates = named or [n for n in count if count[n]]
        if not candidates:
            raise SegmentationFailed(detection.label, 0, self._limits.min_mask_px)
        return max(candidates, key=lambda n: (count[n], -n))

    def _rough(self, mask: BoolArray) -> BoolArray:
        for _ in range(self._options.mask_erosion_px):
            mask = mask & ~_border(mask)
        border = _border(mask) | (_border(~mask))
        flips = self._rng.random(mask.shape) < self._options.mask_edge_noise
        return np.asarray(mask ^ (border & flips))


class SimulatedKeypoints:
    """A KeypointEstimator that projects the person's true joints and adds noise."""

    name = "simulated keypoints"

    def __init__(self, options: SimulatedPerceptionOptions, rng: np.random.Generator) -> None:
        self._options, self._rng = options, rng

    def estimate(self, frame: RGBDFrame) -> Keypoints2D:
        """Noisy keypoints; hidden ones score low. Raises HumanLost when nobody is in view, or by chance."""
        truth = truth_of(frame, self.name)
        spread = self._options.keypoint_noise_px * frame.intrinsics.width / NOISE_WIDTH_PX
        noise = self._rng.normal(0.0, spread, (len(truth.keypoints), 2))
        scores = self._rng.uniform(0.75, 0.98, len(truth.keypoints))
        missed = self._rng.random() < self._options.miss_rate
        k = frame.intrinsics
        in_front = np.isfinite(truth.keypoints).all(axis=1) & (np.nan_to_num(truth.keypoints[:, 2]) > 0.05)
        x, y, z = np.where(in_front[:, None], truth.keypoints, 1.0).T
        pixels = np.stack([k.fx * x / z + k.cx, k.fy * y / z + k.cy], axis=1)
        inside = in_front & np.all((pixels >= 0) & (pixels < (k.width, k.height)), axis=1)
        if not np.any(inside & truth.visible):
            raise HumanLost("nobody in the picture")
        if missed:
            raise HumanLost("overlooked in this picture")
        scores = np.where(inside, np.where(truth.visible, scores, 0.25 * scores), 0.0)
        return Keypoints2D(np.column_stack([pixels + noise, scores]), frame.stamp_s, self.name)


def _border(mask: BoolArray) -> BoolArray:
    """The pixels of `mask` that touch a pixel outside it (4 neighbours; the picture's edge is no outside)."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.asarray(mask & ~inner)
