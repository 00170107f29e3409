"""What the arm feels that nobody expects: a force on the tool, a push, a load on one of its joints.

Expected is what was felt over the last second: sensors drift, a held object hangs differently in each pose.
The arm's own weight is known and taken off the joints first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hardware.gen3.kinematics import flange_pose
from hardware.gen3.statics import gravity_torques
from hardware.types import ArmState, FloatArray
from planning.options import SafetyOptions
from planning.safety_verdict import SafetyVerdict, StopCode, stopping
from planning.types import Phase

_PULLED = (Phase.HANDOVER, Phase.GRIP)
"""People pull at what they are handed, and fingers that close push the arm about."""
_EPS_S = 1e-9


@dataclass(frozen=True)
class ContactState:
    """What is remembered of forces and torques between two readings."""

    force: FloatArray | None = None
    """The force (3,) in N expected on the tool: a slow mean of the readings."""
    force_since_s: float | None = None
    load: FloatArray | None = None
    """The same of the joints' torques (7,) in Nm without the arm's own weight; None where they are not told.
    """
    load_since_s: float | None = None
    offered: FloatArray | None = None
    """The force (3,) when the object began to be offered: its weight, before anybody touched it."""
    pushed_since_s: float | None = None


def watch_contact(
    state: ContactState, arm: ArmState, phase: Phase, elapsed_s: float | None, now_s: float, o: SafetyOptions
) -> tuple[ContactState, SafetyVerdict | None]:
    """What is expected moved on, and what alarms about the present reading.

    elapsed_s: since the reading before; None for the first one of a phase.
    """
    if elapsed_s is None:
        offered = (arm.force if state.force is None else state.force) if phase is Phase.HANDOVER else None
        return ContactState(force=arm.force, load=_load(arm), offered=offered), None
    state, force = _watch_force(state, arm, phase, elapsed_s, now_s, o)
    state, push = _watch_push(state, arm, now_s, o)
    state, load = _watch_load(state, arm, phase, elapsed_s, now_s, o)
    return state, force or push or load


def _watch_force(
    state: ContactState, arm: ArmState, phase: Phase, elapsed_s: float, now_s: float, o: SafetyOptions
) -> tuple[ContactState, SafetyVerdict | None]:
    force, expected = arm.force, state.force if state.force is not None else arm.force
    size_n = float(np.linalg.norm(_unexpected(force, expected)))
    # While handing over only the hard limit is unexpected.
    since_s = _since(size_n > o.force_n and phase not in _PULLED, state.force_since_s, now_s)
    state = replace(state, force=_mean(expected, force, elapsed_s, o), force_since_s=since_s)
    hard_n = o.grip_force_n if phase is Phase.GRIP else o.hard_force_n
    if size_n > hard_n:
        limit = f"{hard_n:.0f} N at once"
    elif _lasted(since_s, now_s, o.force_s):
        limit = f"{o.force_n:.0f} N for {o.force_s:.2f} s"
    else:
        return state, None
    words = f"unexpected force of {size_n:.0f} N, {limit} are a collision"
    return state, stopping(StopCode.CONTACT, words)


def _watch_push(
    state: ContactState, arm: ArmState, now_s: float, o: SafetyOptions
) -> tuple[ContactState, SafetyVerdict | None]:
    """A lasting push while the object is offered, however slowly it came: toward the robot, or down."""
    if state.offered is None:
        return state, None
    change = arm.force - state.offered
    x, y = flange_pose(arm.joints)[:2, 3]
    toward_robot = -np.array([x, y]) / max(float(np.hypot(x, y)), 1e-6)
    push_n = float(np.hypot(max(float(change[:2] @ toward_robot), 0.0), max(-float(change[2]), 0.0)))
    since_s = _since(push_n > o.push_n, state.pushed_since_s, now_s)
    state = replace(state, pushed_since_s=since_s)
    if not _lasted(since_s, now_s, o.push_s):
        return state, None
    words = f"pushed with {push_n:.0f} N while offering, {o.push_n:.0f} N for {o.push_s:.2f} s are too much"
    return state, stopping(StopCode.PUSHED, words)


def _watch_load(
    state: ContactState, arm: ArmState, phase: Phase, elapsed_s: float, now_s: float, o: SafetyOptions
) -> tuple[ContactState, SafetyVerdict | None]:
    """A joint's unexpected load: what touches the arm above the wrist is not felt at the tool."""
    load = _load(arm)
    if load is None or state.load is None:
        return replace(state, load=load, load_since_s=None), None
    off = np.abs(_unexpected(load, state.load))
    over = off / np.array(o.torque_nm)
    worst = int(np.argmax(over))
    since_s = _since(over[worst] > 1.0 and phase not in _PULLED, state.load_since_s, now_s)
    state = replace(state, load=_mean(state.load, load, elapsed_s, o), load_since_s=since_s)
    if not _lasted(since_s, now_s, o.torque_s):
        return state, None
    limit = f"{o.torque_nm[worst]:.0f} Nm for {o.torque_s:.2f} s"
    words = f"unexpected load of {off[worst]:.0f} Nm on joint {worst + 1}, {limit} are a collision"
    return state, stopping(StopCode.CONTACT, words)


def _unexpected(value: FloatArray, expected: FloatArray) -> FloatArray:
    """What of a reading (n,) nobody expects. What only ceases is no collision, as when fingers that closed
    against the table are lifted off it: expected is anything from none to the mean.
    """
    kept = np.clip(float(value @ expected) / max(float(expected @ expected), 1e-9), 0.0, 1.0)
    return np.asarray(value - kept * expected)


def _load(arm: ArmState) -> FloatArray | None:
    """Torques (7,) without the arm's own weight; None from an arm that does not tell them (all are 0)."""
    if not (np.isfinite(arm.torques).all() and arm.torques.any()):
        return None
    return np.asarray(arm.torques - gravity_torques(arm.joints))


def _mean(mean: FloatArray, value: FloatArray, elapsed_s: float, o: SafetyOptions) -> FloatArray:
    return np.asarray(mean + elapsed_s / (elapsed_s + o.force_memory_s) * (value - mean))


def _since(holds: bool, since_s: float | None, now_s: float) -> float | None:
    return None if not holds else now_s if since_s is None else since_s


def _lasted(since_s: float | None, now_s: float, seconds: float) -> bool:
    return since_s is not None and now_s - since_s >= seconds - _EPS_S
