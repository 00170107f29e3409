"""Contacts that matter to the score, sorted at every step: what holds the object, what touches the person."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np

from hardware.types import IntArray

OTHER, ROBOT, GRIPPER, TARGET, PERSON = range(5)


class ContactWatch:
    """`update` after every step; then `in_gripper` and `supported` tell of this step, the rest of all steps.

    in_gripper: the gripper touches the object. supported: something that is neither robot nor person does.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        robot: IntArray,
        gripper: IntArray,
        target: IntArray,
        person: Mapping[int, str],
    ) -> None:
        self._model, self._data = model, data
        self._region = dict(person)
        self._role = np.zeros(model.ngeom, dtype=np.int8)
        self._role[robot] = ROBOT
        self._role[gripper] = GRIPPER
        self._role[target] = TARGET
        self._role[list(person)] = PERSON
        self._force = np.zeros(6)
        self._impulse_n = 0.0
        self._samples = 0
        self.in_gripper = False
        self.supported = False
        self.peak_n: dict[str, float] = {}

    @property
    def mean_n(self) -> float:
        """Mean force on the person, hands left out, over the steps with contact."""
        return self._impulse_n / self._samples if self._samples else 0.0

    def update(self) -> None:
        """Sort the contacts of this step."""
        self.in_gripper = self.supported = False
        if self._data.ncon == 0:
            return
        geoms = self._data.contact.geom
        roles = self._role[geoms]
        # Only contacts that press count: a pair within the margin is listed before it touches.
        pressing = self._data.contact.efc_address >= 0
        first, second = roles[:, 0], roles[:, 1]
        touched = (first == TARGET) ^ (second == TARGET)
        if touched.any():
            partners = np.where(first == TARGET, second, first)[touched & pressing]
            self.in_gripper = bool((partners == GRIPPER).any())
            self.supported = bool((partners == OTHER).any())
        on_person = ((first == PERSON) ^ (second == PERSON)) & pressing
        if on_person.any():
            self._add_person(np.flatnonzero(on_person), geoms, roles)

    def _add_person(self, contacts: IntArray, geoms: IntArray, roles: IntArray) -> None:
        by_region: dict[str, float] = {}
        for contact in contacts:
            mine = 0 if roles[contact, 0] == PERSON else 1
            other = roles[contact, 1 - mine]
            # An object presses on behalf of the robot only while the gripper has it.
            if other in (ROBOT, GRIPPER) or (other == TARGET and self.in_gripper):
                mujoco.mj_contactForce(self._model, self._data, int(contact), self._force)
                region = self._region[int(geoms[contact, mine])]
                strength = float(np.sqrt(self._force[:3] @ self._force[:3]))
                by_region[region] = by_region.get(region, 0.0) + strength
        for region, force in by_region.items():
            self.peak_n[region] = max(self.peak_n.get(region, 0.0), force)
        bodily = sum(force for region, force in by_region.items() if region != "hand")
        if bodily > 0.0:
            self._impulse_n += bodily
            self._samples += 1
