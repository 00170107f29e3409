"""Which part of the object is for the person: the model's answer, else the shape's; meanwhile, where grasps
are.
"""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.common import ParallelPolicy
from py_trees.composites import Parallel, Selector, Sequence
from py_trees.decorators import FailureIsSuccess, Retry

from behaviours.decorators import Deadline
from behaviours.ground import AskVlm, CrossCheck, GroundByMethod, GroundByShape, ParseRegions
from behaviours.keys import Outcome
from behaviours.propose import ProposeGrasps
from trees.options import MissionOptions


def create_understand(options: MissionOptions, *, vlm: bool = True, ahead: bool = False) -> Behaviour:
    """Writes scene/regions; with `ahead`, grasp/proposals too, while the model thinks. Where no model is
    asked there is nothing to wait for, and Ground Regions stands alone.

    ```
    /_/ Understand                      waits for both
    ├── -^- Propose Ahead               FAILURE is SUCCESS: Generate Grasps can do without
    │   └── --> Propose Grasps
    └── {o} Ground Regions
    ```
    """
    ground = create_ground_regions(options, vlm=vlm)
    if options.own_grounder or not (vlm and ahead):
        return ground
    propose = ProposeGrasps("Propose Grasps", options.scene.table_top_z_m)
    return Parallel(
        name="Understand",
        policy=ParallelPolicy.SuccessOnAll(),
        children=[FailureIsSuccess("Propose Ahead", propose), ground],
    )


def create_ground_regions(options: MissionOptions, *, vlm: bool = True) -> Behaviour:
    """Writes scene/regions; without a model (`vlm=False`) Ground By Shape stands alone, and of a method with
    an own grounder Ground By Method (D). With `grid.ask_twice` a Cross-Check (D) follows Parse Regions.

    ```
    {o} Ground Regions
    ├── -^- Ground By VLM (D)
    │   └── -^- Ask VLM x3              the next attempt carries the parse error
    │       └── {-} Ask And Parse
    │           ├── -^- Ask VLM (D)
    │           └── --> Parse Regions
    └── --> Ground By Shape             FALLBACK, needs no model
    ```
    """
    deadlines, grid = options.tree.deadlines, options.grid
    if options.own_grounder:
        by_method = GroundByMethod("Ground By Method")
        seconds = deadlines.vlm_total_s
        return Deadline("Ground By Method (D)", by_method, seconds, outcome=Outcome.NOT_GRASPABLE)
    by_shape = GroundByShape("Ground By Shape")
    if not vlm:
        return by_shape
    steps: list[Behaviour] = [
        Deadline("Ask VLM (D)", AskVlm("Ask VLM", grid), deadlines.vlm_s, outcome=None),
        ParseRegions("Parse Regions", grid),
    ]
    if grid.ask_twice:
        check = CrossCheck("Cross-Check", grid)
        steps.append(Deadline("Cross-Check (D)", check, deadlines.vlm_s, outcome=None))
    ask_and_parse = Sequence(name="Ask And Parse", memory=True, children=steps)
    asks = Retry(f"Ask VLM x{grid.asks}", ask_and_parse, num_failures=grid.asks)
    by_vlm = Deadline("Ground By VLM (D)", asks, deadlines.vlm_total_s, outcome=None)
    return Selector(name="Ground Regions", memory=True, children=[by_vlm, by_shape])
