"""A small scene for the simulated person: a gripper on rails, commanded by the test, holds out a hammer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

import mujoco
import numpy as np

from hardware.sim.options import PersonOptions, Script
from hardware.sim.person import Person
from hardware.sim.person_model import person_mjcf
from hardware.sim.person_spec import PersonSpec, sample_person
from hardware.types import FloatArray

SCENE = """
<mujoco>
  <compiler angle="radian" autolimits="true"/>
  <option timestep="0.002" integrator="implicitfast" cone="elliptic" impratio="10"/>
  <default>
    <default class="pad">
      <geom type="box" size="0.02 0.004 0.014" mass="0.05" rgba="0.2 0.2 0.2 1" friction="0.8 0.01 0.0005"
            condim="4" solref="0.004 1" solimp="0.95 0.99 0.001" priority="1"/>
    </default>
  </default>
  <worldbody>
    <light name="lamp" pos="0.3 -1.2 2.2" dir="0.2 0.5 -1"/>
    <geom name="floor" type="plane" size="4 4 0.1" pos="0 0 -0.83" rgba="0.75 0.72 0.68 1"/>
    <geom name="table" type="box" size="0.3 0.5 0.02" pos="0.35 0 -0.10" rgba="0.8 0.7 0.55 1"/>
    <body name="rail" mocap="true" pos="0.42 0 -0.02"/>
    <body name="base_link" pos="0.42 0 -0.02" gravcomp="1">
      <freejoint/>
      <inertial pos="0 0 0" mass="4" diaginertia="0.1 0.1 0.1"/>
      <body name="end_effector_link" gravcomp="1">
        <geom name="gripper_palm" type="box" size="0.03 0.05 0.03" pos="-0.13 0 0"
              mass="0" rgba="0.2 0.2 0.2 1"/>
        <body name="jaw_left" pos="-0.03 0.0202 0" gravcomp="1">
          <joint name="jaw_left" type="slide" axis="0 -1 0" armature="0.02" damping="5"/>
          <geom name="pad_left" class="pad"/>
        </body>
        <body name="jaw_right" pos="-0.03 -0.0202 0" gravcomp="1">
          <joint name="jaw_right" type="slide" axis="0 1 0" armature="0.02" damping="5"/>
          <geom name="pad_right" class="pad"/>
        </body>
      </body>
    </body>
    <body name="target/object" pos="0.42 0 -0.02">
      <freejoint/>
      <geom name="target/head_0" type="box" size="0.03 0.016 0.016" pos="-0.03 0 0"
            mass="0.25" rgba="0.4 0.42 0.45 1"/>
      <geom name="target/handle_0" type="capsule" size="0.012" fromto="0 0 0 0.10 0 0"
            mass="0.05" rgba="0.8 0.3 0.2 1"/>
      <geom name="target/handle_1" type="capsule" size="0.012" fromto="0.10 0 0 0.22 0 0"
            mass="0.05" rgba="0.8 0.3 0.2 1"/>
    </body>
  </worldbody>
  <contact/>
  <actuator>
    <position name="jaw_left" joint="jaw_left" kp="4000" forcerange="-40 40"/>
    <position name="jaw_right" joint="jaw_right" kp="4000" forcerange="-40 40"/>
  </actuator>
  <equality>
    <weld name="rails" body1="rail" body2="base_link" solref="0.03 1"/>
    <weld name="hand_grip" body1="person_hand" body2="target/object" active="false"/>
  </equality>
</mujoco>
"""
JAW_CLOSED_M, JAW_OPEN_M = 0.02, 0.03
"""Commands of each jaw: past the hammer's surface, so that the servo presses with its full 40 N; and open."""
HOME = np.array([0.42, 0.0, -0.02])


