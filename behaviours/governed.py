"""The arm as leaves get it: every motion passes the governor right before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from py_trees.blackboard import Blackboard

from behaviours import keys
from hardware.protocols import Arm, Clock, Gripper, Motion, PictureWatch
from hardware.types import ArmState, MotionStatus, Trajectory
from perception.types import HumanPose
from planning.errors import PersonInTheWay
from planning.governor import paced
from planning.options import SafetyOptions
from planning.safety_tally import SafetyTally
from planning.types import HeldObject, Phase
from planning.under_way import UnderWay


class GovernedArm:
    """An Arm whose motions are slowed to what the person's present place allows, and not sent where they lead
    into the room kept for them.

    Person, held object and phase are those on the blackboard. Slowed and refused motions are counted under
    `keys.SAFETY`, slowed ones say so for as long as they run; what was sent stands under `keys.WAY`, until it
    is cancelled.
    """

    def __init__(
        self,
        arm: Arm,
        gripper: Gripper,
        clock: Clock,
        options: SafetyOptions,
        watch: PictureWatch | None = None,
    ) -> None:
        self._arm, self._gripper, self._clock, self._options = arm, gripper, clock, options
        self._watch = watch

    def state(self) -> ArmState:
        return self._arm.state()

    def follow(self, trajectory: Trajectory) -> Motion:
        """Start the trajectory, slowed where it must be. Raises PersonInTheWay, and what the arm raises."""
        gripper = self._gripper.state()
        held = _newest(keys.HELD, HeldObject) if gripper.holding else None
        tally = _newest(keys.SAFETY, SafetyTally) or SafetyTally()
        try:
            sent = paced(
                trajectory,
                _newest(keys.HUMAN, HumanPose),
                _newest(keys.PHASE, Phase) or Phase.IDLE,
                self._clock.now(),
                self._options,
                held,
                gripper.width_m,
                0.0 if self._watch is None else self._watch.silent_s(),
            )
        except PersonInTheWay:
            _put(keys.SAFETY, tally.refusing())
            raise
        motion = self._arm.follow(sent.trajectory)
        way = UnderWay(sent.trajectory, self._clock.now())
        _put(keys.WAY, way)
        if sent.reason:
            _put(keys.SAFETY, tally.slowed(sent.factor))
        return SentMotion(motion, way, sent.reason)

    def stop(self) -> None:
        self._arm.stop()

    def emergency_stop(self) -> None:
        self._arm.emergency_stop()


class SentMotion:
    """A motion that says why it takes longer than planned, where it does, and leaves no way behind when it is
    cancelled: an arm that was stopped goes nowhere, and must not be judged by where it would have gone.
    """

    def __init__(self, motion: Motion, way: UnderWay, why_slower: str) -> None:
        self._motion, self._way, self._why = motion, way, why_slower

    def poll(self) -> MotionStatus:
        status = self._motion.poll()
        if not self._why:
            return status
        reason = f"{status.reason}; {self._why}" if status.reason else self._why
        return replace(status, reason=reason)

    def cancel(self) -> None:
        self._motion.cancel()
        if _newest(keys.WAY, UnderWay) is self._way:
            Blackboard.unset("/" + keys.WAY)


def _newest(key: str, kind: type) -> Any:
    """What stands under a key, None where nothing of that kind does."""
    value = Blackboard.storage.get("/" + key)
    return value if isinstance(value, kind) else None


def _put(key: str, value: object) -> None:
    Blackboard.set("/" + key, value)
