"""Back ends that know the truth answer like models: with noise, misses, and the faults they are told."""

import dataclasses

import numpy as np
import pytest

from hardware.types import RGBDFrame
from perception.errors import (
    HumanLost,
    NotFound,
    PerceptionError,
    SegmentationFailed,
    VlmError,
    VlmParseError,
)
from perception.grounding import GridGrounder, first_messages, numbered_grid, regions_from_reply
from perception.options import GridOptions, SimulatedPerceptionOptions, VlmFault
from perception.simulated import (
    FrameMemory,
    SimulatedDetector,
    SimulatedKeypoints,
    SimulatedSegmenter,
    SimulatedVlm,
    box_of,
)
from perception.types import Detection, Keypoint
from tests.perception.scenes import Block, hammer, object_mask, part_mask, table_frame

EXACT = SimulatedPerceptionOptions(box_jitter_px=0.0, mask_edge_noise=0.0, keypoint_noise_px=0.0)
SCENE = table_frame(
    [*hammer(), Block((0.5, -0.15), (0.05, 0.05, 0.05), part="body", number=2)],
    labels={1: "claw_hammer", 2: "box"},
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("label", ["claw_hammer", "Claw Hammer", "  claw  hammer "])
def test_the_box_is_that_of_the_object_named(label: str) -> None:
    found = SimulatedDetector(EXACT, rng()).detect(SCENE, label)
    assert found.box == box_of(object_mask(SCENE))
    assert found.mask is None
    assert found.label == label


def test_an_unknown_label_lists_what_is_seen() -> None:
    with pytest.raises(NotFound, match=r"seen instead: claw_hammer, box") as missed:
        SimulatedDetector(EXACT, rng()).detect(SCENE, "mug")
    assert missed.value.best_score < 0.15


def test_misses_happen_as_often_as_configured() -> None:
    detector = SimulatedDetector(SimulatedPerceptionOptions(miss_rate=0.3), rng())
    missed = 0
    for _ in range(300):
        try:
            detector.detect(SCENE, "box")
        except NotFound:
            missed += 1
    assert 60 < missed < 120


def test_a_real_frame_is_refused() -> None:
    real = dataclasses.replace(SCENE, truth=None)
    with pytest.raises(PerceptionError, match="simulated camera"):
        SimulatedDetector(EXACT, rng()).detect(real, "box")


def test_jitter_moves_the_box_but_a_seed_repeats_it() -> None:
    options = SimulatedPerceptionOptions(box_jitter_px=2.0)
    first, second, other = (SimulatedDetector(options, rng(s)).detect(SCENE, "box").box for s in (1, 1, 2))
    assert first == second != other
    assert np.abs(np.subtract(first, box_of(object_mask(SCENE, 2)))).max() < 12.0


def test_the_mask_is_exact_without_noise_and_close_with_it() -> None:
    detection = SimulatedDetector(EXACT, rng()).detect(SCENE, "claw hammer")
    exact = SimulatedSegmenter(EXACT, rng()).segment(SCENE, detection)
    assert np.array_equal(exact.mask, object_mask(SCENE))
    rough = SimulatedSegmenter(SimulatedPerceptionOptions(mask_edge_noise=0.3), rng()).segment(
        SCENE, detection
    )
    differing = np.count_nonzero(rough.mask ^ object_mask(SCENE))
    assert 0 < differing < 0.2 * np.count_nonzero(object_mask(SCENE))
    eroded = SimulatedSegmenter(dataclasses.replace(EXACT, mask_erosion_px=2), rng()).segment(
        SCENE, detection
    )
    assert np.count_nonzero(eroded.mask) < 0.9 * np.count_nonzero(exact.mask)


def test_a_box_of_another_detector_is_segmented_too() -> None:
    detection = Detection("thing", 0.5, box_of(object_mask(SCENE, 2)), None, "other")
    assert np.array_equal(
        SimulatedSegmenter(EXACT, rng()).segment(SCENE, detection).mask, object_mask(SCENE, 2)
    )


def test_an_empty_box_has_no_mask() -> None:
    with pytest.raises(SegmentationFailed):
        SimulatedSegmenter(EXACT, rng()).segment(
            SCENE, Detection("thing", 0.5, (0, 0, 20, 20), None, "other")
        )


def seen(frame: RGBDFrame, memory: FrameMemory) -> Detection:
    detection = SimulatedDetector(EXACT, rng(), memory).detect(frame, "claw hammer")
    return SimulatedSegmenter(EXACT, rng(), memory).segment(frame, detection)


def vlm(fault: VlmFault = "none", replies: int = 0, seed: int = 0) -> tuple[SimulatedVlm, FrameMemory]:
    memory = FrameMemory()
    options = dataclasses.replace(EXACT, vlm_fault=fault, vlm_faulty_replies=replies)
    return SimulatedVlm(memory, options, rng(seed)), memory


@pytest.mark.parametrize("seed", range(6))
def test_the_model_gives_the_handle_to_the_person(seed: int) -> None:
    model, memory = vlm(seed=seed)
    regions = GridGrounder(model).ground(SCENE, seen(SCENE, memory))
    assert np.mean(part_mask(SCENE, "handle")[regions.human_mask]) > 0.9
    assert np.mean(part_mask(SCENE, "head")[regions.robot_mask]) > 0.7
    assert regions.source == "simulated vlm"


def test_the_model_phrases_its_answers_differently() -> None:
    model, memory = vlm()
    detection = seen(SCENE, memory)
    messages = first_messages("hammer", numbered_grid(SCENE, detection))
    assert len({model.ask(messages).text for _ in range(30)}) >= 3


@pytest.mark.parametrize(
    "fault", ["malformed", "overlapping", "out_of_range", "background", "refusal", "empty"]
)
def test_a_faulty_reply_is_refused_and_the_next_one_is_good(fault: VlmFault) -> None:
    model, memory = vlm(fault, replies=1)
    detection = seen(SCENE, memory)
    grid = numbered_grid(SCENE, detection)
    messages = first_messages("hammer", grid)
    with pytest.raises(VlmParseError):
        regions_from_reply(model.ask(messages), grid, detection)
    assert regions_from_reply(model.ask(messages), grid, detection).cells is not None


def test_the_model_names_as_many_cells_as_asked() -> None:
    model, memory = vlm()
    regions = GridGrounder(model, GridOptions(n=6, cells_per_role=2)).ground(SCENE, seen(SCENE, memory))
    assert regions.cells is not None
    assert len(regions.cells.human) == len(regions.cells.robot) == 2


def test_a_swapped_reply_reads_well_and_is_wrong() -> None:
    model, memory = vlm("swapped", replies=1)
    regions = GridGrounder(model).ground(SCENE, seen(SCENE, memory))
    assert np.mean(part_mask(SCENE, "head")[regions.human_mask]) > 0.7


def test_an_unreachable_model_raises() -> None:
    model, memory = vlm("unreachable", replies=1)
    with pytest.raises(VlmError):
        GridGrounder(model).ground(SCENE, seen(SCENE, memory))


def test_a_frame_never_seen_cannot_be_answered() -> None:
    model, _ = vlm()
    detection = seen(SCENE, FrameMemory())
    with pytest.raises(VlmError, match="never saw"):
        model.ask(first_messages("hammer", numbered_grid(SCENE, detection)))


def test_only_the_last_frames_are_remembered() -> None:
    memory = FrameMemory(size=2)
    for stamp_s in (1.0, 2.0, 3.0):
        memory.remember(dataclasses.replace(SCENE, stamp_s=stamp_s))
    assert memory.truth_at(1.0) is None
    assert memory.truth_at(3.0) is SCENE.truth


def with_person(joints: np.ndarray, visible: np.ndarray) -> RGBDFrame:
    assert SCENE.truth is not None
    return dataclasses.replace(
        SCENE, truth=dataclasses.replace(SCENE.truth, keypoints=joints, visible=visible)
    )


def test_keypoints_are_the_projected_joints_and_hidden_ones_score_low() -> None:
    joints = np.tile([0.1, -0.05, 2.0], (17, 1))
    visible = np.ones(17, dtype=bool)
    visible[Keypoint.LEFT_WRIST] = False
    joints[Keypoint.NOSE] = (9.0, 0.0, 2.0)
    found = SimulatedKeypoints(EXACT, rng()).estimate(with_person(joints, visible)).points
    assert found[Keypoint.RIGHT_WRIST, :2] == pytest.approx([175.0, 112.5])
    assert found[Keypoint.RIGHT_WRIST, 2] > 0.7
    assert found[Keypoint.LEFT_WRIST, 2] < 0.3
    assert found[Keypoint.NOSE, 2] == 0.0


def test_nobody_in_view_is_a_lost_human() -> None:
    with pytest.raises(HumanLost, match="nobody"):
        SimulatedKeypoints(EXACT, rng()).estimate(SCENE)
