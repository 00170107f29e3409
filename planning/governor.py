"""The last look at a motion before it is sent: it is slowed to what the person's present place allows, and
not sent at all where it leads into the room kept for them.

Guarantees:
1. The path is kept: only the time along it is stretched, evenly, so it ends at rest where it did.
2. What is sent keeps the caps of `planning.safety` at the person's present distance, for TCP, elbow, wrist
   and held object, within `pace_tolerance`; a motion that keeps them is sent as it is.
3. No motion is refused for its speed alone, and none that leaves for where it leads.
4. Where the camera is silent, nothing goes faster than the slowest cap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hardware.types import FloatArray, Trajectory
from perception.types import HumanPose
from planning.errors import PersonInTheWay
from planning.nearness import Distances, body_of, distances
from planning.options import SafetyOptions
from planning.safety import person_cap
from planning.safety_person import LEAVING, leads_too_near
from planning.tool_speed import tool_speed
from planning.types import HeldObject, Phase

STEP_S = 0.1
"""Speeds are looked at this often along a motion ..."""
MOST = 80
"""... but not more often than this in all: it happens within a tick."""


@dataclass(frozen=True)
class Paced:
    """A trajectory that may be sent; factor is 1 where it is the one asked for, and the reason empty."""

    trajectory: Trajectory
    factor: float = 1.0
    reason: str = ""


def paced(
    trajectory: Trajectory,
    human: HumanPose | None,
    phase: Phase,
    now_s: float,
    options: SafetyOptions,
    held: HeldObject | None = None,
    gripper_width_m: float = 0.085,
    camera_silent_s: float = 0.0,
) -> Paced:
    """The trajectory as it may be sent now; human: as last seen, None for nobody.

    Raises PersonInTheWay for one that leads closer to the person than is kept, and closer than its start.
    """
    positions, velocities = _sampled(trajectory)
    body = None if human is None else body_of(human)
    near = None if body is None else distances(positions, body, held, options.uncertainty_m)
    if near is not None and phase not in LEAVING and (fault := leads_too_near(near, phase, options)):
        raise PersonInTheWay(fault)
    speeds = tool_speed(positions, velocities, held, gripper_width_m)
    caps, where = _caps(len(positions), near, human, phase, now_s, options)
    blind = camera_silent_s > options.camera_s
    if blind:
        caps = np.minimum(caps, options.speeds_m_s[0])
    ratios = speeds / caps
    worst = int(np.argmax(ratios))
    factor = float(ratios[worst])
    if factor <= 1.0 + options.pace_tolerance:
        return Paced(trajectory)
    seen = f"{where[worst]:.2f} m from the person" if np.isfinite(where[worst]) else "nobody seen"
    why = f"no picture for {camera_silent_s:.1f} s" if blind else seen
    limit = f"{caps[worst]:.2f} m/s are allowed there, {speeds[worst]:.2f} were planned"
    return Paced(slowed(trajectory, factor), factor, f"slowed {factor:.1f} times: {why}, {limit}")


def slowed(trajectory: Trajectory, factor: float) -> Trajectory:
    """The same path, taking `factor` (1 or more) times as long."""
    return Trajectory(trajectory.times_s * factor, trajectory.positions, trajectory.velocities / factor)


def _sampled(trajectory: Trajectory) -> tuple[FloatArray, FloatArray]:
    """Joints (N, 7) and their speeds at regular times. Where the trajectory's own samples lie farther apart,
    these count too, and the speed is at least that of the way between them.
    """
    step_s = max(STEP_S, trajectory.duration_s / MOST)
    regular = np.linspace(0.0, trajectory.duration_s, int(np.ceil(trajectory.duration_s / step_s)) + 2)
    own = trajectory.times_s[np.diff(trajectory.times_s, prepend=-np.inf) >= step_s]
    times_s = np.union1d(regular, own)
    positions, told = (
        np.stack([np.interp(times_s, trajectory.times_s, column) for column in values.T], axis=-1)
        for values in (trajectory.positions, trajectory.velocities)
    )
    between = np.diff(positions, axis=0) / np.diff(times_s)[:, None]
    between = np.concatenate([between, between[-1:]])
    faster = np.linalg.norm(between, axis=1) > np.linalg.norm(told, axis=1)
    return positions, np.where(faster[:, None], between, told)


def _caps(
    count: int,
    near: Distances | None,
    human: HumanPose | None,
    phase: Phase,
    now_s: float,
    options: SafetyOptions,
) -> tuple[FloatArray, FloatArray]:
    """What is allowed (N,) in m/s, and the distance (N,) it follows from; inf where nobody was seen."""
    if near is None or human is None:
        return np.full(count, options.unseen_speed_m_s), np.full(count, np.inf)
    along = near.toward_person(receiving_counts=phase is not Phase.HANDOVER)
    age_s = now_s - human.stamp_s
    return np.array([person_cap(float(distance_m), age_s, options) for distance_m in along]), along
