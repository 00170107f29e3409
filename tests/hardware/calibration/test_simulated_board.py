"""The board on the simulated table: the real detector finds it in pictures the ray renderer draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest

from hardware.calibration.board import Board
from hardware.calibration.detector import BoardDetector
from hardware.calibration.solve import apart
from hardware.geometry import inverse, pose
from hardware.sim.board import INK, OFF_DEG, OFF_M, PAPER, BoardWorld, Pictures, board_world, print_picture
from hardware.sim.model import camera_mount
from hardware.sim.objects import load_object
from hardware.sim.options import SimOptions, WristCameraOptions
from hardware.sim.texture import Texture, textures
from hardware.types import FloatArray
from tests.hardware.calibration.synthetic import BOARD
from tests.hardware.simulated import TABLE_VIEW

SMALL = WristCameraOptions(width=424, height=240, focal_px=302.9)
OPTIONS = SimOptions(start_deg=tuple(np.degrees(TABLE_VIEW)), camera=SMALL)


@pytest.fixture(scope="module")
def world() -> BoardWorld:
    return board_world(BOARD, OPTIONS, 0)


def base_from_board(world: BoardWorld) -> FloatArray:
    """Where the print's top left corner is in truth."""
    model, data = world.built.world.model, world.built.world.data
    sheet = next(g for g in range(model.ngeom) if model.geom(g).name.endswith("sheet_0"))
    rotation = data.geom_xmat[sheet].reshape(3, 3)
    top = data.geom_xpos[sheet] + rotation @ [0.0, 0.0, model.geom_size[sheet, 2]]
    board = pose(rotation @ np.diag([1.0, -1.0, -1.0]), top)
    return board @ pose(translation=-BOARD.middle)


def test_the_detector_finds_the_board_where_physics_has_it() -> None:
    world = board_world(BOARD, replace(OPTIONS, camera=WristCameraOptions()), 0)
    frame = world.built.robot.camera.latest(0.0)
    pictures = [world.pictures.latest() for _ in range(5)]
    seen = BoardDetector(BOARD, world.pictures.intrinsics).sighting(pictures)
    metres, degrees = apart(inverse(frame.base_from_camera) @ base_from_board(world), seen.camera_from_board)
    assert len(seen.points) >= 16
    assert metres < 0.003  # from 0.6 m, with a pixel of 1 mm
    assert degrees < 0.5


def test_pictures_of_a_standing_camera_differ_by_noise_only(world: BoardWorld) -> None:
    first, second = world.pictures.latest().astype(int), world.pictures.latest().astype(int)
    difference = (first - second)[50:150, 100:300]
    assert 1.5 < difference.std() < 4.5
    assert abs(difference.mean()) < 0.1


def test_what_sees_the_pictures_cannot_see_where_the_camera_is(world: BoardWorld) -> None:
    shown = {name for name in dir(world.pictures) if not name.startswith("_")}
    assert shown == {"intrinsics", "latest", "serial"}
    assert isinstance(world.pictures, Pictures)
    assert type(world.pictures.latest()) is np.ndarray


def test_the_camera_is_not_quite_where_the_model_has_it() -> None:
    nominal = camera_mount(SMALL)
    metres, degrees = board_world(BOARD, OPTIONS, 3).judge(nominal)
    assert 0.001 < metres < np.sqrt(3.0) * OFF_M
    assert 0.3 < degrees < np.sqrt(3.0) * OFF_DEG
    same = board_world(BOARD, OPTIONS, 3)
    assert same.judge(nominal) == (metres, degrees)
    assert board_world(BOARD, OPTIONS, 3, displaced=False).judge(nominal) == (0.0, 0.0)
    assert board_world(BOARD, OPTIONS, 4).judge(nominal) != (metres, degrees)


def test_the_mount_turns_about_the_pictures_own_axes() -> None:
    turned = camera_mount(replace(SMALL, mount_rpy_deg=(0.0, 0.0, 90.0)))
    # Rolled by a quarter turn the picture's right lies where its bottom was: along the flange's -y.
    np.testing.assert_allclose(turned[:3, 0], [0.0, -1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(turned[:3, 2], [0.0, 0.0, 1.0], atol=1e-12)
    pitched = camera_mount(replace(SMALL, mount_rpy_deg=(30.0, 0.0, 0.0)))
    np.testing.assert_allclose(pitched[:3, 0], [-1.0, 0.0, 0.0], atol=1e-12)


def test_the_print_has_the_pattern_in_its_middle() -> None:
    board = Board(3, 3, 0.02, "4x4_50")
    picture = print_picture(board, np.array([0.08, 0.08]))
    assert picture.shape == (160, 160)
    assert picture[5, 5] == PAPER  # margin
    assert picture[22, 22] == INK  # the first square is black
    black = board.black()
    middles = 20 + 5 * np.arange(24) + 2
    np.testing.assert_array_equal(picture[np.ix_(middles, middles)] == INK, black)


def test_a_texture_lies_on_a_box_as_mujoco_lays_it() -> None:
    picture = np.zeros((2, 2, 3))
    picture[0, 1] = 1.0  # top right
    texture = Texture(picture, np.array([0.1, 0.2]))
    corners = np.array([[0.09, 0.19, 0.0], [-0.09, 0.19, 0.0], [0.09, -0.19, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(texture.colour(corners)[:, 0], [1.0, 0.0, 0.0, 0.25])


def test_only_boxes_covered_once_by_a_flat_texture_have_one(tmp_path: Path) -> None:
    def model(kind: str, repeat: str) -> mujoco.MjModel:
        return mujoco.MjModel.from_xml_string(f"""<mujoco><asset>
          <texture name="t" type="2d" builtin="checker" width="4" height="4" rgb1="1 0 0" rgb2="0 0 1"/>
          <material name="m" texture="t" texrepeat="{repeat}"/></asset>
          <worldbody><geom type="{kind}" size="0.1 0.1 0.1" material="m"/></worldbody></mujoco>""")

    assert set(textures(model("box", "1 1"))) == {0}
    assert not textures(model("box", "2 1"))
    assert not textures(model("ellipsoid", "1 1"))


def test_the_board_is_an_object_like_any_other(tmp_path: Path) -> None:
    from hardware.sim.board import write_board

    thing = load_object(write_board(tmp_path, BOARD))
    assert thing.label == "calibration board"
    assert 0.2 < thing.mass_kg < 0.6
