"""All the options a tree is built from: each layer's own, side by side."""

from __future__ import annotations

from dataclasses import dataclass, field

from behaviours.options import TreeOptions
from perception.options import GridOptions
from planning.motion.options import MotionOptions, SceneOptions
from planning.options import PlanningOptions
from planning.rule_names import RankingRule


@dataclass(frozen=True)
class MissionOptions:
    """What `create_root` and every factory below it take."""

    tree: TreeOptions = field(default_factory=TreeOptions)
    grid: GridOptions = field(default_factory=GridOptions)
    planning: PlanningOptions = field(default_factory=PlanningOptions)
    scene: SceneOptions = field(default_factory=SceneOptions)
    motion: MotionOptions = field(default_factory=MotionOptions)
    ranking: RankingRule = "deliverable"
    """Which grasp is tried first."""
    own_grounder: bool = False
    """Regions are found by the method's own grounder."""
