"""Takes the arm round the board: one slow, collision-free motion after the other, and a look at each stop.

Guarantees:
1. On a real robot nothing moves before a person has said yes.
2. Every motion is planned with the table in the way, at half speed, and ends at rest.
3. Every motion passes the safety governor, as a run's does, and is stopped where it takes too long.
4. A stop counts when the arm stood still from before its first picture until after its last.
5. However a tour ends, the arm is told to stop and seen at rest before the connection closes; a second Ctrl-C
   meanwhile is the emergency stop. The gripper is never moved. What ended the tour is what is raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np
from numpy.typing import NDArray
from py_trees.blackboard import Blackboard

from app.calibrate.devices import CalibrationDevices
from app.options import Config
from app.signals import StopSignals
from hardware.calibration.board import Board
from hardware.calibration.detector import BoardDetector
from hardware.calibration.errors import Unclear
from hardware.calibration.views import View
from hardware.errors import HardwareError, StaleData
from hardware.gen3.gripper import flange_from_tcp
from hardware.gen3.kinematics import flange_pose
from hardware.geometry import inverse
from hardware.robot import Robot
from hardware.types import FloatArray
from planning.errors import Unreachable
from planning.scene import build_scene
from planning.types import ToolGoal

SPEED_SHARE = 0.5
SETTLE_S = 0.5
"""After the arm has come to rest: the last swing of a long arm."""
BETWEEN_S = 0.05
"""Between two pictures, so that each is a new one (30 per second)."""
POLL_S = 0.02
STILL_RAD = float(np.radians(0.02))
"""Joints that read within this stood still; 0.02 degrees of the first joint are 0.2 mm at the board."""
AT_REST_RAD_S, REST_S = 0.01, 3.0

logger = logging.getLogger(__name__)


@contextmanager
def touring(
    devices: CalibrationDevices, board: Board, config: Config, pictures: int, agree: Callable[[], None]
) -> Iterator[Tour]:
    """The robot connected, and a tour with it; raises Interrupted in here at the first Ctrl-C.

    agree: called once, before the first motion; raises where the arm may not move.
    """
    Blackboard.clear()  # where the governor looks for a person: one of an earlier run is none of this tour's
    robot = devices.robot
    signals = StopSignals(robot.arm.emergency_stop)
    with signals, robot:
        try:
            yield Tour(devices, board, config, pictures, agree)
        except BaseException:
            signals.ending = True
            for fault in _held(robot, signals, config.run.hold_s):
                logger.error("at the end of the tour %s", fault)
            raise
        signals.ending = True
        if faults := _held(robot, signals, config.run.hold_s):
            raise HardwareError(f"at the end of the tour {'; '.join(faults)}")


def _held(robot: Robot, signals: StopSignals, hold_s: float) -> list[str]:
    """Stop the arm and see it at rest, for as long as the emergency stop is on offer after a signal; what
    went wrong meanwhile. An arm that cannot be read may move.
    """
    faults = []
    try:
        robot.arm.stop()
    except HardwareError as error:
        faults.append(f"the arm could not be stopped: {error}")
    until_s = robot.clock.now() + hold_s
    moves = _why_not_at_rest(robot)
    while robot.clock.now() < until_s and (signals.received or moves):
        robot.clock.sleep(POLL_S)
        moves = _why_not_at_rest(robot)
    return [*faults, moves] if moves else faults


class Tour:
    """The arm's way from stop to stop."""

    def __init__(
        self,
        devices: CalibrationDevices,
        board: Board,
        config: Config,
        pictures: int,
        agree: Callable[[], None],
    ) -> None:
        self._devices, self._pictures, self._agree = devices, pictures, agree
        self._motion_s = config.tree.deadlines.motion_s
        self._robot, self._asked = devices.robot, False
        self._width_m = self._robot.gripper.state().width_m
        self._scene = build_scene(config.scene, gripper_width_m=self._width_m)
        self._detector = BoardDetector(board, devices.camera.intrinsics)

    @property
    def joints(self) -> FloatArray:
        """Where the arm is (7,)."""
        return self._robot.arm.state().joints

    def reach(self, base_from_camera: FloatArray) -> FloatArray | None:
        """Joints (7,) that put the camera about there by the robot's model; None where it cannot go."""
        flange = base_from_camera @ inverse(self._devices.model_mount)
        goal = ToolGoal(flange @ flange_from_tcp(self._width_m), self._width_m)
        try:
            return self._devices.planner.reach(goal, self._scene, self.joints)
        except Unreachable:
            return None

    def go(self, joints: FloatArray) -> bool:
        """Move to joints (7,); False where no motion leads there. Raises HardwareError where it fails."""
        try:
            way = self._devices.planner.plan_joints(self.joints, joints, self._scene, SPEED_SHARE)
        except Unreachable:
            return False
        if not self._asked:
            self._agree()
            self._asked = True
        motion, clock = self._robot.arm.follow(way), self._robot.clock
        until_s = clock.now() + self._motion_s
        while (status := motion.poll()).running:
            if clock.now() > until_s:
                motion.cancel()
                raise HardwareError(f"the arm did not get to the next pose within {self._motion_s:g} s")
            clock.sleep(POLL_S)
        if not status.succeeded:
            raise HardwareError(f"the arm did not get to the next pose: {status.reason}")
        return True

    def look(self) -> View:
        """The board as seen from here. Raises Unclear where it is not seen well, or the arm moved."""
        clock, until_s = self._robot.clock, self._robot.clock.now() + REST_S
        while not _at_rest(self._robot) and clock.now() < until_s:
            clock.sleep(POLL_S)
        clock.sleep(SETTLE_S)
        joints, pictures = [self.joints], []
        for _ in range(self._pictures):
            pictures.append(self._picture())
            clock.sleep(BETWEEN_S)
            joints.append(self.joints)
        if (moved := float(np.max(np.ptp(joints, axis=0)))) > STILL_RAD:
            raise Unclear(f"a joint moved by {np.degrees(moved):.3f} degrees meanwhile")
        return View(flange_pose(np.mean(joints, axis=0)), self._detector.sighting(pictures))

    def _picture(self) -> NDArray[np.uint8]:
        try:
            return self._devices.camera.latest()
        except StaleData as error:  # the camera comes back, or the next pose finds it lost
            raise Unclear(f"no new picture came: {error}") from error

    def first_look(self, stops: Sequence[FloatArray]) -> View | None:
        """The board from the first of the joint poses (7,) that shows it."""
        for joints in stops:
            with suppress(Unclear):
                if self.go(joints):
                    return self.look()
        return None


def _why_not_at_rest(robot: Robot) -> str:
    """What keeps the arm from counting as at rest; empty when it is."""
    try:
        return "" if _at_rest(robot) else "the arm still moved; use the emergency stop's button"
    except HardwareError as error:
        return f"the arm could not be seen at rest: {error}"


def _at_rest(robot: Robot) -> bool:
    return bool(np.max(np.abs(robot.arm.state().velocities)) < AT_REST_RAD_S)
