"""What a user may change about choosing, presenting and letting go of an object (light: no numpy).

Figures called measured come from friction-only trials of the 2F-85 and a reachability study of the Gen3, both
in simulation; those called safe-side from published handover practice. None was measured on a real robot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from planning.contact_graspnet.options import ContactGraspNetOptions


@dataclass(frozen=True)
class GateOptions:
    """How good a grasp must be to be offered."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    edge_variation_m: float
    """How much either edge of the part may vary over the width of a finger."""
    overlap_m: float
    """How far the pads must overlap the part along the approach."""
    moment_kg_m: float
    """Assumed mass times the distance of the cloud's centroid from the closing axis."""
    width_m: float = 0.077
    """Of the part; wide ones leave open fingers little room, and are mostly blades held by their edges."""


@dataclass(frozen=True)
class AntipodalOptions:
    """The sampler of grasps on one view's cloud; every default is measured."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    leans_deg: tuple[float, ...] = (0.0, 15.0, 30.0, 45.0)
    """Tilts of the approach toward the person's end; up to 45 degrees hold as well as none."""
    axis_jitter_deg: float = 15.0
    """The closing axis varies this much about the local minor axis."""
    neighbourhood_m: float = 0.035
    voxel_m: float = 0.003
    max_points: int = 1500
    """Larger clouds are thinned further."""
    max_width_m: float = 0.077
    min_points: int = 8
    """Cloud points needed between the pads."""
    max_overlap_m: float = 0.028
    tip_clearance_m: float = 0.003
    """Fingertips over the table at the contact width; lower for thin parts, never below the next value."""
    thin_tip_clearance_m: float = 0.00125
    assumed_mass_kg: float = 0.5
    """For the torque gate: the cloud does not tell the mass."""
    needed_overlap_m: float = 0.006
    """Where `tip_clearance_m` would leave less, the fingertips go lower."""
    gates: tuple[GateOptions, ...] = (
        GateOptions(edge_variation_m=0.003, overlap_m=0.012, moment_kg_m=0.030, width_m=0.055),
        GateOptions(edge_variation_m=0.0045, overlap_m=0.006, moment_kg_m=0.040, width_m=0.072),
        GateOptions(edge_variation_m=0.006, overlap_m=0.004, moment_kg_m=0.055),
        GateOptions(edge_variation_m=0.009, overlap_m=0.002, moment_kg_m=0.150),
    )
    """From strict to loose. Grasps past a stricter one are tried first; those past the first one that leaves
    `enough_grasps` in the robot's region, and past the next one, are offered at all.
    """
    enough_grasps: int = 8


@dataclass(frozen=True)
class SelectionOptions:
    """Which candidates count as in a region, how they are ranked and how many are tried."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    epsilon_m: float = 0.02  # Eq. 1 of arXiv 2409.17621
    grown_epsilon_m: float = 0.04
    """For the robot's region when it holds no grasp."""
    alpha: float = 0.5  # Eq. 2: weight of the distance, 1 - alpha that of the angle
    queue_length: int = 16
    per_group: int = 5
    """Of equally sure grasps this many are queued before others get their turn: neighbours fail alike."""
    hand_room_m: float = 0.07
    """A contact nearer to the middle of the person's part leaves a hand no room: half a palm and a finger."""
    hand_ahead_m: float = 0.02
    """The middle of the person's part lies at least this far beyond the fingertips along the approach, or the
    hand that takes it meets the gripper: half a hand's thickness."""
    separation_m: float = 0.015
    """Queued grasps of the same lean are at least this far apart."""


