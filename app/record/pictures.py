"""The pictures of a run: both regions, the ranked grasps and the handover point, from frozen values.

Pure functions from values to Pillow images; nothing here reads the blackboard or the robot.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from app.record.lettering import font
from hardware.geometry import inverse, transform
from hardware.types import FloatArray, RGBDFrame
from perception.types import HumanPose, Keypoint, Regions
from planning.types import Grasp, HandoverPose, Rejection

Colour = tuple[int, int, int]
HUMAN_COLOUR: Colour = (255, 140, 0)
ROBOT_COLOUR: Colour = (0, 150, 255)
BEST_COLOUR: Colour = (40, 220, 90)
REJECTED_COLOUR: Colour = (230, 40, 40)
INK: Colour = (35, 38, 45)
PAPER: Colour = (250, 250, 247)
SHOWN_GRASPS = 40
LIMBS = (
    (Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER),
    (Keypoint.LEFT_SHOULDER, Keypoint.LEFT_ELBOW),
    (Keypoint.LEFT_ELBOW, Keypoint.LEFT_WRIST),
    (Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_ELBOW),
    (Keypoint.RIGHT_ELBOW, Keypoint.RIGHT_WRIST),
    (Keypoint.LEFT_SHOULDER, Keypoint.LEFT_HIP),
    (Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_HIP),
    (Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP),
    (Keypoint.LEFT_SHOULDER, Keypoint.NOSE),
    (Keypoint.RIGHT_SHOULDER, Keypoint.NOSE),
)


def regions_picture(frame: RGBDFrame, regions: Regions) -> Image.Image:
    """The frame with the person's region in orange and the robot's in blue, and what decided them."""
    canvas = frame.rgb.astype(np.float32)
    for mask, colour in ((regions.human_mask, HUMAN_COLOUR), (regions.robot_mask, ROBOT_COLOUR)):
        canvas[mask] = 0.45 * canvas[mask] + 0.55 * np.array(colour, dtype=np.float32)
    image = Image.fromarray(canvas.astype(np.uint8))
    cells = regions.cells
    named = "" if cells is None else f" (cells: person {list(cells.human)}, robot {list(cells.robot)})"
    _caption(
        image,
        [
            (f"person's region, robot's region; decided by {regions.source}{named}", PAPER),
            ("person", HUMAN_COLOUR),
            ("robot", ROBOT_COLOUR),
        ],
    )
    return image


def grasps_picture(
    frame: RGBDFrame, ranked: Sequence[Grasp], rejected: Sequence[Rejection], chosen: Grasp | None
) -> Image.Image:
    """The frame with ranked grasps (dark = better), rejected ones crossed out, the chosen one green."""
    image = Image.fromarray(frame.rgb)
    draw = ImageDraw.Draw(image)
    camera_from_base = inverse(frame.base_from_camera)
    shown = list(ranked[:SHOWN_GRASPS])
    for rank in range(len(shown) - 1, -1, -1):
        shade = int(90 + 150 * rank / max(len(shown) - 1, 1))
        _draw_gripper(draw, frame, camera_from_base, shown[rank], (shade, shade, 255), 1)
    for rejection in rejected:
        spot = _project(frame, camera_from_base, rejection.contact)[0]
        for dx, dy in ((4, 4), (4, -4)):
            draw.line((spot[0] - dx, spot[1] - dy, spot[0] + dx, spot[1] + dy), REJECTED_COLOUR, 2)
    if chosen is not None:
        _draw_gripper(draw, frame, camera_from_base, chosen, BEST_COLOUR, 3)
    _caption(
        image,
        [
            (f"{len(ranked)} ranked grasps (dark = better)", PAPER),
            ("chosen", BEST_COLOUR),
            (f"{len(rejected)} rejected", REJECTED_COLOUR),
        ],
    )
    return image


def handover_picture(human: HumanPose | None, handover: HandoverPose) -> Image.Image:
    """Side view (towards the person) and top view of person, handover point and gripper, in metres."""
    image = Image.new("RGB", (960, 480), PAPER)
    draw = ImageDraw.Draw(image)
    point = handover.hand_point
    heading = np.arctan2(point[1], point[0])
    ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
    left = np.array([-np.sin(heading), np.cos(heading), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    panels = (("side view", ahead, up, (40, 330)), ("top view", ahead, left, (520, 250)))
    for title, right, rise, origin in panels:
        _draw_panel(draw, title, human, handover, right, rise, origin)
    draw.text((12, 452), handover.description, INK, font(16))
    return image


def _draw_panel(
    draw: ImageDraw.ImageDraw,
    title: str,
    human: HumanPose | None,
    handover: HandoverPose,
    right: FloatArray,
    rise: FloatArray,
    origin: tuple[int, int],
) -> None:
    scale = 235.0

    def spot(p: FloatArray) -> tuple[float, float]:
        return origin[0] + scale * float(p @ right), origin[1] - scale * float(p @ rise)

    draw.text((origin[0] - 28, 12), f"{title} (grid 0.25 m)", INK, font(16))
    for step in range(8):
        x = origin[0] + step * 0.25 * scale
        draw.line((x, 40, x, 440), (226, 226, 220), 1)
    for step in range(-6, 6):
        y = origin[1] + step * 0.25 * scale
        if 40 <= y <= 440:
            draw.line((origin[0], y, origin[0] + 7 * 0.25 * scale, y), (226, 226, 220), 1)
    base = spot(np.zeros(3))
    draw.rectangle((base[0] - 9, base[1] - 9, base[0] + 9, base[1] + 9), INK)
    if human is not None:
        for a, b in LIMBS:
            ends = human.joints[[a, b]]
            if np.all(np.isfinite(ends)):
                draw.line((*spot(ends[0]), *spot(ends[1])), HUMAN_COLOUR, 5)
    tcp = handover.goal.base_from_tcp
    stem, origin_px = spot(transform(tcp, (0.0, 0.0, -0.15))), spot(tcp[:3, 3])
    draw.line((*stem, *origin_px), ROBOT_COLOUR, 6)
    x, y = spot(handover.hand_point)
    draw.ellipse((x - 7, y - 7, x + 7, y + 7), outline=REJECTED_COLOUR, width=3)


def _draw_gripper(
    draw: ImageDraw.ImageDraw,
    frame: RGBDFrame,
    camera_from_base: FloatArray,
    grasp: Grasp,
    colour: Colour,
    width: int,
) -> None:
    half = grasp.width_m / 2.0
    tool = np.array(
        [(-half, 0, 0), (-half, 0, -0.04), (half, 0, -0.04), (half, 0, 0), (0, 0, -0.04), (0, 0, -0.08)]
    )
    spots = _project(frame, camera_from_base, transform(grasp.base_from_tcp, tool))
    draw.line([tuple(p) for p in spots[:4]], colour, width)
    draw.line([tuple(p) for p in spots[4:]], colour, width)


def _project(frame: RGBDFrame, camera_from_base: FloatArray, points: FloatArray) -> FloatArray:
    seen = np.atleast_2d(transform(camera_from_base, points))
    depth = np.maximum(seen[:, 2], 1e-3)
    k = frame.intrinsics
    return np.stack([k.fx * seen[:, 0] / depth + k.cx, k.fy * seen[:, 1] / depth + k.cy], axis=1)


def _caption(image: Image.Image, words: Sequence[tuple[str, Colour]]) -> None:
    draw = ImageDraw.Draw(image)
    letters = font(max(13, image.height // 32))
    x, y = 8.0, 6.0
    for text, colour in words:
        left, top, right, bottom = draw.textbbox((x, y), text, font=letters)
        if right > image.width - 8 and x > 8:
            x, y = 8.0, y + (bottom - top) + 10
            left, top, right, bottom = draw.textbbox((x, y), text, font=letters)
        draw.rectangle((left - 4, top - 3, right + 4, bottom + 3), INK)
        draw.text((x, y), text, colour, letters)
        x = right + 14
