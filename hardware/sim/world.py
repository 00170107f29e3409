"""The simulated world: one MuJoCo model and its state, stepped together with everything that acts in it.

Guarantees:
1. Each physics step runs every agent's `update`, then MuJoCo, then every observer's `update`, in the order
added.
2. Whoever reads or writes `data` from another thread holds `lock`; `snapshot` does so itself.
3. The same model, agents and commands give the same states, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import Protocol

import mujoco

from hardware.types import FloatArray


class Updated(Protocol):
    """Something that is told about every physics step."""

    def update(self) -> None: ...


@dataclass(frozen=True)
class Snapshot:
    """Where everything stood at one moment: enough to draw it, not to continue it."""

    time_s: float
    qpos: FloatArray
    mocap_pos: FloatArray
    mocap_quat: FloatArray

    def apply(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Set `data` to this moment, with all poses, cameras and lights computed."""
        data.time = self.time_s
        data.qpos[:] = self.qpos
        data.mocap_pos[:] = self.mocap_pos
        data.mocap_quat[:] = self.mocap_quat
        mujoco.mj_kinematics(model, data)
        mujoco.mj_camlight(model, data)


class World:
    """Physics plus its agents (act before a step) and observers (look after it)."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self.model, self.data = model, data
        self.lock = RLock()
        self._agents: list[Callable[[], None]] = []
        self._observers: list[Callable[[], None]] = []

    @property
    def time_s(self) -> float:
        """Simulated seconds since the start."""
        return self.data.time

    @property
    def timestep_s(self) -> float:
        return self.model.opt.timestep

    def add_agent(self, agent: Updated) -> None:
        """Have `agent` updated before every step."""
        self._agents.append(agent.update)

    def add_observer(self, observer: Updated) -> None:
        """Have `observer` updated after every step."""
        self._observers.append(observer.update)

    def step(self, count: int) -> None:
        """Advance by `count` physics steps."""
        model, data, agents, observers = self.model, self.data, self._agents, self._observers
        with self.lock:
            for _ in range(count):
                for act in agents:
                    act()
                mujoco.mj_step(model, data)
                for look in observers:
                    look()

    def snapshot(self) -> Snapshot:
        """Copy where everything stands; safe from any thread."""
        with self.lock:
            data = self.data
            return Snapshot(data.time, data.qpos.copy(), data.mocap_pos.copy(), data.mocap_quat.copy())
