"""What really happened, by physics alone: outcome, drops, forces on the person, distances and times.

The scorekeeper only watches: it knows nothing of what the program believes, and the program never reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np

from hardware.sim.clearance import distance_to_box, least_distance
from hardware.sim.groups import find, fingers, geoms_below, person_geoms, solid
from hardware.sim.person_hand import GRIP_EQUALITY
from hardware.sim.person_model import TARGET_BODY
from hardware.sim.person_spec import FLOOR_Z_M, PersonSpec
from hardware.sim.score_contacts import ContactWatch
from hardware.sim.score_person import FAR_M, PersonWatch
from hardware.sim.score_release import ReleaseWatch

Outcome = Literal["handed_over", "dropped", "on_table", "in_gripper"]

DROP_M = 0.05
"""A free fall beyond this is a drop, a shorter one is putting down."""
LIFTED_M = 0.03
ARRIVED_SPEED_M_S = 0.08
LOOK_EVERY_S = 0.020
PULL_STARTS_N = 2.0
FINGERS_IN_THE_WAY_M = 0.020
FREE_FOR_S = 0.1


@dataclass(frozen=True)
class Score:
    """The physical record of one handover. Times are simulation seconds, None where it never happened.

    contact_n: the largest force of robot (or object in its gripper) on each region of the person touched;
    `hand` is robot on the receiving or idle hand, the object in the hand left out. mean_contact_n: over the
    time of contact, all regions but the hand. pull_n: the largest force between closed hand and object.
    head_m, torso_m, body_m, body_speed_m_s: how near the robot came, and how fast it was at its nearest
    (`PersonWatch`). false_releases: see `ReleaseWatch`. held_part: the object's part in the person's hand,
    by_human_part: whether that is one meant for people; fingers_in_the_way: a finger was within 20 mm of the
    person's part when the hand closed; arm_deg: shoulder and elbow of the receiving arm then.
    pull_to_free_s: from 2 N of pull to the gripper's last touch.
    """

    outcome: Outcome
    drops: int
    contact_n: Mapping[str, float]
    mean_contact_n: float
    pull_n: float
    head_m: float
    torso_m: float
    body_m: float
    body_speed_m_s: float | None
    false_releases: int
    first_touch_s: float | None
    lifted_s: float | None
    arrived_s: float | None
    hand_closed_s: float | None
    free_s: float | None
    pull_to_free_s: float | None
    held_part: str | None
    by_human_part: bool | None
    fingers_in_the_way: bool | None
    arm_deg: tuple[float, float] | None


class Scorekeeper:
    """Watches one scene; `update` after every physics step.

    human_geoms: the geoms of the object's part meant for people. spec: the person, None when nobody is there.
    robot_body, gripper_body: the roots of robot and gripper.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        *,
        human_geoms: Sequence[int] = (),
        spec: PersonSpec | None = None,
        robot_body: str = "base_link",
        gripper_body: str = "end_effector_link",
    ) -> None:
        self._model, self._data, self._spec = model, data, spec
        self._object = find(model, "body", TARGET_BODY)
        self._target = solid(model, geoms_below(model, [self._object]))
        self._human = np.asarray(human_geoms, dtype=np.int64)
        robot = solid(model, geoms_below(model, [find(model, "body", robot_body)]))
        self._gripper = solid(model, geoms_below(model, [find(model, "body", gripper_body)]))
        self._fingers = fingers(model, self._gripper)
        person = person_geoms(model)
        self._grip = find(model, "equality", GRIP_EQUALITY) if spec is not None else None
        self._contacts = ContactWatch(model, data, robot, self._gripper, self._target, person)
        self._person = None
        if spec is not None:
            self._person = PersonWatch(model, data, spec, robot, self._gripper, self._target, person)
        self._release = ReleaseWatch()
        self._look_every = max(round(LOOK_EVERY_S / model.opt.timestep), 1)
        self._steps = 0

        self._lay_z: float | None = None
        self._carried_z: float | None = None
        """Height at which gripper or hand last had the object; None once it has landed."""
        self._landed_hard = False
        self._drops = 0
        self._pull_n = 0.0
        self._was_held = False
        self._first_touch: float | None = None
        self._lifted: float | None = None
        self._arrived: float | None = None
        self._closed: float | None = None
        self._pull_began: float | None = None
        self._last_touch: float | None = None
        self._free: float | None = None
        self._held_part: str | None = None
        self._by_human_part: bool | None = None
        self._in_the_way: bool | None = None
        self._arm_deg: tuple[float, float] | None = None

    def update(self) -> None:
        """Take in the state after one physics step."""
        now = self._data.time
        self._contacts.update()
        if self._contacts.in_gripper:
            self._last_touch = now
            if self._first_touch is None:
                self._first_touch = now
        held = self._held
        if held:
            if not self._was_held:
                self._note_grip(now)
            self._note_pull(now)
            self._note_free(now)
        self._was_held = held
        kept = held or self._contacts.supported
        self._release.update(now, self._gap_m(), self._contacts.in_gripper, kept)
        self._watch_falls(held)
        if self._steps % self._look_every == 0:
            self._look(now)
        self._steps += 1

    def report(self) -> Score:
        """The record so far."""
        delay = None
        if self._free is not None and self._pull_began is not None:
            delay = max(self._free - self._pull_began, 0.0)
        return Score(
            outcome=self._outcome(),
            drops=self._drops,
            contact_n=dict(self._contacts.peak_n),
            mean_contact_n=self._contacts.mean_n,
            pull_n=self._pull_n,
            head_m=FAR_M if self._person is None else self._person.head_m,
            torso_m=FAR_M if self._person is None else self._person.torso_m,
            body_m=FAR_M if self._person is None else self._person.body_m,
            body_speed_m_s=None if self._person is None else self._person.speed_m_s,
            false_releases=self._release.count,
            first_touch_s=self._first_touch,
            lifted_s=self._lifted,
            arrived_s=self._arrived,
            hand_closed_s=self._closed,
            free_s=self._free,
            pull_to_free_s=delay,
            held_part=self._held_part,
            by_human_part=self._by_human_part,
            fingers_in_the_way=self._in_the_way,
            arm_deg=self._arm_deg,
        )

    @property
    def _held(self) -> bool:
        return self._grip is not None and bool(self._data.eq_active[self._grip])

    def _outcome(self) -> Outcome:
        if self._contacts.in_gripper:
            return "in_gripper"
        if self._held and not self._contacts.supported:
            return "handed_over"
        falling = not self._contacts.supported and self._carried_z is not None
        return "dropped" if self._landed_hard or falling else "on_table"

    def _watch_falls(self, held: bool) -> None:
        z = float(self._data.xipos[self._object, 2])
        if self._lay_z is None:
            self._lay_z = z
        if held or self._contacts.in_gripper:
            self._carried_z, self._landed_hard = z, False
            if self._lifted is None and z > self._lay_z + LIFTED_M and not self._contacts.supported:
                self._lifted = self._data.time
        elif self._contacts.supported and self._carried_z is not None:
            on_floor = z < (self._lay_z + FLOOR_Z_M) / 2
            if self._carried_z - z > DROP_M or on_floor:
                self._drops += 1
                self._landed_hard = True
            self._carried_z = None

    def _note_grip(self, now: float) -> None:
        """The hand has just closed: what does it hold, and were the fingers in the way?"""
        self._closed, self._pull_began, self._free = now, None, None
        hand = self._data.body("person_hand").xpos
        nearest = min(
            self._target, key=lambda geom: distance_to_box(self._model, self._data, int(geom), hand)
        )
        name = self._model.geom(int(nearest)).name.rsplit("/", 1)[-1]
        self._held_part = name.rsplit("_", 1)[0]
        self._by_human_part = bool(nearest in self._human) if len(self._human) else None
        self._arm_deg = None if self._person is None else self._person.arm_deg()
        if len(self._human) and len(self._fingers):
            self._in_the_way = (
                least_distance(self._model, self._data, self._fingers, self._human, FAR_M)
                < FINGERS_IN_THE_WAY_M
            )

    def _note_pull(self, now: float) -> None:
        data = self._data
        rows = np.flatnonzero(
            (data.efc_id[: data.nefc] == self._grip)
            & (data.efc_type[: data.nefc] == int(mujoco.mjtConstraint.mjCNSTR_EQUALITY))
        )
        if len(rows) < 3:
            return
        force = data.efc_force[rows[:3]]
        pull = float(np.sqrt(force @ force))
        self._pull_n = max(self._pull_n, pull)
        if self._pull_began is None and pull > PULL_STARTS_N:
            self._pull_began = now

    def _note_free(self, now: float) -> None:
        """Free since the gripper's last touch, once it has stayed away for a moment."""
        if self._free is None and self._last_touch is not None and now - self._last_touch > FREE_FOR_S:
            self._free = self._last_touch

    def _look(self, now: float) -> None:
        """The slower part: distances and arrival."""
        if self._spec is None or self._person is None:
            return
        in_gripper = self._contacts.in_gripper
        self._person.look(in_gripper)
        if self._arrived is None and self._lifted is not None and in_gripper:
            velocity = np.zeros(6)
            mujoco.mj_objectVelocity(
                self._model, self._data, mujoco.mjtObj.mjOBJ_BODY, self._object, velocity, 0
            )
            shoulder = self._data.body(f"person_upper_arm_{self._spec.hand}").xpos
            away = np.linalg.norm(self._data.geom_xpos[self._target] - shoulder, axis=1).min()
            if away < self._spec.reach_m and np.linalg.norm(velocity[3:]) < ARRIVED_SPEED_M_S:
                self._arrived = now

    def _gap_m(self) -> float:
        """Between the two fingers that are furthest apart."""
        if len(self._fingers) == 0:
            return 0.0
        return float(np.linalg.norm(np.ptp(self._data.geom_xpos[self._fingers], axis=0)))