@dataclass
class Scene:
    """Steps physics and person; `offer` and `move` command the gripper, `open_jaws` lets go."""

    person: Person
    model: mujoco.MjModel
    data: mujoco.MjData
    human_geoms: list[int]
    watchers: list = field(default_factory=list)

    def step(self, seconds: float) -> list[str]:
        """Let time pass; returns the person's states in the order they were first seen."""
        seen = [self.person.state]
        for _ in range(round(seconds / self.model.opt.timestep)):
            self.person.update()
            mujoco.mj_step(self.model, self.data)
            for watch in self.watchers:
                watch()
            if self.person.state != seen[-1]:
                seen.append(self.person.state)
        return seen

    def until(self, state: str, limit_s: float) -> float:
        """Let time pass until the person is in `state`; returns how long it took. Fails after `limit_s`."""
        begin = self.data.time
        while self.person.state != state:
            assert self.data.time - begin < limit_s, f"still {self.person.state} after {limit_s} s"
            self.step(self.model.opt.timestep)
        return self.data.time - begin

    def move(self, goal: FloatArray, speed_m_s: float = 0.3) -> set[str]:
        """Carry the gripper to `goal` (3,) at a steady speed; returns the person's states on the way."""
        seen = set()
        way = np.asarray(goal) - self.data.mocap_pos[self._rail]
        steps = max(round(float(np.linalg.norm(way)) / speed_m_s / self.model.opt.timestep), 1)
        for _ in range(steps):
            self.data.mocap_pos[self._rail] += way / steps
            seen.update(self.step(self.model.opt.timestep))
        return seen

    def offer(self, ahead_m: float = 0.40, drop_m: float = 0.25) -> None:
        """Hold the hammer's handle `ahead_m` before and `drop_m` below the receiving shoulder."""
        self.move(self.offer_point(ahead_m, drop_m))

    def offer_point(self, ahead_m: float = 0.40, drop_m: float = 0.25) -> FloatArray:
        """Where the gripper has to be for that."""
        shoulder = self.person.keypoints()[5 if self.person.spec.hand == "left" else 6]
        yaw = self.person.spec.yaw_rad
        handle = shoulder + np.array([ahead_m * np.cos(yaw), ahead_m * np.sin(yaw), -drop_m])
        return handle - (0.11, 0.0, 0.0)

    def open_jaws(self) -> None:
        """Let go of the hammer."""
        self.data.ctrl[:] = -JAW_OPEN_M

    def grip_force(self) -> float:
        """Force in N that the closed hand and the object exert on each other."""
        data, grip = self.data, self.model.equality("hand_grip").id
        rows = (data.efc_id[: data.nefc] == grip) & (
            data.efc_type[: data.nefc] == int(mujoco.mjtConstraint.mjCNSTR_EQUALITY)
        )
        return float(np.linalg.norm(data.efc_force[: data.nefc][rows][:3])) if rows.any() else 0.0

    @property
    def object_position(self) -> FloatArray:
        """(3,) of the hammer."""
        return self.data.body("target/object").xpos.copy()

    @property
    def _rail(self) -> int:
        return int(self.model.body("rail").mocapid[0])


def make_spec(script: Script = "takes", seed: int = 1, **options: object) -> PersonSpec:
    """A standing person straight ahead unless `options` say otherwise."""
    asked: dict[str, Any] = {"posture": "standing", "bearing_deg": 0.0, "stature_m": 1.72, **options}
    spec = sample_person(PersonOptions(script=script, **asked), np.random.default_rng(seed))
    assert spec is not None
    return spec


def _part(root: ET.Element, name: str) -> ET.Element:
    part = root.find(name)
    assert part is not None
    return part


def make_scene(spec: PersonSpec, seed: int = 1, post: FloatArray | None = None) -> Scene:
    """The scene with this person in it, the hammer low over the table; a fixed ball at `post` (3,)."""
    root = ET.fromstring(SCENE)
    if post is not None:
        where = " ".join(map(str, post))
        ET.SubElement(_part(root, "worldbody"), "geom", name="post", type="sphere", size="0.012", pos=where)
    mjcf = person_mjcf(spec)
    _part(root, "worldbody").extend(mjcf.bodies)
    for first, second in mjcf.excludes:
        ET.SubElement(_part(root, "contact"), "exclude", body1=first, body2=second)
    model = mujoco.MjModel.from_xml_string(ET.tostring(root, encoding="unicode"))
    data = mujoco.MjData(model)
    data.ctrl[:] = JAW_CLOSED_M
    mujoco.mj_forward(model, data)
    human = [model.geom(name).id for name in ("target/handle_0", "target/handle_1")]
    return Scene(Person(spec, model, data, np.random.default_rng(seed), human), model, data, human)
