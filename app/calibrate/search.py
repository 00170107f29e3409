"""Finds the board on the table, and the poses to look at it from."""

from __future__ import annotations

import numpy as np

from app.calibrate.devices import CalibrationDevices
from app.calibrate.tour import Tour
from app.errors import UsageError
from app.options import Config
from hardware.calibration.board import Board
from hardware.calibration.errors import BoardNotSeen, OutOfReach
from hardware.calibration.poses import dome, looking, most_different, shortest_round
from hardware.geometry import transform, unit
from hardware.types import FloatArray

LOOK_FROM_M = (0.45, 0.40, 0.50, 0.35, 0.55)
"""Over a place that was named."""
LOOK_BACK_M = 0.12
"""The first look stands back toward the base by this, so that the arm reaches."""
TRIES = 4
"""Poses proposed per pose wanted: some are out of reach; of the others those that differ most are taken."""


def find_board(
    tour: Tour, devices: CalibrationDevices, board: Board, config: Config, at: tuple[float, float] | None
) -> FloatArray:
    """base_from_board (4, 4), good to a centimetre or two, from a first look with the model's camera mount.

    at: the middle of the board on the table (m, base frame), where the user named it. Raises BoardNotSeen,
    UsageError for a place the arm cannot look at.
    """
    if at is None:
        stops: list[FloatArray] = [np.radians(joints) for joints in config.tree.views.table_deg]
    else:
        stops = _over(tour, np.array([*at, config.scene.table_top_z_m]))
        if not stops:
            raise UsageError(f"--board-at {at[0]:g} {at[1]:g}: the arm cannot look at that place from above")
    view = tour.first_look(stops)
    if view is None:
        raise BoardNotSeen(len(stops), str(board))
    return view.base_from_board(devices.model_mount)


def stops_around(
    tour: Tour,
    devices: CalibrationDevices,
    board: Board,
    base_from_board: FloatArray,
    count: int,
    rng: np.random.Generator,
    least: int,
    in_order: bool = True,
) -> list[FloatArray]:
    """Joints (7,) of up to `count` stops that differ most in rotation, in the order to visit them; without
    `in_order` the two that differ most come first.

    Raises OutOfReach where fewer than `least` are within reach.
    """
    place = transform(base_from_board, board.middle)
    up = unit(np.array([place[0], place[1], 0.0])) if np.linalg.norm(place[:2]) > 0.05 else np.eye(3)[0]
    proposed = dome(base_from_board, board.corners, devices.camera.intrinsics, rng, TRIES * count, up)
    reached = [(camera, joints) for camera in proposed if (joints := tour.reach(camera)) is not None]
    if len(reached) < least:
        raise OutOfReach(len(reached), least, place)
    taken = most_different([camera for camera, _ in reached], count)
    stops = [reached[i][1] for i in taken]
    return [stops[i] for i in shortest_round(tour.joints, stops)] if in_order else stops


def _over(tour: Tour, place: FloatArray) -> list[FloatArray]:
    """Joints (7,) that look at a place (3,) from over it, standing back a little."""
    outward = unit(np.array([place[0], place[1], 0.0]))
    stops = []
    for height_m in LOOK_FROM_M:
        eye = place - LOOK_BACK_M * outward + np.array([0.0, 0.0, height_m])
        if (joints := tour.reach(looking(eye, place, outward))) is not None:
            stops.append(joints)
    return stops
