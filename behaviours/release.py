"""Leaves of the last second: wait for the person to take the object, then let go.

Guarantees:
1. The fingers open only after `planning.release` found that the person has the object.
2. Interrupted at any point, the fingers keep the opening they have: nothing closes on a hand.
"""

from __future__ import annotations

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf, MotionLeaf
from behaviours.keys import Outcome
from behaviours.motion import held_now, load_n, person_now
from behaviours.options import GripOptions, PersonAges, Prompts
from hardware.geometry import transform, unit
from hardware.protocols import Motion
from hardware.types import FloatArray, RobotState
from perception.types import HandoverRequest, HumanPose, Keypoint
from planning.options import ReleaseOptions
from planning.release import ReleasePhase, ReleaseSample, ReleaseState, start, step
from planning.robot_model import tcp_pose
from planning.types import HeldObject, Phase

_ENDS = {
    ReleasePhase.DROPPED: Outcome.DROPPED,
    ReleasePhase.TIMED_OUT: Outcome.NOT_TAKEN,
    ReleasePhase.ABORTED: Outcome.UNSAFE,
}


class WaitForTake(Leaf):
    """Stands still, offers the object and watches force and hand.

    SUCCESS: the person has it. FAILURE: dropped, not taken or pushed away. RUNNING: what it waits for.
    """

    READS = {
        keys.REQUEST: HandoverRequest,
        keys.ROBOT: RobotState,
        keys.HUMAN: HumanPose,
        keys.HELD: HeldObject,
    }
    UPDATES = {keys.PHASE: Phase, keys.WEIGHT: float}
    OUTCOME = Outcome.NOT_TAKEN

    def __init__(self, name: str, release: ReleaseOptions, person: PersonAges, prompts: Prompts) -> None:
        super().__init__(name)
        self._options = release
        self._person = person
        self._prompts = prompts
        self._state: ReleaseState
        self._human_point = np.zeros(3)
        self._reflex_armed = False

    def start(self) -> None:
        request: HandoverRequest = self.read(keys.REQUEST)
        robot: RobotState = self.read(keys.ROBOT)
        held = held_now(self)
        self._human_point = np.zeros(3) if held is None else held.human_point
        self.write(keys.PHASE, Phase.HANDOVER)
        weight_n: float | None = self.read_if_set(keys.WEIGHT)
        if weight_n is None:
            weight_n = load_n(robot)
            self.write(keys.WEIGHT, weight_n)
        self._state = start(self.now(), weight_n, self._options)
        self._reflex_armed = False
        self.services.robot.announcer.say(self._prompts.take_it.format(label=request.label))

    def poll(self) -> Status:
        sample = self._sample()
        self._state = step(self._state, sample, self._options)
        if self._state.prompt:
            self.services.robot.announcer.say(self._state.prompt)
        if not self._state.phase.final:
            self._arm_reflex(sample)
            return self.wait(self._state.reason)
        self._disarm_reflex()
        if self._state.phase is ReleasePhase.RELEASE:
            return self.succeed(self._state.reason)
        return self.fail(self._state.reason, _ENDS[self._state.phase])

    def cancel(self) -> None:
        self._disarm_reflex()

    def _arm_reflex(self, sample: ReleaseSample) -> None:
        """Once the force is tared, tell the arm's driver when to let go should this program freeze."""
        reflex = self.services.robot.reflex
        if reflex is not None and self._state.phase is ReleasePhase.WAIT and not self._reflex_armed:
            self._reflex_armed = True
            reflex.arm(self._state.tare, sample.toward_robot)

    def _disarm_reflex(self) -> None:
        if self.services.robot.reflex is not None and self._reflex_armed:
            self._reflex_armed = False
            self.services.robot.reflex.disarm()

    def _sample(self) -> ReleaseSample:
        robot: RobotState = self.read(keys.ROBOT)
        tcp = tcp_pose(robot.arm.joints, robot.gripper.width_m)
        tool = tcp[:3, 3]
        person = person_now(self, self._person.track_s)
        return ReleaseSample(
            now_s=self.now(),
            force=robot.arm.force,
            tool=tool,
            toward_robot=unit([-tool[0], -tool[1], 0.0]),
            hand_distance_m=hand_distance_m(
                person, transform(tcp, self._human_point), self._person.hand_length_m
            ),
            holding=robot.gripper.holding,
        )


def hand_distance_m(person: HumanPose | None, point: FloatArray, hand_length_m: float) -> float | None:
    """From `point` (3,) to the nearest hand, wrist to its middle; None when no wrist was measured.

    A hand goes on from the wrist along the forearm; without an elbow it is the wrist.
    """
    distances = []
    for side in ("LEFT", "RIGHT"):
        wrist, elbow = Keypoint[f"{side}_WRIST"], Keypoint[f"{side}_ELBOW"]
        if person is None or not person.measured[wrist]:
            continue
        start = person.joints[wrist]
        forearm = start - person.joints[elbow]
        length = float(np.linalg.norm(forearm))
        hand = hand_length_m * forearm / length if np.isfinite(length) and length > 0.0 else np.zeros(3)
        along = np.clip((point - start) @ hand / max(float(hand @ hand), 1e-12), 0.0, 1.0)
        distances.append(float(np.linalg.norm(point - start - along * hand)))
    return min(distances, default=None)


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
