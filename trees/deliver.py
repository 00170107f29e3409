"""How the object gets to the person: find the person, reach out, wait for the hand, let go."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.common import ParallelPolicy
from py_trees.composites import Parallel, Selector, Sequence
from py_trees.decorators import Retry

from behaviours.conditions import PersonKnown, StillHolding
from behaviours.decorators import Deadline
from behaviours.handover import (
    MoveToHandover,
    NextHandoverPose,
    PlanHandover,
    ProposeDefaultPoses,
    ProposeHandoverPoses,
    Say,
)
from behaviours.keys import Outcome
from behaviours.let_go import FingersFree, HoldStill, Loosen, ObjectLeft, OpenFully
from behaviours.motion import GoTo, toward_person
from behaviours.observe import AwaitCloser, SeePerson, TrackHuman
from behaviours.release import WaitForTake
from planning.types import Phase
from trees.look import create_sweep
from trees.options import MissionOptions


def create_deliver(options: MissionOptions) -> Behaviour:
    """Gives the object to the person; the observer beside it never fails.

    ```
    /_/ Deliver                         SuccessOnSelected([Give], synchronise=False)
    ├── --> Track Human                 a lost person is an old stamp
    └── {-} Give
        ├── [-] Carry
        │   ├── --> Still Holding?      an empty hand on the way is a dropped object
        │   └── {-} Bring
        │       ├── {o} Find Human
        │       └── {o} Reach Out
        ├── -^- Wait For Take (D)       at rest, tared; two cues; prompts
        └── {-} Release
    ```
    """
    tree = options.tree
    bring = Sequence(
        name="Bring", memory=True, children=[create_find_human(options), create_reach_out(options)]
    )
    carry = Sequence(name="Carry", memory=False, children=[StillHolding("Still Holding?", tree.grip), bring])
    take = WaitForTake("Wait For Take", options.planning.release, tree.person, tree.prompts)
    give = Sequence(
        name="Give",
        memory=True,
        children=[
            carry,
            Deadline("Wait For Take (D)", take, tree.deadlines.take_s, outcome=Outcome.NOT_TAKEN),
            create_release(options),
        ],
    )
    return Parallel(
        name="Deliver",
        policy=ParallelPolicy.SuccessOnSelected([give], synchronise=False),
        children=[TrackHuman("Track Human", tree.person), give],
    )


def create_find_human(options: MissionOptions) -> Behaviour:
    """Makes sure human/pose is young, or as young as it gets with the object in the picture.

    ```
    {o} Find Human
    ├── --> Person Known?
    ├── -^- Look Again xN               around where the person was seen
    ├── --> Person Known Before?        FALLBACK: where the person was before the pick
    ├── -^- Sweep xN                    FALLBACK: anywhere
    └── {-} Ask And Wait                FALLBACK
        ├── --> Ask To Step Into View
        ├── -^- Look Ahead (D)
        └── -^- Await Person (D)
    ```
    """
    tree = options.tree
    ahead = toward_person(tree.views, [0.0])
    look = GoTo("Look Ahead", ahead, Phase.LOOK, options.scene, tree.person)
    wait = SeePerson("Await Person", tree.views, tree.person)
    ask_and_wait = Sequence(
        name="Ask And Wait",
        memory=True,
        children=[
            Say("Ask To Step Into View", tree.prompts.where_are_you),
            Deadline("Look Ahead (D)", look, tree.deadlines.motion_s),
            Deadline("Await Person (D)", wait, tree.deadlines.wait_person_s, outcome=Outcome.NOT_TAKEN),
        ],
    )
    return Selector(
        name="Find Human",
        memory=True,
        children=[
            PersonKnown("Person Known?", tree.person.young_s),
            create_sweep("Look Again", tree.views.look_again_deg, options),
            PersonKnown("Person Known Before?", tree.person.plan_s),
            create_sweep("Sweep", tree.views.sweep_deg, options),
            ask_and_wait,
        ],
    )


def create_reach_out(options: MissionOptions) -> Behaviour:
    """Brings the object where taking it costs the person least, else where it can be brought at all.

    ```
    {o} Reach Out
    ├── {-} Ergonomic
    ├── -^- Come Closer xN              FALLBACK: asks again while nothing else works
    │   └── {-} Ask And Reach Out
    │       ├── --> Ask To Come Closer
    │       ├── -^- Await Closer (D)
    │       └── {-} Ergonomic Again
    └── {-} Default Pose                FALLBACK, needs no person
    ```
    """
    presentation = options.planning.presentation

    def ergonomic(name: str) -> Behaviour:
        return create_present(name, ProposeHandoverPoses("Propose Handover Poses", presentation), options)

    tree = options.tree
    default = create_present(
        "Default Pose", ProposeDefaultPoses("Propose Default Poses", presentation), options
    )
    wait = AwaitCloser("Await Closer", presentation, tree.person)
    closer = Sequence(
        name="Ask And Reach Out",
        memory=True,
        children=[
            Say("Ask To Come Closer", tree.prompts.come_closer),
            Deadline("Await Closer (D)", wait, tree.closer_wait_s, outcome=Outcome.NOT_REACHABLE),
            ergonomic("Ergonomic Again"),
        ],
    )
    asks = tree.budgets.come_closer
    return Selector(
        name="Reach Out",
        memory=True,
        children=[
            ergonomic("Ergonomic"),
            Retry(f"Come Closer x{asks}", closer, num_failures=asks),
            default,
        ],
    )


def create_present(name: str, propose: Behaviour, options: MissionOptions) -> Behaviour:
    """Proposes once, then tries the poses in cost order.

    ```
    {-} Ergonomic
    ├── --> Propose Handover Poses
    └── -^- Next Reachable Pose xN
        └── {-} Try Pose
            ├── --> Next Handover Pose
            ├── --> Plan Handover
            └── -^- Move To Handover (D)
    ```
    """
    tree = options.tree
    budget = tree.budgets.handover_poses
    move = MoveToHandover("Move To Handover")
    try_pose = Sequence(
        name="Try Pose",
        memory=True,
        children=[
            NextHandoverPose("Next Handover Pose"),
            PlanHandover("Plan Handover", options.scene, tree.person, options.planning.safety),
            Deadline("Move To Handover (D)", move, tree.deadlines.motion_s),
        ],
    )
    return Sequence(
        name=name,
        memory=True,
        children=[propose, Retry(f"Next Reachable Pose x{budget}", try_pose, num_failures=budget)],
    )


def create_release(options: MissionOptions) -> Behaviour:
    """Lets go without a jerk; interrupted anywhere, the fingers keep the opening they have.

    ```
    {-} Release
    ├── -^- Loosen (D)                  10 mm wider than now
    ├── --> Hold Still
    ├── -^- Object Left? (D)            its weight is off the wrist
    ├── -^- Open Fully (D)
    └── -^- Fingers Free? (D)           nothing hangs on a finger
    ```
    """
    tree = options.tree
    free = FingersFree("Fingers Free?", options.planning.release, tree.prompts)
    left = ObjectLeft("Object Left?", options.planning.release)
    return Sequence(
        name="Release",
        memory=True,
        children=[
            Deadline("Loosen (D)", Loosen("Loosen", tree.grip), tree.deadlines.gripper_s),
            HoldStill("Hold Still", tree.grip),
            Deadline("Object Left? (D)", left, tree.deadlines.object_left_s, outcome=Outcome.NOT_TAKEN),
            Deadline("Open Fully (D)", OpenFully("Open Fully", tree.grip), tree.deadlines.gripper_s),
            Deadline("Fingers Free? (D)", free, tree.deadlines.fingers_free_s, outcome=Outcome.NOT_TAKEN),
        ],
    )
