"""Leaves that let the object go once the person has it: loosen, stand still, look that it left, open.

Interrupted at any point, the fingers keep the opening they have: nothing closes on a hand.
"""

from __future__ import annotations

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf, MotionLeaf
from behaviours.keys import Outcome
from behaviours.motion import load_n
from behaviours.options import GripOptions, Prompts
from hardware.protocols import Motion
from hardware.types import RobotState
from planning.options import ReleaseOptions
from planning.release_cues import lasted, since
from planning.types import Phase


class Loosen(MotionLeaf):
    """Opens a little wider than now, enough to end the friction."""

    READS = {keys.ROBOT: RobotState}
    OUTCOME = Outcome.ERROR
    PHASE = Phase.HANDOVER

    def __init__(self, name: str, grip: GripOptions) -> None:
        super().__init__(name)
        self._grip = grip

    def command(self) -> Motion:
        width_m = self.read(keys.ROBOT).gripper.width_m + self._grip.loosen_m
        return self.services.robot.gripper.move(min(width_m, self._grip.open_m), self._grip.force_n)


class HoldStill(Leaf):
    """Lets the person draw the object out before anything else moves."""

    def __init__(self, name: str, grip: GripOptions) -> None:
        super().__init__(name)
        self._still_s = grip.still_s
        self._end_s = 0.0

    def start(self) -> None:
        self._end_s = self.now() + self._still_s

    def poll(self) -> Status:
        return self.succeed() if self.now() >= self._end_s - 1e-9 else self.wait()


class ObjectLeft(Leaf):
    """RUNNING while the object's weight still rests on the open fingers. Needs a Deadline."""

    READS = {keys.ROBOT: RobotState, keys.WEIGHT: float}
    OUTCOME = Outcome.NOT_TAKEN

    def __init__(self, name: str, release: ReleaseOptions) -> None:
        super().__init__(name)
        self._options = release

    def poll(self) -> Status:
        robot: RobotState = self.read(keys.ROBOT)
        weight_n: float = self.read(keys.WEIGHT)
        # An object may jam between loosened fingers while the person draws at it: then it is theirs.
        pull_n = float(np.linalg.norm(robot.arm.force + np.array([0.0, 0.0, weight_n])))
        if pull_n > max(self._options.blind_pull_n, 1.5 * weight_n):
            return self.succeed(f"the person draws at it with {pull_n:.1f} N")
        if robot.gripper.holding:
            return self.wait("the gripper still reports an object")
        left_n = load_n(robot)
        if weight_n < self._options.min_weight_n:
            return self.succeed("the fingers are free; the object was too light to weigh")
        if left_n > self._options.load_share * weight_n:
            return self.wait(f"{left_n:.1f} of {weight_n:.1f} N still rest on the fingers")
        return self.succeed(f"{left_n:.1f} of {weight_n:.1f} N left on the tool")


class OpenFully(MotionLeaf):
    """Opens the rest of the way once the object is gone."""

    OUTCOME = Outcome.ERROR
    PHASE = Phase.HANDOVER

    def __init__(self, name: str, grip: GripOptions) -> None:
        super().__init__(name)
        self._grip = grip

    def command(self) -> Motion:
        return self.services.robot.gripper.move(self._grip.open_m, self._grip.force_n)


class FingersFree(Leaf):
    """RUNNING while something pulls at the open fingers: a rim or a neck that hangs on one. Asks once that it
    be lifted off; the arm stands still meanwhile. Needs a Deadline.
    """

    READS = {keys.ROBOT: RobotState}
    OUTCOME = Outcome.NOT_TAKEN

    def __init__(self, name: str, release: ReleaseOptions, prompts: Prompts) -> None:
        super().__init__(name)
        self._options = release
        self._prompts = prompts
        self._free_s: float | None = None
        self._hooked_s: float | None = None
        self._asked = False

    def start(self) -> None:
        self._free_s = self._hooked_s = None
        self._asked = False

    def poll(self) -> Status:
        robot: RobotState = self.read(keys.ROBOT)
        now_s, pull_n = self.now(), float(np.linalg.norm(robot.arm.force))
        hooked = pull_n > self._options.hooked_n
        self._hooked_s = since(hooked, self._hooked_s, now_s)
        self._free_s = since(not hooked, self._free_s, now_s)
        if lasted(self._free_s, now_s, self._options.free_s):
            return self.succeed("nothing pulls at the open fingers")
        if not self._asked and lasted(self._hooked_s, now_s, self._options.hooked_s):
            self._asked = True
            self.services.robot.announcer.say(self._prompts.hooked)
        return self.wait(f"{pull_n:.1f} N at the open fingers")
