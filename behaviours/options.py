"""The numbers of the tree: budgets, deadlines, view poses, widths, forces and what the robot says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

JointsDeg = tuple[float, float, float, float, float, float, float]


@dataclass(frozen=True)
class ViewOptions:
    """Where the arm looks from; joints 1 to 7 in degrees.

    The table views stand back at x = 0.15 m and look outward: one sees 99 % of the pick region with the base
    0 to 0.10 m above the table. The person view looks 15 degrees down from 0.65 m height, picture on its
    side. All measured free of self-collision and table.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    table_deg: tuple[JointsDeg, ...] = (
        (0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0),
        (25.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0),
        (-25.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0),
    )
    """One per attempt to pick, then from the first again."""
    person_deg: JointsDeg = (11.6, -46.4, 169.5, -113.4, -10.1, -37.3, 1.8)
    """For a person straight ahead; the bearing is added to joint 1."""
    home_deg: JointsDeg = (0.0, -44.4, 180.0, -129.2, 0.0, -65.2, 90.0)
    """Where a run that failed ends: the table view, which reaches toward nobody."""
    person_bearing_deg: float = 0.0
    """Where to look for the person first, seen from the base: 0 = ahead, positive to the robot's left."""
    sweep_deg: tuple[float, ...] = (0.0, -24.0, 24.0, -48.0, 48.0, -72.0, 72.0)
    """Added to the expected bearing, one per look; the picture sees 21 degrees to each side."""
    look_again_deg: tuple[float, ...] = (0.0, -12.0, 12.0)
    """The same with the object in hand, around where the person was seen: it hides a part of the picture."""
    tilts_deg: tuple[float, ...] = (0.0, -8.0, 8.0, -16.0, 16.0, -24.0, 24.0, 32.0, 40.0)
    """With an object in hand the camera is tilted by the first of these, up where positive, that shows the
    person's shoulders beside it."""
    clear_deg: float = 5.0
    """At least this far from the object and from the picture's edge: the width of an arm at a metre."""
    settle_s: float = 0.2
    """A picture counts when it was taken this long after the arm came to rest."""
    look_s: float = 0.6
    """How long to watch the person before acting on the pose, unless the arm lengths converge earlier."""


@dataclass(frozen=True)
class Budgets:
    """How often something is tried; only what changes between attempts is tried again."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    acquire: int = 2
    grasps_per_region: int = 12
    handover_poses: int = 60
    come_closer: int = 2
    """How often the person is asked to before the object is offered in the default place."""


@dataclass(frozen=True)
class Deadlines:
    """How long a leaf may take, in seconds on the robot's clock."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    motion_s: float = 45.0
    """One arm motion with its planning: 2 to 4.3 s at full joint speed, but up to 29 s (measured) where a
    person beside the way slows it down."""
    gripper_s: float = 4.0
    capture_s: float = 8.0
    """A camera answers within a second; one that draws its pictures on a busy machine takes several."""
    vlm_s: float = 21.0
    """One question to the vision-language model: a little more than perception.vlm.call_s."""
    vlm_total_s: float = 45.0
    """All questions about one picture, before the fallback takes over."""
    see_person_s: float = 1.5
    """One look of the sweep."""
    wait_person_s: float = 20.0
    """After the robot asked the person to come into view."""
    take_s: float = 45.0
    """Backstop around the release detector, which gives up earlier by itself."""
    object_left_s: float = 5.0
    fingers_free_s: float = 10.0
    """To lift off what hangs on an open finger."""
    stop_s: float = 3.0
    until_safe_s: float = 30.0


@dataclass(frozen=True)
class GripOptions:
    """Openings and forces of the gripper."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    open_m: float = 0.085
    force_n: float = 60.0
    """While holding: two-fold margin against slip for 0.5 kg at a friction of 0.5, far from a hard grip."""
    loosen_m: float = 0.010
    """Release opens by this much first: the object is free in 0.15 to 0.3 s, a hand stays untouched."""
    still_s: float = 0.3
    """The arm stands still this long after loosening."""
    confirm_s: float = 0.1
    """After closing and after the lift, the hand is asked this much later whether it holds the object."""
    lost_s: float = 0.15
    """The object counts as lost in transit when the gripper reports an empty hand for this long."""


@dataclass(frozen=True)
class PersonAges:
    """How old a tracked pose may be, and how near a hand counts."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    young_s: float = 3.0
    """Younger: no need to look again before reaching out."""
    plan_s: float = 60.0
    """Older: as if never seen; grasps are checked against the nominal person."""
    track_s: float = 0.5
    """Asked of the tracker; also the oldest wrist that can open the gripper."""
    hand_length_m: float = 0.09
    """From the wrist along the forearm to the middle of the hand (half of 0.108 x stature)."""
    closer_m: float = 0.10
    """Asked to come closer, they have done so when they are this much nearer than before."""
    still_m_s: float = 0.15
    """They stand when the middle of their shoulders moves slower than this for `still_s`."""
    still_s: float = 0.5


@dataclass(frozen=True)
class Prompts:
    """What the robot says; {label} is the object asked for."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    where_are_you: str = "I cannot see you. Please stand in front of me."
    come_closer: str = "I cannot reach you there. Please come a little closer."
    take_it: str = "Here is the {label}. Please take it."
    hooked: str = "It hangs on my finger. Please lift it off."
    not_taken: str = "I will put the {label} back."


@dataclass(frozen=True)
class TreeOptions:
    """Everything the behaviour tree takes from the configuration."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    views: ViewOptions = ViewOptions()
    budgets: Budgets = Budgets()
    deadlines: Deadlines = Deadlines()
    grip: GripOptions = GripOptions()
    person: PersonAges = PersonAges()
    prompts: Prompts = Prompts()
    object_edge_m: float = 0.015
    """What is this near the object belongs to it: masks end some pixels too early, depth smears at edges."""
    grasp_samples: int = 300
    grown_samples: int = 900
    """Second try: more samples, and the region grown by the larger epsilon."""
    calm_s: float = 1.0
    """Recovery moves after this long without a reason to stop."""
    closer_wait_s: float = 6.0
    """How long the person gets to come closer: to hear it, to think about it, and to walk a metre."""
