"""How the object gets into the hand: it is there already, or it is picked."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.composites import Selector, Sequence
from py_trees.decorators import Retry

from behaviours.conditions import AlreadyHolding, NotHolding, ObjectInHand
from behaviours.decorators import Deadline
from behaviours.ground import DetectObject
from behaviours.motion import GoTo, in_turn
from behaviours.observe import CaptureScene
from behaviours.pick import Approach, CloseGripper, Lift, LiftClear, OpenGripper
from planning.types import Phase
from trees.grasp import create_choose_grasp
from trees.ground import create_understand
from trees.options import MissionOptions


def create_acquire(options: MissionOptions, *, vlm: bool = True, ahead: bool = False) -> Behaviour:
    """Retries condition and action together: a lift that failed with the object in hand is not a new pick.

    ```
    -^- Acquire xN
    └── {o} Acquire
        ├── {-} Resume
        │   ├── --> Already Holding?
        │   └── -^- Lift Clear (D)      nothing to do when the hand is high enough
        └── {-} Pick
    ```
    """
    tree = options.tree
    resume = Sequence(
        name="Resume",
        memory=True,
        children=[
            AlreadyHolding("Already Holding?"),
            Deadline(
                "Lift Clear (D)",
                LiftClear("Lift Clear", options.scene, options.motion, tree.person),
                tree.deadlines.motion_s,
            ),
        ],
    )
    pick = create_pick(options, vlm=vlm, ahead=ahead)
    acquire = Selector(name="Acquire", memory=True, children=[resume, pick])
    return Retry(f"Acquire x{tree.budgets.acquire}", acquire, num_failures=tree.budgets.acquire)


def create_pick(options: MissionOptions, *, vlm: bool = True, ahead: bool = False) -> Behaviour:
    """Looks, understands, chooses, grasps and lifts; starts only with an empty hand, so it may open it.

    ```
    {-} Pick
    ├── --> Not Holding?
    ├── -^- Go To View (D)              the next viewpoint at each attempt
    ├── -^- Capture Scene (D)
    ├── --> Detect Object
    ├── {o} Ground Regions              trees.ground; with `ahead`, beside Propose Grasps
    ├── {o} Choose Grasp
    ├── -^- Open Gripper (D)
    ├── -^- Approach (D)
    ├── -^- Close Gripper (D)
    ├── --> Object In Hand?             the hand's own word, not "command done"
    ├── -^- Lift (D)
    └── --> Still In Hand?
    ```
    """
    tree = options.tree
    motion_s, gripper_s = tree.deadlines.motion_s, tree.deadlines.gripper_s
    view = GoTo("Go To View", in_turn(tree.views.table_deg), Phase.LOOK, options.scene, tree.person)
    capture = CaptureScene("Capture Scene", tree.views)
    return Sequence(
        name="Pick",
        memory=True,
        children=[
            NotHolding("Not Holding?"),
            Deadline("Go To View (D)", view, motion_s),
            Deadline("Capture Scene (D)", capture, tree.deadlines.capture_s),
            DetectObject("Detect Object", options.scene, tree.object_edge_m),
            create_understand(options, vlm=vlm, ahead=ahead),
            create_choose_grasp(options),
            Deadline("Open Gripper (D)", OpenGripper("Open Gripper", tree.grip), gripper_s),
            Deadline("Approach (D)", Approach("Approach"), motion_s),
            Deadline("Close Gripper (D)", CloseGripper("Close Gripper", tree.grip), gripper_s),
            ObjectInHand("Object In Hand?", tree.grip),
            Deadline("Lift (D)", Lift("Lift"), motion_s),
            ObjectInHand("Still In Hand?", tree.grip),
        ],
    )
