"""Small rendered scenes: flat shapes on a table, seen from straight above or from the side, with their
truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hardware.geometry import inverse, pose, transform
from hardware.types import CameraIntrinsics, InstanceTruth, RGBDFrame, SceneTruth

WIDTH, HEIGHT, FOCAL = 320, 240, 300.0
INTRINSICS = CameraIntrinsics(WIDTH, HEIGHT, FOCAL, FOCAL, WIDTH / 2, HEIGHT / 2)
TABLE_Z = -0.08
TABLE_RGB, FLOOR_Z = (190, 160, 120), -0.83
FROM_ABOVE = pose([[0, -1, 0], [-1, 0, 0], [0, 0, -1]], (0.45, 0.0, 0.42))
"""Half a metre above the table; the picture's top is +x, its right -y."""


@dataclass(frozen=True)
class Block:
    """An upright box on the table: middle (x, y), size (x, y, z), turned by `yaw`, one part of an object."""

    middle: tuple[float, float]
    size: tuple[float, float, float]
    rgb: tuple[int, int, int] = (200, 30, 30)
    part: str = "body"
    number: int = 1
    yaw: float = 0.0


def table_frame(
    blocks: Sequence[Block] = (),
    *,
    base_from_camera: np.ndarray = FROM_ABOVE,
    human_part: str = "handle",
    robot_part: str = "head",
    labels: dict[int, str] | None = None,
    noise_m: float = 0.0,
    stamp_s: float = 1.0,
    rng: np.random.Generator | None = None,
) -> RGBDFrame:
    """A frame of `blocks` on a table, with truth; every block is drawn where its surface hides what lies
    behind.
    """
    rng = rng or np.random.default_rng(0)
    origin = base_from_camera[:3, 3]
    u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    rays = np.stack([(u - WIDTH / 2) / FOCAL, (v - HEIGHT / 2) / FOCAL, np.ones(u.shape)], axis=-1)
    world = rays @ base_from_camera[:3, :3].T
    down = np.where(world[..., 2] < -1e-6, world[..., 2], np.nan)
    depth = (TABLE_Z - origin[2]) / down
    depth = np.where(np.isfinite(depth) & (depth < 5.0), depth, 0.0)
    rgb = np.full((HEIGHT, WIDTH, 3), TABLE_RGB, dtype=np.uint8)
    instances, parts = np.zeros(u.shape, np.int32), np.zeros(u.shape, np.int32)
    names = {part: i + 1 for i, part in enumerate(dict.fromkeys(block.part for block in blocks))}
    for block in blocks:
        base_from_block = pose(
            [
                [np.cos(block.yaw), -np.sin(block.yaw), 0],
                [np.sin(block.yaw), np.cos(block.yaw), 0],
                [0, 0, 1],
            ],
            (*block.middle, TABLE_Z + block.size[2] / 2),
        )
        start = transform(inverse(base_from_block), origin)
        slope = world @ base_from_block[:3, :3]
        with np.errstate(divide="ignore", invalid="ignore"):
            sides = np.stack([(s * np.array(block.size) / 2 - start) / slope for s in (-1, 1)])
        near, far = np.nanmax(sides.min(axis=0), axis=-1), np.nanmin(sides.max(axis=0), axis=-1)
        hit = (near < far) & (near > 0) & ((depth == 0.0) | (near < depth - 1e-9))
        depth = np.where(hit, near, depth)
        rgb[hit], instances[hit], parts[hit] = block.rgb, block.number, names[block.part]
    depth = np.where(depth > 0, depth + rng.normal(0.0, noise_m, depth.shape), 0.0)
    objects = {
        number: InstanceTruth(
            f"object{number}",
            (labels or {}).get(number, "tool"),
            {i: name for name, i in names.items()},
            human_part,
            robot_part,
        )
        for number in sorted({block.number for block in blocks})
    }
    truth = SceneTruth(instances, parts, objects, np.full((17, 3), np.nan), np.zeros(17, dtype=np.bool_))
    return RGBDFrame(rgb, depth.astype(np.float32), INTRINSICS, base_from_camera, stamp_s, 1, "test", truth)


def hammer(yaw: float = 0.0, middle: tuple[float, float] = (0.45, 0.0)) -> tuple[Block, Block]:
    """A head across a handle; the head lies at +x of the handle for yaw 0."""
    along = np.array([np.cos(yaw), np.sin(yaw)])
    head = np.array(middle) + 0.10 * along
    handle = np.array(middle) - 0.015 * along
    return (
        Block((float(head[0]), float(head[1])), (0.03, 0.10, 0.03), (90, 90, 100), "head", yaw=yaw),
        Block((float(handle[0]), float(handle[1])), (0.20, 0.028, 0.025), (200, 80, 20), "handle", yaw=yaw),
    )


def object_mask(frame: RGBDFrame, number: int = 1) -> np.ndarray:
    """The visible pixels of one object."""
    assert frame.truth is not None
    return np.asarray(frame.truth.instances == number)


def part_mask(frame: RGBDFrame, part: str) -> np.ndarray:
    """The visible pixels of a named part."""
    assert frame.truth is not None
    ids = [i for truth in frame.truth.objects.values() for i, name in truth.parts.items() if name == part]
    return np.isin(frame.truth.parts, ids)
