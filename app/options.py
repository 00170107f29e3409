"""The whole configuration as one tree of frozen dataclasses: each layer's options, the back ends, the run.

Light on purpose (no numpy, no pydantic), so that a command can print its help at once. `app.config` reads and
checks it; `config.yaml` lists every value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from behaviours.options import TreeOptions
from hardware.announcer import AnnounceOptions
from hardware.calibration.options import HandEyeOptions
from hardware.kinova.options import KinovaOptions
from hardware.realsense.options import RealSenseOptions
from hardware.sim.options import SimOptions
from perception.options import PerceptionOptions
from planning.motion.options import MotionOptions, SceneOptions
from planning.options import PlanningOptions

MethodName = Literal[
    "ours", "ours_paper", "lan_grasp", "affnet_dr", "contact_handover", "aleotti", "meng", "random"
]


@dataclass(frozen=True)
class BackEnds:
    """Which implementation does each step; `handover doctor` tells which of them can run here."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    robot: Literal["simulated", "kinova"] = "simulated"
    """Arm, gripper, camera and clock; kinova is the Gen3 with its RealSense."""
    detector: Literal["simulated", "tabletop", "owlvit"] = "simulated"
    """Finds the object: simulated reads the simulator's truth, tabletop takes the only cluster, owlvit is
    OWL-ViT or OWLv2."""
    segmenter: Literal["simulated", "cluster", "sam", "sam_transformers"] = "simulated"
    """Cuts the object out of its box; sam reads a segment-anything file, sam_transformers a folder."""
    vlm: Literal["simulated", "none", "openai", "local"] = "simulated"
    """Says which end is whose: a server with OpenAI's interface, a local model; none leaves it to the shape
    rule."""
    grasps: Literal["antipodal", "contact_graspnet"] = "antipodal"
    """Proposes grasps: antipodal needs nothing but the cloud, contact_graspnet is Contact-GraspNet."""
    human: Literal["simulated", "vitpose", "alphapose"] = "simulated"
    """Finds the person's joints in the picture."""
    planner: Literal["roboplan"] = "roboplan"
    maps: Literal["simulated", "server"] = "simulated"
    """Draws the affordance masks or the contact map of a method that needs them: server is your own network
    at perception.maps.url.
    """


@dataclass(frozen=True)
class RunOptions:
    """The loop and its records."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    runs_dir: str = "runs"
    """Each run writes a folder in here."""
    tick_hz: float = 50.0  # twenty times the bandwidth of a person's reach, a tenth of a core
    slow_tick_s: float = 0.005
    """A tick that takes longer (jobs run inline not counted) is warned about."""
    telemetry_hz: float = 5.0
    """How often readings that change at every tick (robot, person) go into the record."""
    hold_s: float = 2.0
    """After Ctrl-C the arm holds this long before the connection closes: the time for an emergency stop."""
    doctor_max_age_h: float = 24.0
    """A run on the real arm demands `handover doctor robot --move` and `doctor camera` passed within this."""


@dataclass(frozen=True)
class Config:
    """Every number a user may change."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    method: MethodName = "ours"
    """How regions are found and grasps are ranked: ours, ours_paper (Eqs. 1-4 as printed), or another method
    of the field; `handover bench methods --help` says what of each is faithful and what stands in.
    """
    back_ends: BackEnds = BackEnds()
    run: RunOptions = RunOptions()
    tree: TreeOptions = field(default_factory=TreeOptions)
    perception: PerceptionOptions = field(default_factory=PerceptionOptions)
    planning: PlanningOptions = field(default_factory=PlanningOptions)
    scene: SceneOptions = field(default_factory=SceneOptions)
    motion: MotionOptions = field(default_factory=MotionOptions)
    kinova: KinovaOptions = field(default_factory=KinovaOptions)
    realsense: RealSenseOptions = field(default_factory=RealSenseOptions)
    hand_eye: HandEyeOptions = field(default_factory=HandEyeOptions)
    announce: AnnounceOptions = field(default_factory=AnnounceOptions)
    sim: SimOptions = field(default_factory=SimOptions)
