"""The perception chain on the simulated wrist camera: regions on true parts, a person followed closely."""

from dataclasses import replace

import numpy as np
import pytest

from hardware.executor import InlineExecutor
from hardware.geometry import transform
from hardware.sim.build import SimulatedRobot, build_world
from hardware.sim.options import PersonOptions, SimOptions
from hardware.sim.scenario import sample_scene
from hardware.types import RGBDFrame
from perception.cutout import ClusterSegmenter
from perception.grounding import GridGrounder
from perception.human import KeypointTracker
from perception.options import SimulatedPerceptionOptions
from perception.shape_regions import ShapeGrounder
from perception.simulated import (
    FrameMemory,
    SimulatedDetector,
    SimulatedKeypoints,
    SimulatedSegmenter,
    SimulatedVlm,
)
from perception.simulated_vlm import part_ids
from perception.tabletop import TabletopDetector, overlap
from perception.types import Detection, Keypoint

TABLE_VIEW_DEG = (0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0)
ALONE = SimOptions(person=PersonOptions(present=False), start_deg=TABLE_VIEW_DEG, instance=1)
OPTIONS = SimulatedPerceptionOptions()


def world(label: str, options: SimOptions = ALONE, seed: int = 1) -> SimulatedRobot:
    rng = np.random.default_rng(seed)
    return build_world(sample_scene(label, None, options, rng), options, rng)


def picture(label: str) -> tuple[RGBDFrame, np.ndarray]:
    """A frame with the true pixels of the human part."""
    frame = world(label).robot.camera.latest(1.0)
    truth = frame.truth
    assert truth is not None
    number, target = next(iter(truth.objects.items()))
    human = (truth.instances == number) & np.isin(truth.parts, part_ids(target, target.human_part))
    return frame, human


def found(frame: RGBDFrame, label: str, memory: FrameMemory) -> Detection:
    rng = np.random.default_rng(0)
    detection = SimulatedDetector(OPTIONS, rng, memory).detect(frame, label)
    return SimulatedSegmenter(OPTIONS, rng, memory).segment(frame, detection)


@pytest.mark.parametrize("label", ["hammer", "mug", "scissors"])
def test_grid_and_shape_agree_with_the_parts(label: str) -> None:
    frame, human = picture(label)
    memory = FrameMemory()
    detection = found(frame, label, memory)
    vlm = SimulatedVlm(memory, OPTIONS, np.random.default_rng(0))
    for regions in (GridGrounder(vlm).ground(frame, detection), ShapeGrounder().ground(frame, detection)):
        assert np.mean(human[regions.human_mask]) > 0.7, regions.source
        assert np.mean(human[regions.robot_mask]) < 0.2, regions.source


def test_geometry_finds_and_cuts_out_the_hammer() -> None:
    frame, _ = picture("hammer")
    rng = np.random.default_rng(0)
    detection = TabletopDetector(rng).detect(replace(frame, truth=None), "hammer")
    truth = found(frame, "hammer", FrameMemory())
    assert overlap(detection.box, truth.box) > 0.8
    mask = ClusterSegmenter(rng).segment(replace(frame, truth=None), truth).mask
    assert mask is not None
    assert truth.mask is not None
    assert np.count_nonzero(mask & truth.mask) / np.count_nonzero(mask | truth.mask) > 0.75


def test_a_person_is_followed_by_the_coarse_camera() -> None:
    people = PersonOptions(bearing_deg=0.0, script="ignores")
    scene = world("hammer", SimOptions(person=people))
    keypoints = SimulatedKeypoints(OPTIONS, np.random.default_rng(0))
    tracker = KeypointTracker(scene.tracking_camera, keypoints, scene.robot.clock, InlineExecutor())
    errors = []
    for _ in range(25):
        pose = tracker.latest(0.3)
        frame = scene.tracking_camera.latest(1.0)
        assert frame.truth is not None
        truth = transform(frame.base_from_camera, frame.truth.keypoints)
        errors.append(np.linalg.norm(pose.joints - truth, axis=1))
        scene.robot.clock.sleep(0.1)
    arms = slice(Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_WRIST + 1)
    assert np.median(np.array(errors)[:, arms], axis=0).max() < 0.03
    assert pose.arm_lengths.measured
    assert pose.facing[0] < -0.9
