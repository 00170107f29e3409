"""The mission's thinking without its moving: look from where the arm stands, understand, plan."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.common import ParallelPolicy
from py_trees.composites import Parallel, Sequence

from behaviours.decorators import Deadline
from behaviours.ground import DetectObject
from behaviours.observe import CaptureScene, ReadRobot
from trees.grasp import create_choose_grasp
from trees.ground import create_understand
from trees.options import MissionOptions

DEFAULTS = MissionOptions()


def create_planning_root(
    options: MissionOptions = DEFAULTS, *, vlm: bool = True, ahead: bool = False
) -> Behaviour:
    """The tree of a rehearsal in which nothing moves; SUCCESS: pick, lift and delivery are planned.

    The leaves are those of the mission; no leaf that moves anything is in it.

    ```
    /_/ Planning                        SuccessOnSelected([Look And Plan], synchronise=False)
    ├── --> Read Robot                  observer, always RUNNING
    └── {-} Look And Plan
        ├── -^- Capture Scene (D)
        ├── --> Detect Object
        ├── {o} Ground Regions          trees.ground
        └── {o} Choose Grasp            trees.grasp
    ```
    """
    tree = options.tree
    capture = CaptureScene("Capture Scene", tree.views)
    look_and_plan = Sequence(
        name="Look And Plan",
        memory=True,
        children=[
            Deadline("Capture Scene (D)", capture, tree.deadlines.capture_s),
            DetectObject("Detect Object", options.scene, tree.object_edge_m),
            create_understand(options, vlm=vlm, ahead=ahead),
            create_choose_grasp(options),
        ],
    )
    return Parallel(
        name="Planning",
        policy=ParallelPolicy.SuccessOnSelected([look_and_plan], synchronise=False),
        children=[ReadRobot("Read Robot"), look_and_plan],
    )
