"""Which grasp: in the robot's region, else in a larger one, else anywhere but on the person's part."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.composites import Selector, Sequence
from py_trees.decorators import Retry

from behaviours.grasp import GenerateGrasps, NextGrasp, PlanGrasp, RankGrasps
from planning.selection import Region
from trees.options import MissionOptions


def create_choose_grasp(options: MissionOptions) -> Behaviour:
    """Writes grasp/current, grasp/plan and handover/held.

    ```
    {o} Choose Grasp
    ├── {-} In Region
    ├── {-} In Grown Region             FALLBACK: larger epsilon, more samples
    └── {-} Outside Human Region        FALLBACK: the whole object but for the person's part
    ```
    """
    few, many = options.tree.grasp_samples, options.tree.grown_samples
    strict, grown = options.planning.selection.epsilon_m, options.planning.selection.grown_epsilon_m
    return Selector(
        name="Choose Grasp",
        memory=True,
        children=[
            create_pick_from("In Region", Region.ROBOT, few, strict, options),
            create_pick_from("In Grown Region", Region.GROWN, many, grown, options),
            create_pick_from("Outside Human Region", Region.OUTSIDE_HUMAN, many, strict, options),
        ],
    )


def create_pick_from(
    name: str, region: Region, samples: int, epsilon_m: float, options: MissionOptions
) -> Behaviour:
    """Ranks once, then tries the candidates in order.

    ```
    {-} In Region
    ├── --> Generate Grasps
    ├── --> Rank Grasps
    └── -^- Next Reachable xN           N candidates at most
        └── {-} Try Grasp
            ├── --> Next Grasp
            └── --> Plan Grasp          approach, grasp, lift and delivery, or the reason why not
    ```
    """
    budget = options.tree.budgets.grasps_per_region
    try_grasp = Sequence(
        name="Try Grasp",
        memory=True,
        children=[
            NextGrasp("Next Grasp"),
            PlanGrasp(
                "Plan Grasp",
                options.planning.presentation,
                options.scene,
                options.motion,
                options.tree.person,
            ),
        ],
    )
    return Sequence(
        name=name,
        memory=True,
        children=[
            GenerateGrasps("Generate Grasps", samples, epsilon_m, options.scene.table_top_z_m),
            RankGrasps("Rank Grasps", region, options.planning.selection, options.ranking),
            Retry(f"Next Reachable x{budget}", try_grasp, num_failures=budget),
        ],
    )