@dataclass(frozen=True)
class PresentationOptions:
    """Where and how the object is offered to the person."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    roll_step_deg: float = 30.0
    """Turns about the object's axis; not for things that must stay upright."""
    yaws_deg: tuple[float, ...] = (20.0, 45.0)
    """Turns off the person, both sides."""
    tips_deg: tuple[float, ...] = (20.0, 45.0)
    """The person's end up or down; not for things that must stay upright."""
    outward_m: float = 0.13
    """The hand point moved this much to the receiving arm's side, as people do (median of
    recorded handovers); the robot stays clear of torso and head there.
    """
    nearer_m: tuple[float, ...] = (0.05, 0.10)
    """The hand point moved this much toward the robot as a fallback; costs the robot no reach."""
    clearance_over_table_m: float = 0.05
    """The hand point is at least this far over the table's height, even beside the table."""
    clearance_above_table_m: float = 0.20
    """The same where the hand point or the gripper hangs above the table, or this near to its edge: what is
    offered must not seem to lie there."""
    table_margin_m: float = 0.10
    clearance_below_object_m: float = 0.12
    """There the object's lowest point stays this far over the table, as the gripper must."""
    stature_m: float = 1.70
    """Of the nominal person, used when nobody usable is seen."""
    distance_m: float = 1.15
    """From the base axis to the nominal person's torso; 1.1 to 1.2 m is reachable for all presentations."""
    farthest_m: float = 1.4
    """Whoever stands farther off is asked to come closer (measured: 100 % can be served at 1.4 m, 75 % at
    1.5 m)."""
    comes_to_m: float = 1.25
    """Where they are taken to stop when grasps are chosen: people hand things over at 1.0 to 1.3 m, and what
    reaches them there reaches them nearer too."""
    floor_below_table_m: float = 0.75
    table_top_z_m: float = -0.08
    table_x_m: tuple[float, float] = (-0.25, 0.65)
    table_y_m: tuple[float, float] = (-0.5, 0.5)


@dataclass(frozen=True)
class ReleaseOptions:
    """When the person has taken the object; two cues are needed. Safe-side figures."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    settle_s: float = 0.3
    """At rest this long before the force is tared."""
    tare_s: float = 0.4
    cutoff_hz: float = 12.0
    """Low-pass of the force reading."""
    tare_doubt_n: float = 8.0
    """At rest the force differs from the object's weight by more: somebody pulls already, so the weight is
    the tare.
    """
    tare_drift_n: float = 4.0
    """The same where the force changes by this much while it should be tared."""
    hand_distance_m: float = 0.15
    """A hand counts as there when it is this near the person's part."""
    hand_memory_s: float = 1.0
    """A hand that vanished from sight beside the object counts for this long."""
    pull_n: float = 5.0
    pull_sigmas: float = 5.0
    pull_s: float = 0.10
    blind_pull_n: float = 10.0
    """Needed instead when no hand can be seen at all."""
    blind_pull_s: float = 0.20
    blind_away_share: float = 0.3
    """And it must lead away from the robot, by more than this share of it: within 73 degrees of straight."""
    load_share: float = 0.30
    """The object is borne by the person when the gripper feels less than this share of its weight."""
    load_s: float = 0.15
    min_weight_n: float = 4.0
    """Lighter objects cannot be weighed."""
    drift_m: float = 0.015
    """The tool was moved this far from where it waited."""
    push_hold_n: float = 15.0
    """Pushed toward the robot harder than this: no release."""
    push_abort_n: float = 30.0
    hooked_n: float = 8.0
    """A stronger pull at the open fingers means that the object hangs on one: between the error of an
    estimated wrench, several N, and the 15 N with which people draw at what does not come.
    """
    hooked_s: float = 1.0
    """The person is asked to lift it off when it has hung for this long."""
    free_s: float = 0.2
    """They count as free when the pull was less for this long."""
    lost_s: float = 0.06
    """The gripper must report an empty hand for this long before it is believed."""
    prompts_at_s: tuple[float, ...] = (5.0, 10.0)
    """Seconds of waiting without a hand near before each prompt."""
    prompts: tuple[str, ...] = (
        "You can take it now.",
        "Please take the part that points at you and pull gently.",
    )
    timeout_s: float = 20.0
    """Seconds of waiting before the attempt is given up."""


