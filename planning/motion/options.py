"""Where the robot may move and how fast: everything a user may change about motions (light: no numpy)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class SceneOptions:
    """The table and the room a person needs, in the base frame. Distances as recommended for handovers."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    table_x_m: tuple[float, float] = (-0.25, 0.65)
    table_y_m: tuple[float, float] = (-0.5, 0.5)
    table_top_z_m: float = -0.08
    """The base plate stands 0.08 m above the table top."""
    table_thickness_m: float = 0.10
    head_margin_m: float = 0.35
    """Kept from the head, a sphere of 0.15 m radius."""
    column_radius_m: float = 0.45
    """Nothing enters this column about the person above shoulder height."""
    torso_margin_m: float = 0.20
    """On the way; at a goal `MotionOptions.goal_torso_margin_m` holds."""
    held_margin_m: float = 0.05
    """Kept from torso, shoulders and upper arms by the held object: its end is offered near the body."""
    held_head_margin_m: float = 0.20
    arm_margin_m: float = 0.05
    """Kept from the arms, but not from the receiving forearm and hand: the object goes there."""
    clutter_padding_m: float = 0.01
    """Added on every side of what the camera sees of other objects."""
    clutter_height_m: float = 0.012
    """Points lower than this over the table belong to the table."""
    clutter_gap_m: float = 0.03
    """Points of one object lie closer together than this."""


@dataclass(frozen=True)
class MotionOptions:
    """How the arm moves."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    # The hard limits are 1.396 rad/s (joints 1-4) and 1.222 rad/s (5-7), 5.2 and 10 rad/s2.
    joint_speed_rad_s: tuple[float, ...] = (1.2, 1.2, 1.2, 1.2, 1.1, 1.1, 1.1)
    joint_acceleration_rad_s2: tuple[float, ...] = (2.5, 2.5, 2.5, 2.5, 5.0, 5.0, 5.0)
    joint_jerk_rad_s3: tuple[float, ...] = (25.0, 25.0, 25.0, 25.0, 50.0, 50.0, 50.0)
    person_distance_m: tuple[float, ...] = (0.25, 0.6, 1.2)
    """Distances between robot and person at which `person_speed_m_s` holds; linear between them."""
    person_speed_m_s: tuple[float, ...] = (0.10, 0.25, 0.50)
    unseen_speed_m_s: float = 0.25
    """The same where nobody was seen: that is not nobody there."""
    """Speed of tool, elbow and held object; the last one (Kinova's rating) also holds without a person."""
    halt_after_s: float = 5.5
    """A motion that stays near the person for longer has a halt in it: the guard stops a robot that moves
    near somebody out of sight for 6 s on end.
    """
    halt_distance_m: float = 0.45
    """What counts as near for it: the guard's 0.40 m and 0.05 m for the person's joints."""
    halt_s: float = 0.5
    line_speed_m_s: float = 0.25
    """The fastest the TCP goes on straight lines."""
    pregrasp_m: float = 0.10
    """From here the gripper goes straight in, along its approach axis."""
    lift_m: float = 0.15
    retreat_m: float = 0.10
    retreat_speed_m_s: float = 0.10
    way_out_m: float = 0.06
    """A free motion that starts in touch with something first goes this far straight up, or back."""
    put_down_gap_m: float = 0.005
    """The object is let go this far above where it stood."""
    goal_torso_margin_m: float = 0.30
    """Arm and gripper keep this from the torso at a goal."""
    elbow_angles: int = 24
    """Places of the elbow on its circle that inverse kinematics tries; each has eight branches."""
    goal_candidates: int = 6
    """Joint poses of one tool goal to which a path is sought."""
    delivery_candidates: int = 60
    """Handover poses tried before a grasp is given up as not deliverable."""
    put_back_places: int = 24
    """Places on the table tried when the object cannot go back where it was."""
    path_nodes: int = 4000
    """The search tree's limit; no time limit, so that the same problem has the same answer."""
    path_seeds: int = 3
    """Searches with different random numbers, of which the quickest path is taken."""
    shortcut_tries: int = 200
    """Random attempts to cut a corner of a path."""
    path_step_rad: float = 0.03
    """Between collision checks along a path."""
    line_step_m: float = 0.01
    """Between the inverse kinematics along a straight line."""
    blend_deviation_rad: float = 0.05
    """How far corners may be rounded."""
    sample_time_s: float = 0.02
    seed: int = 0
