"""The leaf that waits for the person to take the object, and says that the fingers may open.

Guarantees:
1. SUCCESS, after which `behaviours.let_go` opens the fingers, only when `planning.release` found that the
   person has the object.
2. It commands nothing.
"""

from __future__ import annotations

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf
from behaviours.keys import Outcome
from behaviours.motion import held_now, load_n, person_now
from behaviours.options import PersonAges, Prompts
from hardware.geometry import transform, unit
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
        if self._state.phase is ReleasePhase.RELEASE:
            return self.succeed(self._state.reason)
        return self.fail(self._state.reason, _ENDS[self._state.phase])

    def terminate(self, new_status: Status) -> None:
        super().terminate(new_status)
        if new_status != Status.RUNNING:
            self._disarm_reflex()

    def _arm_reflex(self, sample: ReleaseSample) -> None:
        """Once the force is tared, tell the arm's driver when to let go should this program freeze."""
        reflex = self.services.robot.reflex
        if reflex is not None and self._state.phase is ReleasePhase.WAIT and not self._reflex_armed:
            self._reflex_armed = True
            reflex.arm(self._state.tare, sample.toward_robot)

    def _disarm_reflex(self) -> None:
        if self._reflex_armed and self.services.robot.reflex is not None:
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