@dataclass(frozen=True)
class SafetyOptions:
    """Distances, speeds, forces and ages of the safety layer.

    Risk-reduction measures, not a safety function: no performance level is claimed.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    distances_m: tuple[float, ...] = (0.25, 0.6, 1.2)
    """Distances robot to person at which `speeds_m_s` holds; linear between them, constant beyond."""
    speeds_m_s: tuple[float, ...] = (0.10, 0.25, 0.50)
    stop_distance_m: float = 0.15
    """Nearer than this to head, torso or another arm: stop if the robot comes closer. With the uncertainty it
    is the 0.20 m from torso and head (0.35 m from its middle) that motions are planned with.
    """
    receiving_stop_distance_m: float = 0.05
    """The same for the receiving forearm and hand, except while handing over."""
    column_m: float = 0.35
    """The same for what the robot has above the person's shoulders, to the vertical through their head; with
    the uncertainty within what motions are planned with (scene.column_radius_m and head_margin_m)."""
    held_head_distance_m: float = 0.05
    """The same for the held object to the head; motions are planned with scene.held_head_margin_m."""
    look_ahead_s: float = 0.3  # coming to rest takes 0.22 s from 0.25 m/s, 0.38 s from 0.5 m/s
    """All distances and speeds count now, and on the robot's way over this time."""
    uncertainty_m: float = 0.05
    """Taken off every distance to the person: the error of the tracked joints."""
    unseen_speed_m_s: float = 0.25
    """Nobody seen is not nobody there."""
    overspeed: float = 1.5
    """The tool faster than this multiple of its cap, and `overspeed_m_s` more: stop."""
    overspeed_m_s: float = 0.05
    fresh_s: float = 0.5
    """An older view of the person counts as none: the robot moves blind."""
    forget_s: float = 60.0
    """A view of the person older than this counts as nobody seen, as for motions (tree.person.plan_s)."""
    blind_s: float = 6.0  # 0.4 m at 0.10 m/s, and time to come to rest
    """Moving blind near the person for this long without a pause: stop."""
    blind_distance_m: float = 0.4
    """What counts as near for `blind_s`."""
    camera_s: float = 0.5
    """No new picture for longer while the robot moves toward a person: stop; other motions are sent at the
    lowest of `speeds_m_s`. For cameras that take pictures by themselves; one that repeats itself is silent.
    """
    force_n: float = 20.0
    """Unexpected force for `force_s`: stop."""
    force_s: float = 0.05
    hard_force_n: float = 40.0
    """Unexpected force at once: stop."""
    grip_force_n: float = 100.0
    """The same while the fingers close or open: closing on a flat thing presses it onto the table."""
    force_memory_s: float = 1.0
    """The force expected is its mean over about this long; so is the load of a joint."""
    push_n: float = 30.0
    """While the object is offered, a push toward the robot or down that lasts for `push_s`, however slowly it
    came: stop. Far below the 140 N that a hand may be clamped with, since the force is an estimate.
    """
    push_s: float = 0.20
    torque_nm: tuple[float, float, float, float, float, float, float] = (
        15.0,
        15.0,
        15.0,
        15.0,
        6.0,
        6.0,
        6.0,
    )
    """Unexpected load of a joint for `torque_s`, the arm's own weight taken off: stop. About `hard_force_n`
    at a lever of 0.4 m, and at 0.15 m; the simulated arm needs up to 8 and 4 Nm to start, brake and be
    pulled at. Where the arm tells no torques, nothing is judged by them.
    """
    torque_s: float = 0.10
    contact_hold_s: float = 3.0
    """How long a stop by force, by a hand or by a silent camera lasts."""
    latch_contact: bool = False
    """After a stop by force or push the robot stays where it is, and a person starts the program again; else
    it puts back what it holds and goes home. Always so with the robot kinova.
    """
    pace_tolerance: float = 0.25
    """A motion about to be sent is slowed when it exceeds what is allowed at the person's present place by
    more than this share: joints read anew are never quite where they were when it was planned.
    """
    robot_age_s: float = 0.10  # 0.05 wanted; a tick of 50 Hz and one missed reading need 0.06
    """An older reading of the robot: stop."""
    hand_speed_m_s: float = 1.0
    """A hand coming at the robot faster than this: stop."""
    hand_window_s: float = 0.10
    """Hand speed is measured over at least this long, else the joints' noise is read as speed."""
    hand_range_m: float = 0.8
    """Hands farther from the robot than this are not judged by their speed."""
    rest_rad_s: float = 0.02
    """Joints slower than this: the robot stands, and a person coming near is no reason to stop."""


@dataclass(frozen=True)
class PlanningOptions:
    """Everything of planning but motions (`planning.motion.options`)."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    antipodal: AntipodalOptions = field(default_factory=AntipodalOptions)
    contact_graspnet: ContactGraspNetOptions = field(default_factory=ContactGraspNetOptions)
    selection: SelectionOptions = field(default_factory=SelectionOptions)
    presentation: PresentationOptions = field(default_factory=PresentationOptions)
    release: ReleaseOptions = field(default_factory=ReleaseOptions)
    safety: SafetyOptions = field(default_factory=SafetyOptions)
