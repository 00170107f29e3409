"""The shape rule gives the person what resembles a handle, and keeps the two regions apart."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.geometry import pose
from perception.errors import RegionsNotFound
from perception.shape_regions import ShapeGrounder
from perception.types import Detection, Regions
from tests.perception.scenes import Block, hammer, object_mask, part_mask, table_frame

ASLANT = pose([[0, -0.5, 0.866], [-1, 0, 0], [0, -0.866, -0.5]], (-0.05, 0.0, 0.22))
"""From the side, looking 30 degrees down."""


def ground(blocks: list[Block], **scene: object) -> tuple[Regions, object]:
    frame = table_frame(blocks, noise_m=0.001, **scene)  # type: ignore[arg-type]  # passed through
    mask = object_mask(frame)
    rows, columns = np.nonzero(mask)
    box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    blind = dataclasses.replace(frame, truth=None)
    return ShapeGrounder().ground(blind, Detection("thing", 1.0, box, mask, "test")), frame


def share(mask: np.ndarray, part: np.ndarray) -> float:
    return float(np.mean(part[mask]))


@settings(max_examples=25, deadline=None)
@given(st.floats(-np.pi, np.pi))
def test_a_hammers_handle_is_for_the_person_however_it_lies(yaw: float) -> None:
    regions, frame = ground(list(hammer(yaw)))
    assert share(regions.human_mask, part_mask(frame, "handle")) > 0.95  # type: ignore[arg-type]
    assert regions.robot_mask[part_mask(frame, "head")].mean() > 0.8  # type: ignore[arg-type]


@pytest.mark.parametrize("yaw", [0.0, 1.0, 2.5, -2.0])
def test_a_thick_grip_beats_a_thin_shaft(yaw: float) -> None:
    c, s = np.cos(yaw), np.sin(yaw)
    blocks = [
        Block((0.45 + 0.06 * c, 0.06 * s), (0.12, 0.008, 0.008), part="shaft", yaw=yaw),
        Block((0.45 - 0.05 * c, -0.05 * s), (0.10, 0.032, 0.032), part="grip", yaw=yaw),
    ]
    regions, frame = ground(blocks)
    assert share(regions.human_mask, part_mask(frame, "grip")) > 0.95  # type: ignore[arg-type]
    assert share(regions.robot_mask, part_mask(frame, "shaft")) > 0.7  # type: ignore[arg-type]


def test_a_thin_blade_is_not_for_the_person() -> None:
    blocks = [
        Block((0.52, 0.0), (0.14, 0.036, 0.004), part="blade"),
        Block((0.40, 0.0), (0.12, 0.026, 0.020), part="grip"),
    ]
    regions, frame = ground(blocks)
    assert share(regions.human_mask, part_mask(frame, "grip")) > 0.95  # type: ignore[arg-type]


def test_a_ring_is_for_the_fingers() -> None:
    ring = [
        Block((0.33, 0.0), (0.012, 0.07, 0.01), part="ring"),
        Block((0.39, 0.0), (0.012, 0.07, 0.01), part="ring"),
        Block((0.36, 0.03), (0.07, 0.012, 0.01), part="ring"),
        Block((0.36, -0.03), (0.07, 0.012, 0.01), part="ring"),
    ]
    blade = [
        Block((0.42 + 0.04 * i, 0.0), (0.04, width, 0.01), part="blade")
        for i, width in enumerate((0.018, 0.014, 0.007))
    ]
    regions, frame = ground([*ring, *blade])
    assert share(regions.human_mask, part_mask(frame, "ring")) > 0.9  # type: ignore[arg-type]


@pytest.mark.parametrize("angle", [0.0, 0.9, 2.0, 3.1, -1.2])
def test_a_handle_beside_a_round_body_is_for_the_person(angle: float) -> None:
    body = [Block((0.45, 0.0), (0.08, 0.033, 0.07), part="body", yaw=i * np.pi / 6) for i in range(6)]
    side = np.array([0.45, 0.0]) + 0.055 * np.array([np.cos(angle), np.sin(angle)])
    handle = Block((float(side[0]), float(side[1])), (0.04, 0.015, 0.05), part="handle", yaw=angle)
    regions, frame = ground([*body, handle])
    assert share(regions.human_mask, part_mask(frame, "handle")) > 0.8  # type: ignore[arg-type]
    assert share(regions.robot_mask, part_mask(frame, "body")) == 1.0  # type: ignore[arg-type]
    human, robot = (np.argwhere(m).mean(axis=0) for m in (regions.human_mask, regions.robot_mask))
    body_middle = np.argwhere(part_mask(frame, "body")).mean(axis=0)  # type: ignore[arg-type]
    assert (human - body_middle) @ (robot - body_middle) < 0


def test_a_standing_thing_is_taken_by_its_upper_part() -> None:
    regions, _ = ground([Block((0.45, 0.0), (0.05, 0.05, 0.16))], base_from_camera=ASLANT)
    human, robot = (np.argwhere(m).mean(axis=0)[0] for m in (regions.human_mask, regions.robot_mask))
    assert robot < human - 20


def test_a_bar_is_split_with_the_persons_end_away_from_the_robot() -> None:
    regions, frame = ground([Block((0.45, 0.0), (0.16, 0.03, 0.03))])
    human, robot = (np.argwhere(m).mean(axis=0) for m in (regions.human_mask, regions.robot_mask))
    assert human[0] < robot[0] - 20  # the picture's top is +x
    assert np.count_nonzero(regions.human_mask) > 0.3 * np.count_nonzero(object_mask(frame))  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.06, 0.2),
    st.floats(0.02, 0.1),
    st.floats(0.005, 0.1),
    st.floats(-np.pi, np.pi),
    st.booleans(),
)
def test_regions_are_apart_on_the_object_and_never_empty(
    length: float, width: float, height: float, yaw: float, aslant: bool
) -> None:
    scene = {"base_from_camera": ASLANT} if aslant else {}
    regions, frame = ground([Block((0.45, 0.0), (length, width, height), yaw=yaw)], **scene)
    mask = object_mask(frame)  # type: ignore[arg-type]
    assert regions.cells is None
    assert regions.source == "shape rule"
    for region in (regions.human_mask, regions.robot_mask):
        assert np.count_nonzero(region) >= 25
        assert not (region & ~mask).any()
    touching = np.argwhere(regions.human_mask)
    away = np.argwhere(regions.robot_mask)
    assert np.linalg.norm(touching[:, None] - away[None], axis=2).min() >= 2.0


@pytest.mark.parametrize("side", [-1, 1])
def test_a_small_handle_at_the_side_of_a_standing_cup_is_for_the_person(side: int) -> None:
    frame = table_frame([Block((0.45, 0.0), (0.07, 0.08, 0.10))], base_from_camera=ASLANT, noise_m=0.001)
    mask, depth = object_mask(frame).copy(), frame.depth_m.copy()
    rows, columns = np.nonzero(mask)
    top, tall = int(rows.min()), int(np.ptp(rows))
    handle = np.zeros_like(mask)
    edge = int(columns.max()) + 1 if side > 0 else int(columns.min()) - 8
    handle[top + tall // 4 : top + 3 * tall // 5, edge : edge + 8] = True
    depth[handle] = np.median(depth[mask])
    mask |= handle
    regions = ShapeGrounder().ground(
        dataclasses.replace(frame, depth_m=depth), Detection("cup", 1.0, (0, 0, 9, 9), mask, "test")
    )
    assert share(regions.human_mask, handle) > 0.7
    middle = columns.mean()
    assert side * (np.nonzero(regions.robot_mask)[1].mean() - middle) < 0.0


def test_the_same_frame_gives_the_same_regions() -> None:
    first, second = (ground(list(hammer(0.4)))[0] for _ in range(2))
    assert np.array_equal(first.human_mask, second.human_mask)
    assert np.array_equal(first.robot_mask, second.robot_mask)


def test_an_object_without_depth_is_refused() -> None:
    frame = table_frame(hammer())
    blind = dataclasses.replace(frame, depth_m=np.zeros_like(frame.depth_m))
    mask = object_mask(frame)
    with pytest.raises(RegionsNotFound, match="too little depth"):
        ShapeGrounder().ground(blind, Detection("hammer", 1.0, (0, 0, 9, 9), mask, "test"))


def test_a_detection_without_a_mask_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="segmented"):
        ShapeGrounder().ground(table_frame(hammer()), Detection("hammer", 1.0, (0, 0, 9, 9), None, "test"))
