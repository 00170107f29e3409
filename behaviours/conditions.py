"""Conditions: one look at the world, no waiting (except Wait Until Safe, which is the guard's other half)."""

from __future__ import annotations

from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf
from behaviours.keys import Outcome
from behaviours.motion import bearing_deg, load_n
from behaviours.options import GripOptions
from hardware.types import RobotState
from perception.types import HumanPose
from planning.options import SafetyOptions
from planning.safety import SafetyState, step
from planning.safety_tally import SafetyTally
from planning.safety_verdict import SafetyVerdict
from planning.types import HeldObject, Phase
from planning.under_way import UnderWay


class _Guard(Leaf):
    """Feeds what the robot feels and where the person is to `planning.safety`, once per tick."""

    READS = {
        keys.ROBOT: RobotState,
        keys.WAY: UnderWay,
        keys.PHASE: Phase,
        keys.HUMAN: HumanPose,
        keys.HELD: HeldObject,
    }
    UPDATES = {keys.SAFETY: SafetyTally}
    OUTCOME = Outcome.UNSAFE

    def __init__(self, name: str, safety: SafetyOptions) -> None:
        super().__init__(name)
        self._options = safety
        self._state = SafetyState()

    def judge(self) -> SafetyVerdict:
        robot: RobotState = self.read(keys.ROBOT)
        watch = self.services.robot.watch
        self._state = step(
            self._state,
            robot,
            self.read_if_set(keys.HUMAN),
            self.read_if_set(keys.PHASE) or Phase.IDLE,
            self.now(),
            self._options,
            self.read_if_set(keys.HELD) if robot.gripper.holding else None,
            self.read_if_set(keys.WAY),
            0.0 if watch is None else watch.silent_s(),
        )
        verdict, before = self._state.verdict, self.tally
        after = before.judged(verdict, self.now(), self._options.contact_hold_s)
        if after is not before:
            self.write(keys.SAFETY, after)
        return verdict

    @property
    def tally(self) -> SafetyTally:
        """What all guards of this run have seen so far."""
        tally: SafetyTally | None = self.read_if_set(keys.SAFETY)
        return tally or SafetyTally()


class Safe(_Guard):
    """SUCCESS while the robot may go on; FAILURE with the reason to stop. Ticked in front, in every tick."""

    def poll(self) -> Status:
        verdict = self.judge()
        if verdict.stop:
            return self.fail(verdict.reason)
        return self.succeed(verdict.reason)


class WaitUntilSafe(_Guard):
    """RUNNING until there was no reason to stop for `calm_s`, and a stop that lasts is over. FAILURE where a
    contact leaves it to a person when the robot goes on. Needs a Deadline.
    """

    def __init__(self, name: str, safety: SafetyOptions, calm_s: float) -> None:
        super().__init__(name, safety)
        self._calm_s = calm_s
        self._calm_since_s = 0.0

    def start(self) -> None:
        self._state = SafetyState()
        self._calm_since_s = self.now()

    def poll(self) -> Status:
        verdict, tally = self.judge(), self.tally
        if self._options.latch_contact and tally.latched:
            return self.fail(f"{tally.latched}: the robot stays here until a person starts it again")
        if verdict.stop:
            self._calm_since_s = self.now()
            return self.wait(verdict.reason)
        if self.now() < tally.held_until_s:
            return self.wait(f"holding for {tally.held_until_s - self.now():.1f} s more")
        if self.now() - self._calm_since_s < self._calm_s:
            return self.wait("making sure that it stays safe")
        return self.succeed(verdict.reason)


class AlreadyHolding(Leaf):
    """Whether a pick can be skipped: asks the hand, not a memory of what was done; weighs what it finds."""

    READS = {keys.ROBOT: RobotState}
    WRITES = {keys.WEIGHT: float}

    def poll(self) -> Status:
        robot: RobotState = self.read(keys.ROBOT)
        gripper = robot.gripper
        width = f"{1e3 * gripper.width_m:.0f} mm"
        if gripper.holding:
            self.write(keys.WEIGHT, load_n(robot))
            return self.succeed(f"holds something {width} wide, {gripper.force_n:.0f} N")
        return self.fail(f"the hand is empty, open by {width}")


class ObjectInHand(AlreadyHolding):
    """Whether the grasp caught the object; judged `confirm_s` after it closed."""

    OUTCOME = Outcome.NOT_GRASPABLE

    def __init__(self, name: str, grip: GripOptions) -> None:
        super().__init__(name)
        self._confirm_s = grip.confirm_s
        self._judge_s = 0.0

    def start(self) -> None:
        self._judge_s = self.now() + self._confirm_s

    def poll(self) -> Status:
        return self.wait("feeling the grip") if self.now() < self._judge_s else super().poll()


class NotHolding(Leaf):
    """Whether the hand is empty."""

    READS = {keys.ROBOT: RobotState}

    def poll(self) -> Status:
        gripper = self.read(keys.ROBOT).gripper
        if gripper.holding:
            return self.fail(f"holds something {1e3 * gripper.width_m:.0f} mm wide")
        return self.succeed("the hand is empty")


class StillHolding(Leaf):
    """FAILURE once the hand has been empty for `lost_s`: the object was dropped on the way."""

    READS = {keys.ROBOT: RobotState}
    OUTCOME = Outcome.DROPPED

    def __init__(self, name: str, grip: GripOptions) -> None:
        super().__init__(name)
        self._lost_s = grip.lost_s
        self._held_s: float | None = None

    def poll(self) -> Status:
        gripper = self.read(keys.ROBOT).gripper
        if gripper.holding or self._held_s is None:
            self._held_s = self.now()
        empty_s = self.now() - self._held_s
        if empty_s >= self._lost_s:
            return self.fail(
                f"the hand has been empty for {empty_s:.2f} s, open by {1e3 * gripper.width_m:.0f} mm"
            )
        return self.succeed()


class PersonKnown(Leaf):
    """Whether the person was seen within the last `max_age_s`."""

    READS = {keys.HUMAN: HumanPose}

    def __init__(self, name: str, max_age_s: float) -> None:
        super().__init__(name)
        self._max_age_s = max_age_s

    def poll(self) -> Status:
        pose: HumanPose | None = self.read_if_set(keys.HUMAN)
        if pose is None:
            return self.fail("nobody seen yet")
        age_s = self.now() - pose.stamp_s
        if age_s > self._max_age_s:
            return self.fail(f"last seen {age_s:.1f} s ago, {self._max_age_s:g} s are allowed")
        return self.succeed(f"at {bearing_deg(pose):.0f} degrees")
