"""The simulated person: sees the object arrive, reaches, grips, pulls, and carries away what comes free.

1. It judges from poses that anyone in the room could see (`person_eyes`), never from the robot's plans.
2. The hand never presses harder than `person_hand.MAX_FORCE_N`; it holds nothing before it has closed.
3. Same spec, scene and generator: same behaviour. It thinks every 10 ms and drives the hand every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mujoco
import numpy as np

from hardware.geometry import unit
from hardware.sim.person_body import Body
from hardware.sim.person_eyes import Eyes
from hardware.sim.person_hand import Hand
from hardware.sim.person_scripts import CONDUCTS, Attempt, Stage
from hardware.sim.person_spec import PersonSpec
from hardware.sim.person_walk import Walker
from hardware.sim.reach import grasping_rotation
from hardware.types import FloatArray

THINK_EVERY_S = 0.010
AGAIN_REACTION_S = 0.4
CLOSE_ENOUGH_M, GRIP_WITHIN_M = 0.035, 0.055
FREE_SLIP_M = 0.035
"""Something that has moved this far out of the gripper has come free."""
FINGERS_OPENED_M = 0.003
BLOCKED_AFTER_S = 1.0
LOST_MARGIN_M = 0.06
CARRY_S, WITHDRAW_S = 1.0, 0.8
DRAW_M, DRAW_S = 0.15, 1.0
"""What has come loose is first drawn out the way the gripper is open: longer than its fingers."""


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
        self._walker = Walker(self._body, spec.yaw_rad)
        self._hand = Hand(model, data)
        self._hand.place(*self._body.resting_hand(spec.hand))
        self._body.arm(spec.hand, self._hand.position, self._hand.rotation)
        mujoco.mj_kinematics(model, data)
        self._eyes = Eyes(model, data, human_geoms, gripper_body)
        self._think_every = max(round(THINK_EVERY_S / model.opt.timestep), 1)
        self._steps = 0

        self._conduct = CONDUCTS[spec.script]
        self._attempts = list(self._conduct.attempts)
        self._come_at: float | None = None
        self._come_delay = float(rng.uniform(*self._conduct.closer_after_s or (0.0, 0.0)))
        self._near = self._conduct.closer_after_s is None
        self._resume_at = 0.0
        self._offered_since: float | None = None
        self._tried = False

        self._stage = Stage.WAITS
        self._since = 0.0
        self._place = np.zeros(3)
        self._pull_direction = np.zeros(3)
        self._pull_n = 0.0
        self._gripped_at = np.zeros(3)
        self._spread_at_grip_m = 0.0
        self._act: dict[Stage, Callable[[float], None]] = {
            Stage.WAITS: self._waits,
            Stage.NOTICES: self._notices,
            Stage.REACHES: self._reaches,
            Stage.CLOSES: self._closes,
            Stage.PULLS: self._pulls,
            Stage.DRAWS_OUT: self._draws_out,
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
        self._walker.update(now)
        self._act[self._stage](now)
        self._body.arm(self.spec.hand, self._hand.position, self._hand.rotation)

    def _enter(self, stage: Stage, now: float) -> None:
        self._stage, self._since = stage, now

    # -- the stages -----------------------------------------------------------------------------------

    def _waits(self, now: float) -> None:
        self._rests(now)
        self._maybe_come_closer(now)
        if self._walker.walking or not (self._attempts or self._conduct.leaves):
            return
        if not self._offered():
            self._offered_since = None
        elif self._offered_since is None:
            self._offered_since = now
        elif now >= max(self._offered_since + self._wait_s, self._resume_at):
            self._enter(Stage.NOTICES, now)

    def _maybe_come_closer(self, now: float) -> None:
        if self._near:
            return
        if self._come_at is None and self._eyes.held_up:
            self._come_at = now + self._come_delay
        elif self._come_at is not None and now >= self._come_at:
            self._near = True
            self._walker.to(np.array(self.spec.stand), now)

    def _notices(self, now: float) -> None:
        self._rests(now)
        reaction = AGAIN_REACTION_S if self._tried else self.spec.reaction_s
        if not self._offered():
            self._offered_since = None
            self._enter(Stage.WAITS, now)
        elif now >= self._since + reaction * self._attempt.pace:
            if self._conduct.leaves:
                self._walker.off(now)
                self._enter(Stage.WALKS_OFF, now)
            else:
                self._start_reach(now)

    def _start_reach(self, now: float) -> None:
        shoulder = self._body.shoulder(self.spec.hand)
        self._place, axis = self._eyes.choose_place(shoulder, self.spec.reach_m)
        goal = self._eyes.from_object(self._place)
        axis = self._eyes.object_pose[1] @ axis
        duration = self.spec.reach_s * self._attempt.pace
        self._hand.begin(now, duration, grasping_rotation(shoulder, goal, axis, self.spec.hand))
        self._tried = True
        self._enter(Stage.REACHES, now)

    def _reaches(self, now: float) -> None:
        goal = self._eyes.from_object(self._place)
        self._hand.move(now, self._body.within_reach(goal))
        if self._lost(goal) or self._hand.overdue(now, BLOCKED_AFTER_S):
            self._start_withdrawal(now)
        elif self._hand.arrived(now) and np.linalg.norm(self._hand.position - goal) < CLOSE_ENOUGH_M:
            self._enter(Stage.CLOSES, now)

    def _closes(self, now: float) -> None:
        goal = self._eyes.from_object(self._place)
        self._hand.move(now, self._body.within_reach(goal))
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
        self._spread_at_grip_m = self._eyes.finger_spread_m
        self._hand.grip()
        self._enter(Stage.PULLS, now)

    def _pulls(self, now: float) -> None:
        attempt = self._attempt
        ramp = min((now - self._since) / attempt.ramp_s, 1.0)
        self._hand.pull(ramp * self._pull_n * self._pull_direction)
        # Once the fingers have opened, letting go would be dropping it.
        opened = self._eyes.finger_spread_m > self._spread_at_grip_m + FINGERS_OPENED_M
        lost = not self._body.can_reach(self._hand.position, LOST_MARGIN_M)
        slip = np.linalg.norm(self._eyes.in_gripper(self._hand.position) - self._gripped_at)
        if slip > FREE_SLIP_M:
            self._place = self._hand.position + DRAW_M * self._eyes.way_out
            self._hand.begin(now, DRAW_S, self._hand.rotation)
            self._enter(Stage.DRAWS_OUT, now)
        elif not opened and (lost or now > self._since + attempt.lets_go_after_s):
            self._start_withdrawal(now)

    def _draws_out(self, now: float) -> None:
        """Out of the open fingers along them, so that nothing hooks on one; the chest comes after."""
        self._hand.move(now, self._body.within_reach(self._place))
        if self._hand.arrived(now) or not self._eyes.in_fingers:
            self._hand.begin(now, CARRY_S, self._hand.rotation)
            self._enter(Stage.CARRIES, now)

    def _carries(self, now: float) -> None:
        goal = self._body.chest_hold(self.spec.hand)
        self._hand.move(now, self._body.within_reach(goal))
        if self._hand.arrived(now) and np.linalg.norm(self._hand.position - goal) < 2 * CLOSE_ENOUGH_M:
            self._enter(Stage.HAS_IT, now)

    def _start_withdrawal(self, now: float) -> None:
        self._hand.let_go()
        self._hand.close(0.0)
        self._resume_at = now + WITHDRAW_S + self._attempt.pause_s
        if self._stage is Stage.PULLS and len(self._attempts) > 1:
            self._attempts.pop(0)
        self._offered_since = None
        self._hand.begin(now, WITHDRAW_S, self._body.resting_hand(self.spec.hand)[1])
        self._enter(Stage.WITHDRAWS, now)

    def _withdraws(self, now: float) -> None:
        self._hand.move(now, self._body.resting_hand(self.spec.hand)[0])
        if self._hand.arrived(now):
            self._enter(Stage.WAITS, now)

    def _rests(self, now: float) -> None:
        self._hand.rest(*self._body.resting_hand(self.spec.hand))

    # -- what it sees ---------------------------------------------------------------------------------

    @property
    def _attempt(self) -> Attempt:
        return self._attempts[0] if self._attempts else Attempt()

    @property
    def _wait_s(self) -> float:
        return self._attempt.patience_s(self._nearest_m / self.spec.reach_m)

    @property
    def _nearest_m(self) -> float:
        """From the shoulder to the nearest place of the object that a hand could hold."""
        return self._eyes.nearest_place(self._body.shoulder(self.spec.hand))

    def _offered(self) -> bool:
        """Held up by the gripper within reach, and at rest unless this person is hasty."""
        if not self._eyes.held_up or not (self._attempt.early or self._eyes.steady):
            return False
        return self._nearest_m <= self.spec.reach_m + self._attempt.haste_m

    def _lost(self, goal: FloatArray) -> bool:
        return not (self._eyes.held_up and self._body.can_reach(goal, LOST_MARGIN_M + self._attempt.haste_m))
