"""One-view clouds of simple shapes on a table, and views of them, made with numpy alone."""

from __future__ import annotations

import numpy as np

from hardware.geometry import pose, transform
from hardware.types import CameraIntrinsics, FloatArray, RGBDFrame
from planning.types import GraspView

TABLE_Z_M = -0.08
EYE = np.array([0.15, 0.0, 0.42])
"""Where the camera stands: 0.5 m over the table, 0.3 m behind the object, so 30 degrees off vertical."""
_FOCAL_PX = 600.0


def box(
    size: tuple[float, float, float], centre: tuple[float, float, float], step: float = 0.001
) -> FloatArray:
    """Points on the surface of an upright box, its centre given with z over the table."""
    half = np.array(size) / 2.0
    axes = [np.linspace(-h, h, max(int(2 * h / step), 2)) for h in half]
    faces = []
    for i in range(3):
        a, b = (axes[j] for j in range(3) if j != i)
        grid = np.stack(np.meshgrid(a, b, indexing="ij"), axis=-1).reshape(-1, 2)
        for side in (-half[i], half[i]):
            faces.append(np.insert(grid, i, side, axis=1))
    return np.concatenate(faces) + np.array(centre) + (0.0, 0.0, TABLE_Z_M)


def tube(radius: float, height: float, centre: tuple[float, float, float], step: float = 0.001) -> FloatArray:
    """Points on the wall of an upright tube that stands at `centre` (z over the table)."""
    angles = np.linspace(0.0, 2.0 * np.pi, int(2.0 * np.pi * radius / step), endpoint=False)
    grid = np.stack(np.meshgrid(angles, np.linspace(0.0, height, int(height / step)), indexing="ij"), -1)
    angle, z = grid.reshape(-1, 2).T
    wall = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
    return wall + np.array(centre) + (0.0, 0.0, TABLE_Z_M)


def disc(radius: float, centre: tuple[float, float, float], step: float = 0.001) -> FloatArray:
    """Points on a level disc."""
    axis = np.arange(-radius, radius, step)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    grid = grid[np.hypot(grid[:, 0], grid[:, 1]) <= radius]
    return np.insert(grid, 2, 0.0, axis=1) + np.array(centre) + (0.0, 0.0, TABLE_Z_M)


def seen(
    points: FloatArray, rng: np.random.Generator, noise_m: float = 0.001, eye: FloatArray = EYE
) -> FloatArray:
    """What a camera at `eye` sees of the points: the nearest of every second pixel, with depth noise."""
    forward = points.mean(axis=0) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    camera = (points - eye) @ np.stack([right, np.cross(forward, right), forward], axis=1)
    pixels = np.round(_FOCAL_PX / 2.0 * camera[:, :2] / camera[:, 2:]).astype(int)
    order = np.argsort(camera[:, 2])
    first = order[np.unique(pixels[order], axis=0, return_index=True)[1]]
    ways = points[first] - eye
    lengths = np.linalg.norm(ways, axis=1, keepdims=True)
    return eye + ways * (1.0 + rng.normal(0.0, noise_m, lengths.shape) / lengths)


def yawed(points: FloatArray, yaw_rad: float, at: tuple[float, float] = (0.45, 0.0)) -> FloatArray:
    """The points turned about the vertical and moved to a place on the table."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    return transform(pose([[c, -s, 0], [s, c, 0], [0, 0, 1]], (*at, 0.0)), points)


def view_of(
    points: FloatArray, robot: FloatArray, human: FloatArray, scene: FloatArray | None = None
) -> GraspView:
    """A GraspView of given clouds; its picture is empty."""
    size = (4, 4)
    frame = RGBDFrame(
        np.zeros((*size, 3), np.uint8),
        np.zeros(size, np.float32),
        CameraIntrinsics(4, 4, 1.0, 1.0, 2.0, 2.0),
        np.eye(4),
        0.0,
        0,
        "synthetic",
    )
    scene = np.zeros((0, 3)) if scene is None else scene
    return GraspView(frame, np.ones(size, dtype=bool), points, scene, robot, human, TABLE_Z_M)


def hammer(
    rng: np.random.Generator, yaw_rad: float = 0.3, at: tuple[float, float] = (0.45, 0.0)
) -> GraspView:
    """A hammer on its side: handle 250 x 25 x 25 mm toward +x, head 30 x 100 x 28 mm at the -x end."""
    return _two_part(
        box((0.25, 0.025, 0.025), (0.07, 0.0, 0.014)),
        box((0.03, 0.10, 0.028), (-0.07, 0.0, 0.014)),
        -0.02,
        yaw_rad,
        at,
        rng,
    )


def bar(
    rng: np.random.Generator, yaw_rad: float = 0.3, size: tuple[float, float, float] = (0.20, 0.03, 0.03)
) -> GraspView:
    """A bar along x; the person's half is the one at +x."""
    return _two_part(box(size, (0.0, 0.0, size[2] / 2)), np.zeros((0, 3)), 0.0, yaw_rad, (0.45, 0.0), rng)


def mug(rng: np.random.Generator, yaw_rad: float = 0.3) -> GraspView:
    """A mug of 80 mm, wall 4 mm, 95 mm high, its handle (the person's part) toward +x."""
    body = np.concatenate(
        [tube(0.040, 0.095, (0, 0, 0)), tube(0.036, 0.090, (0, 0, 0.005)), disc(0.036, (0, 0, 0.005))]
    )
    rim = np.concatenate([tube(r, 0.001, (0, 0, 0.094)) for r in np.arange(0.036, 0.040, 0.001)])
    handle = np.concatenate(
        [
            box((0.03, 0.012, 0.010), (0.055, 0, 0.075)),
            box((0.03, 0.012, 0.010), (0.055, 0, 0.025)),
            box((0.010, 0.012, 0.06), (0.07, 0, 0.05)),
        ]
    )
    return _two_part(np.concatenate([body, rim]), handle, 0.042, yaw_rad, (0.45, 0.0), rng)


def bottle(rng: np.random.Generator, at: tuple[float, float] = (0.45, 0.0)) -> GraspView:
    """A bottle that stands: body 60 mm across and 150 mm high (the person's part), cap 40 mm, 50 mm high."""
    body = np.concatenate([tube(0.030, 0.150, (0, 0, 0)), disc(0.030, (0, 0, 0.150))])
    cap = np.concatenate([tube(0.020, 0.050, (0, 0, 0.150)), disc(0.020, (0, 0, 0.200))])
    cloud = seen(yawed(np.concatenate([body, cap]), 0.0, at), rng)
    high = cloud[:, 2] - TABLE_Z_M > 0.152
    # Of the person's part a grounder marks the upper half, which shows best.
    return view_of(cloud, cloud[high], cloud[~high & (cloud[:, 2] - TABLE_Z_M > 0.06)])


def _two_part(
    first: FloatArray,
    second: FloatArray,
    border_x: float,
    yaw_rad: float,
    at: tuple[float, float],
    rng: np.random.Generator,
) -> GraspView:
    """The person's part is what lies beyond x = border_x before turning."""
    cloud = seen(yawed(np.concatenate([first, second]), yaw_rad, at), rng)
    x = (cloud[:, 0] - at[0]) * np.cos(yaw_rad) + (cloud[:, 1] - at[1]) * np.sin(yaw_rad)
    return view_of(cloud, cloud[x <= border_x], cloud[x > border_x])
