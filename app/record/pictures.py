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
FIRST_COLOUR: Colour = (40, 20, 150)
LAST_COLOUR: Colour = (190, 180, 255)
SHOWN_GRASPS = 40
ENLARGED_PX, MARGIN, LEAST_SHARE = 848, 1.6, 0.25
"""How wide the picture of the grasps is drawn, how much of the scene it shows around them, and at least."""
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
    """Ranked grasps (dark = better), rejected ones crossed out, the chosen one green, enlarged."""
    camera_from_base = inverse(frame.base_from_camera)
    shown = list(ranked[:SHOWN_GRASPS])
    drawn = [*shown, *([chosen] if chosen is not None else [])]
    tools = [_project(frame, camera_from_base, transform(g.base_from_tcp, _tool(g.width_m))) for g in drawn]
    crosses = [_project(frame, camera_from_base, rejection.contact) for rejection in rejected]
    box = _surroundings(frame, [*tools, *crosses])
    scale = ENLARGED_PX / (box[2] - box[0])
    image = Image.fromarray(frame.rgb).crop(box)
    image = image.resize((ENLARGED_PX, round(scale * image.height)), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)

    def placed(spots: FloatArray) -> FloatArray:
        return scale * (spots - np.array(box[:2]))

    for rank in range(len(shown) - 1, -1, -1):
        share = rank / max(len(shown) - 1, 1)
        shade = tuple(round(a + share * (b - a)) for a, b in zip(FIRST_COLOUR, LAST_COLOUR, strict=True))
        _draw_tool(draw, placed(tools[rank]), (shade[0], shade[1], shade[2]), 2)
    for cross in crosses:
        x, y = placed(cross)[0]
        for rise in (6, -6):
            draw.line((x - 6, y - rise, x + 6, y + rise), REJECTED_COLOUR, 3)
    if chosen is not None:
        _draw_tool(draw, placed(tools[-1]), BEST_COLOUR, 5)
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
    legend = (
        ("robot's base", INK),
        ("gripper", ROBOT_COLOUR),
        ("where the hand takes it", REJECTED_COLOUR),
        ("person" if human is not None else "nobody seen", HUMAN_COLOUR),
    )
    x = 12.0
    for words, colour in legend:
        draw.rectangle((x, 456, x + 12, 468), colour)
        draw.text((x + 18, 453), words, INK, font(15))
        x += 42 + draw.textlength(words, font=font(15))
    draw.text((x, 453), handover.description, INK, font(15))
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


def _tool(width_m: float) -> FloatArray:
    """The gripper as lines: the fingers and what joins them (4 points), the stem (2), in its own frame."""
    half = width_m / 2.0
    return np.array(
        [(-half, 0, 0), (-half, 0, -0.04), (half, 0, -0.04), (half, 0, 0), (0, 0, -0.04), (0, 0, -0.08)]
    )


def _draw_tool(draw: ImageDraw.ImageDraw, spots: FloatArray, colour: Colour, width: int) -> None:
    draw.line([tuple(p) for p in spots[:4]], colour, width, joint="curve")
    draw.line([tuple(p) for p in spots[4:]], colour, width)


def _surroundings(frame: RGBDFrame, spots: Sequence[FloatArray]) -> tuple[int, int, int, int]:
    """The part of the picture around `spots`, in the picture's own proportions and inside it."""
    width, height = frame.intrinsics.width, frame.intrinsics.height
    inside = (
        np.clip(np.concatenate(spots), 0, (width, height)) if spots else np.array([[0, 0], [width, height]])
    )
    low, high = inside.min(axis=0), inside.max(axis=0)
    share = min(1.0, max(LEAST_SHARE, *(MARGIN * (high - low) / (width, height))))
    size = np.array([share * width, share * height])
    corner = np.clip((low + high - size) / 2.0, 0.0, (width, height) - size)
    x0, y0, x1, y1 = np.round([*corner, *(corner + size)]).astype(int)
    return int(x0), int(y0), int(x1), int(y1)


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
