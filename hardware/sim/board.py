"""A ChArUco board on the simulated table: an object like any other, with the print as its face's texture.

And the world it lies in, with the camera mounted a little differently from what the robot's model says, as on
every real robot; only `judge` compares an answer with the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hardware.calibration.board import Board
from hardware.calibration.solve import apart
from hardware.gen3.mjcf_shapes import text
from hardware.sim.build import SimulatedRobot, build_world
from hardware.sim.camera import intrinsics_of
from hardware.sim.model import camera_mount
from hardware.sim.objects import load_object
from hardware.sim.options import SimOptions, WristCameraOptions
from hardware.sim.scenario import ObjectPlacement, SceneSpec
from hardware.sim.scenery import TABLE_TOP_Z_M
from hardware.types import CameraIntrinsics, FloatArray

PLATE_M, SHEET_M = 0.004, 0.0005
"""A print glued onto a plate: bare paper does not lie flat."""
MARGIN_M = 0.012
PLATE_KG_M2 = 6.0
TEXEL_M = 0.0005
PAPER, INK = 235, 25
"""Grey of 255: printed black is not black, and paper not white."""
OFF_M, OFF_DEG = 0.008, 3.0
"""The camera's true place differs from the model's by up to this, along and about each axis."""
BOARD_X_M, BOARD_Y_M, BOARD_TURN_DEG = (0.38, 0.46), (-0.08, 0.08), 25.0
GREY_NOISE = 2.0
"""Standard deviation of the colour picture's noise, of 255: more than a small sensor has in room light."""
STILL_RAD = 1e-5
"""Joints that moved less show the same picture: 0.01 mm at the end of the arm."""

Judge = Callable[[FloatArray], tuple[float, float]]
"""flange_from_camera (4, 4) -> how far it is from the truth, in m and degrees."""


@dataclass(frozen=True)
class BoardWorld:
    """The robot before the board, what its colour camera sees, and the judge who alone knows the truth."""

    built: SimulatedRobot
    pictures: Pictures
    judge: Judge


class Pictures:
    """The colour camera's pictures, and nothing else of what a simulated camera knows.

    A picture is drawn again when the arm has moved; its noise is new each time.
    """

    def __init__(
        self, built: SimulatedRobot, serial: str, intrinsics: CameraIntrinsics, rng: np.random.Generator
    ) -> None:
        self.serial, self.intrinsics = serial, intrinsics
        self._robot, self._rng = built.robot, rng
        self._joints = np.full(7, np.inf)
        self._drawn: NDArray[np.uint8] | None = None

    def latest(self) -> NDArray[np.uint8]:
        """The picture (H, W, 3) of this moment."""
        joints = self._robot.arm.state().joints
        if self._drawn is None or np.max(np.abs(joints - self._joints)) > STILL_RAD:
            self._drawn, self._joints = self._robot.camera.latest(0.0).rgb, joints
        noise = self._rng.normal(0.0, GREY_NOISE, self._drawn.shape)
        return np.clip(np.round(self._drawn + noise), 0, 255).astype(np.uint8)


def board_world(board: Board, options: SimOptions, seed: int, *, displaced: bool = True) -> BoardWorld:
    """The arm at its start pose, the board before it and nobody there. With `displaced` the camera is not
    quite where `options` say; the same seed displaces it alike.
    """
    rng = np.random.default_rng(seed)
    options = replace(options, person=replace(options.person, present=False))
    mount = options.camera
    shift, turn = rng.uniform(-OFF_M, OFF_M, 3), rng.uniform(-OFF_DEG, OFF_DEG, 3)
    if displaced:
        mount = replace(
            mount,
            mount_xyz_m=_sum(mount.mount_xyz_m, shift),
            mount_rpy_deg=_sum(mount.mount_rpy_deg, turn),
        )
    truth = camera_mount(mount)
    place = np.array([rng.uniform(*BOARD_X_M), rng.uniform(*BOARD_Y_M), TABLE_TOP_Z_M])
    heading = np.pi / 2.0 + np.radians(rng.uniform(-BOARD_TURN_DEG, BOARD_TURN_DEG))
    quaternion = np.array([np.cos(heading / 2.0), 0.0, 0.0, np.sin(heading / 2.0)])
    with TemporaryDirectory(prefix="handover-board-") as folder:
        placement = ObjectPlacement(load_object(write_board(Path(folder), board)), place, quaternion)
        world_rng, noise_rng = rng.spawn(2)
        built = build_world(SceneSpec(placement), replace(options, camera=mount), world_rng)
    serial = f"simulated, seed {seed}" if displaced else "simulated"
    pictures = Pictures(built, serial, _intrinsics(mount), noise_rng)
    return BoardWorld(built, pictures, lambda found: apart(truth, found))


def _sum(a: tuple[float, float, float], b: FloatArray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in np.add(a, b))
    return x, y, z


def _intrinsics(options: WristCameraOptions) -> CameraIntrinsics:
    return intrinsics_of(options.width, options.height, options.focal_px)


def write_board(folder: Path, board: Board) -> Path:
    """The board as an object's MJCF file in `folder`, with its print beside it; returns the file.

    Body frame: the middle of the plate's underside, x to the print's right, y to its top, z up.
    """
    half = np.append(board.size_m / 2.0 + MARGIN_M, PLATE_M / 2.0)
    sheet = np.append(half[:2], SHEET_M / 2.0)
    picture = print_picture(board, sheet[:2] * 2.0)
    Image.fromarray(picture).convert("RGB").save(folder / "board.png")
    mass_kg = PLATE_KG_M2 * 4.0 * half[0] * half[1]
    file = folder / "board.xml"
    file.write_text(
        f"""<mujoco model="calibration board">
  <custom>
    <text name="label" data="calibration board"/>
    <text name="human_part" data="plate"/>
    <text name="robot_part" data="sheet"/>
  </custom>
  <asset>
    <texture name="print" type="2d" file="board.png"/>
    <material name="print" texture="print" specular="0" reflectance="0"/>
  </asset>
  <worldbody><body name="object">
    <geom name="plate_0" type="box" size="{text(half)}" pos="0 0 {half[2]:g}" mass="{mass_kg:g}"
      rgba="0.7 0.7 0.72 1"/>
    <geom name="sheet_0" type="box" size="{text(sheet)}" pos="0 0 {PLATE_M + sheet[2]:g}" mass="0.01"
      material="print"/>
  </body></worldbody>
</mujoco>
""",
        encoding="utf-8",
    )
    return file


def print_picture(board: Board, sheet_m: FloatArray) -> NDArray[np.uint8]:
    """The print on a sheet of `sheet_m` (2,), pattern in its middle (rows, columns), grey."""
    columns, rows = np.round(sheet_m / TEXEL_M).astype(int)
    # Middles of the texels, from the sheet's top left corner, then in modules of the pattern.
    x = ((np.arange(columns) + 0.5) / columns - 0.5) * sheet_m[0] + board.size_m[0] / 2.0
    y = ((np.arange(rows) + 0.5) / rows - 0.5) * sheet_m[1] + board.size_m[1] / 2.0
    black = np.pad(board.black(), 1)
    column = np.clip(np.floor(x / board.module_m).astype(int) + 1, 0, black.shape[1] - 1)
    row = np.clip(np.floor(y / board.module_m).astype(int) + 1, 0, black.shape[0] - 1)
    return np.where(black[np.ix_(row, column)], INK, PAPER).astype(np.uint8)
