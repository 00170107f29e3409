"""The simulated person: sees the object arrive, reaches, closes the hand, pulls, and carries away what comes free.

1. It judges from poses that anyone in the room could see (`person_eyes`), never from the robot's plans.
2. The hand never presses harder than `person_hand.MAX_FORCE_N`; it holds nothing before it has closed.
3. Same spec, scene and generator: same behaviour. It thinks every 10 ms and drives the hand every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import mujoco
import numpy as np

from hardware.geometry import unit
from hardware.sim.person_body import Body
from hardware.sim.person_eyes import Eyes
from hardware.sim.person_hand import Hand, quaternion, turn_between
from hardware.sim.person_scripts import CONDUCTS, Attempt
from hardware.sim.person_spec import PersonSpec
from hardware.sim.reach import Path, grasping_rotation
from hardware.types import FloatArray

THINK_EVERY_S = 0.010
ARRIVED_FOR_S = 0.15
"""The object must hang still within reach this long before it counts as offered."""
AGAIN_REACTION_S = 0.4
CLOSE_ENOUGH_M, GRIP_WITHIN_M = 0.035, 0.055
FREE_SLIP_M = 0.035
"""Something that has moved this far out of the gripper has come free."""
BLOCKED_AFTER_S = 1.0
LOST_MARGIN_M = 0.06
CARRY_S, WITHDRAW_S = 1.0, 0.8
WALK_M_S, WALK_OFF_M = 0.6, 1.4


class Stage(Enum):
    """What the person is doing; the values appear in logs."""

    WAITS = "waits"
    NOTICES = "notices"
    REACHES = "reaches"
    CLOSES = "closes"
    PULLS = "pulls"
    CARRIES = "carries"
    HAS_IT = "has it"
    WITHDRAWS = "withdraws"
    WALKS_OFF = "walks off"


@dataclass(frozen=True)
class _Walk:
    path: Path
    goal: FloatArray
    yaw_rad: tuple[float, float]


class Person:
    """One person acting out a script. `human_geoms`: the geoms of the object's part meant for people (none:
    all).

    Needs in the model: the bodies of `person_mjcf`, "target/object", the weld "hand_grip" and
    `gripper_body`.
    """

    def __init__(
        self,
        spec: PersonSpec,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        rng: np.random.Generator,
        human_geoms: Sequence[int] = (),
        gripper_body: str = "end_effector_link",
    ) -> None:
        self.spec = spec
        self._data = data
        self._rng = rng
        self._body = Body(spec, model, data)
        self._hand = Hand(model, data)
        self._hand.place(*self._body.resting_hand(spec.hand))
        self._body.arm(spec.hand, self._hand.position, self._hand.rotation)
        mujoco.mj_kinematics(model, data)
        self._eyes = Eyes(model, data, human_geoms, gripper_body)
        self._think_every = max(round(THINK_EVERY_S / model.opt.timestep), 1)
        self._steps = 0

        self._conduct = CONDUCTS[spec.script]
        self._attempts = list(self._conduct.attempts)
        self._yaw = spec.yaw_rad
        self._walk: _Walk | None = None
        self._come_at: float | None = None
        self._come_delay = float(rng.uniform(*self._conduct.closer_after_s or (0.0, 0.0)))
        self._near = self._conduct.closer_after_s is None
        self._resume_at = 0.0
        self._offered_since: float | None = None
        self._tried = False

        self._stage = Stage.WAITS
        self._since = 0.0
        self._path = Path(self._hand.position.copy(), np.zeros(3), 0.0, 1.0)
        self._from_turn = self._to_turn = self._hand.quaternion.copy()
        self._place = np.zeros(3)
        self._pull_direction = np.zeros(3)
        self._pull_n = 0.0
        self._gripped_at = np.zeros(3)
        self._act: dict[Stage, Callable[[float], None]] = {
            Stage.WAITS: self._waits,
            Stage.NOTICES: self._notices,
            Stage.REACHES: self._reaches,
            Stage.CLOSES: self._closes,
            Stage.PULLS: self._pulls,
            Stage.CARRIES: self._carries,
            Stage.HAS_IT: self._carries,
            Stage.WITHDRAWS: self._withdraws,
            Stage.WALKS_OFF: self._rests,
        }

    @property
    def state(self) -> str:
        """What the person is doing, one of the values of `Stage`."""
        return self._stage.value

    @property
    def holding(self) -> bool:
        """Whether the hand is closed around the object."""
        return self._hand.holding

    def keypoints(self) -> FloatArray:
        """COCO-17 joint centres (17, 3) in the base frame."""
        return self._body.keypoints

    def update(self) -> None:
        """Act for one physics step; call before `mj_step`."""
        if self._steps % self._think_every == 0:
            self._think(self._data.time)
        self._steps += 1
        self._hand.drive()

    def _think(self, now: float) -> None:
        self._eyes.look()
        self._walk_on(now)
        self._act[self._stage](now)
        self._body.arm(self.spec.hand, self._hand.position, self._hand.rotation)

    def _enter(self, stage: Stage, now: float) -> None:
        self._stage, self._since = stage, now

    # -- the stages -----------------------------------------------------------------------------------

    def _waits(self, now: float) -> None:
        self._rests(now)
        self._maybe_come_closer(now)
        if self._walk is not None or not (self._attempts or self._conduct.leaves):
            return
        if not self._offered():
            self._offered_since = None
        elif self._offered_since is None:
            self._offered_since = now
        elif now >= max(self._offered_since + ARRIVED_FOR_S, self._resume_at):
            self._enter(Stage.NOTICES, now)

    def _notices(self, now: float) -> None:
        self._rests(now)
        reaction = AGAIN_REACTION_S if self._tried else self.spec.reaction_s
        if not self._offered():
            self._offered_since = None
            self._enter(Stage.WAITS, now)
        elif now >= self._since + reaction:
            if self._conduct.leaves:
                self._walk_off(now)
            else:
                self._start_reach(now)

    def _start_reach(self, now: float) -> None:
        shoulder = self._body.shoulder(self.spec.hand)
        self._place, axis = self._eyes.choose_place(shoulder, self.spec.reach_m)
        goal = self._eyes.from_object(self._place)
        axis = self._eyes.object_pose[1] @ axis
        duration = 0.7 * self.spec.reach_s if self._attempt.early else self.spec.reach_s
        self._start_path(now, duration, grasping_rotation(shoulder, goal, axis, self.spec.hand))
        self._tried = True
        self._enter(Stage.REACHES, now)

    def _reaches(self, now: float) -> None:
        goal = self._eyes.from_object(self._place)
        self._move_hand(now, goal)
        if self._lost(goal) or now > self._since + self._path.duration_s + BLOCKED_AFTER_S:
            self._start_withdrawal(now)
        elif self._path.done(now) and np.linalg.norm(self._hand.position - goal) < CLOSE_ENOUGH_M:
            self._enter(Stage.CLOSES, now)

    def _closes(self, now: float) -> None:
        goal = self._eyes.from_object(self._place)
        self._move_hand(now, goal)
        share = (now - self._since) / self.spec.close_s
        self._hand.close(min(share, 1.0))
        if self._lost(goal):
            self._start_withdrawal(now)
        elif share >= 1.0:
            if np.linalg.norm(self._hand.position - goal) < GRIP_WITHIN_M:
                self._start_pull(now)
            else:
                self._start_withdrawal(now)

    def _start_pull(self, now: float) -> None:
        force = self._attempt.force_n
        self._pull_n = self.spec.pull_n if force is None else float(self._rng.uniform(*force))
        self._pull_direction = unit(self._body.shoulder(self.spec.hand) - self._hand.position)
        if self._pull_n < 0.0:  # one pushes level, not down
            self._pull_direction = unit(self._pull_direction * (1.0, 1.0, 0.0))
        self._gripped_at = self._eyes.in_gripper(self._hand.position)
        self._hand.grip()
        self._enter(Stage.PULLS, now)

    def _pulls(self, now: float) -> None:
        attempt = self._attempt
        ramp = min((now - self._since) / attempt.ramp_s, 1.0)
        self._hand.pull(ramp * self._pull_n * self._pull_direction)
        slip = np.linalg.norm(self._eyes.in_gripper(self._hand.position) - self._gripped_at)
        if slip > FREE_SLIP_M:
            self._start_path(now, CARRY_S, self._hand.rotation)
            self._enter(Stage.CARRIES, now)
        elif now > self._since + attempt.lets_go_after_s or self._out_of_reach(self._hand.position):
            self._start_withdrawal(now)

    def _carries(self, now: float) -> None:
        goal = self._body.chest_hold(self.spec.hand)
        self._move_hand(now, goal)
        if self._path.done(now) and np.linalg.norm(self._hand.position - goal) < 2 * CLOSE_ENOUGH_M:
            self._enter(Stage.HAS_IT, now)

    def _start_withdrawal(self, now: float) -> None:
        self._hand.let_go()
        self._hand.close(0.0)
        self._resume_at = now + WITHDRAW_S + self._attempt.pause_s
        if self._stage is Stage.PULLS and len(self._attempts) > 1:
            self._attempts.pop(0)
        self._offered_since = None
        self._start_path(now, WITHDRAW_S, self._body.resting_hand(self.spec.hand)[1])
        self._enter(Stage.WITHDRAWS, now)

    def _withdraws(self, now: float) -> None:
        self._move_hand(now, self._body.resting_hand(self.spec.hand)[0])
        if self._path.done(now):
            self._enter(Stage.WAITS, now)

    def _rests(self, now: float) -> None:
        position, axes = self._body.resting_hand(self.spec.hand)
        self._hand.follow(position, np.zeros(3), np.zeros(3), quaternion(axes))

    # -- what it sees ---------------------------------------------------------------------------------

    @property
    def _attempt(self) -> Attempt:
        return self._attempts[0]

    def _offered(self) -> bool:
        """Held up by the gripper within reach, and at rest unless this person is hasty."""
        hasty = bool(self._attempts) and self._attempt.early
        if not self._eyes.held_up or not (hasty or self._eyes.steady):
            return False
        return self._eyes.nearest_place(self._body.shoulder(self.spec.hand)) <= self.spec.reach_m

    def _out_of_reach(self, point: FloatArray) -> bool:
        away = point - self._body.shoulder(self.spec.hand)
        return float(away @ away) > (self.spec.reach_m + LOST_MARGIN_M) ** 2

    def _lost(self, goal: FloatArray) -> bool:
        return self._out_of_reach(goal) or not self._eyes.held_up

    # -- how it moves ---------------------------------------------------------------------------------

    def _start_path(self, now: float, duration_s: float, turn: FloatArray) -> None:
        self._path = Path(self._hand.position.copy(), self._hand.velocity, now, duration_s)
        self._from_turn, self._to_turn = self._hand.quaternion.copy(), quaternion(turn)

    def _move_hand(self, now: float, goal: FloatArray) -> None:
        turn = turn_between(self._from_turn, self._to_turn, self._path.share(now))
        self._hand.follow(*self._path.at(now, goal), turn)

    def _maybe_come_closer(self, now: float) -> None:
        if self._near:
            return
        if self._come_at is None and self._eyes.held_up:
            self._come_at = now + self._come_delay
        elif self._come_at is not None and now >= self._come_at:
            self._near = True
            self._start_walk(now, np.array(self.spec.stand), self._yaw)

    def _walk_off(self, now: float) -> None:
        place = self._body.position
        self._start_walk(now, place + WALK_OFF_M * unit(place), self._yaw + np.pi)
        self._enter(Stage.WALKS_OFF, now)

    def _start_walk(self, now: float, goal: FloatArray, yaw_rad: float) -> None:
        start = self._body.position
        duration = max(float(np.linalg.norm(goal - start)) / WALK_M_S, 0.5)
        self._walk = _Walk(Path(start, np.zeros(2), now, duration), goal, (self._yaw, yaw_rad))

    def _walk_on(self, now: float) -> None:
        walk = self._walk
        if walk is None:
            return
        place, velocity, _ = walk.path.at(now, walk.goal)
        before, after = walk.yaw_rad
        self._yaw = before + walk.path.share(now) * (after - before)
        walked, speed = np.linalg.norm(place - walk.path.start), np.linalg.norm(velocity)
        self._body.stand(place, self._yaw, float(walked), float(speed))
        if walk.path.done(now):
            self._walk = None
