"""The whole tree: a guarded mission, and what to do when it fails."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.common import ParallelPolicy
from py_trees.composites import Parallel, Selector, Sequence

from behaviours.conditions import Safe
from behaviours.decorators import Deadline
from behaviours.keys import Outcome
from behaviours.motion import BackOff
from behaviours.observe import ReadRobot
from planning.types import Phase
from trees.acquire import create_acquire
from trees.deliver import create_deliver
from trees.look import create_look_first
from trees.options import MissionOptions
from trees.recover import create_recover

DEFAULTS = MissionOptions()


def create_root(options: MissionOptions = DEFAULTS, *, vlm: bool = True, ahead: bool = False) -> Behaviour:
    """The tree of one request; `vlm=False` leaves out the questions to a vision-language model,
    `ahead=True` lets a GraspProposer work while they are answered.

    SUCCESS: the person has the object and the arm has backed off. FAILURE: `keys.FAILURE` says why, and
    `behaviours.outcome` names it in one word. A retreat that fails is told and recovered from as anything
    else, but its word stays handed_over; a stop by the guard is unsafe, then too. Clear the blackboard before
    every build.

    ```
    /_/ Handover                        SuccessOnSelected([Task], synchronise=False)
    ├── --> Read Robot                  observer, always RUNNING
    └── {o} Task
        ├── [-] Guarded Mission         the guard is asked again in every tick, in front
        │   ├── --> Safe?
        │   └── {-} Mission
        │       ├── -^- Look First      trees.look
        │       ├── -^- Acquire xN      trees.acquire
        │       ├── /_/ Deliver         trees.deliver
        │       └── -^- Retreat (D)
        └── -^- Recover                 trees.recover
    ```
    """
    tree = options.tree
    # The person has the object by then: an arm that does not get away is no handover that failed.
    done = Outcome.HANDED_OVER
    retreat = BackOff("Retreat", Phase.RETREAT, options.scene, options.motion, tree.person, done)
    mission = Sequence(
        name="Mission",
        memory=True,
        children=[
            create_look_first(options),
            create_acquire(options, vlm=vlm, ahead=ahead),
            create_deliver(options),
            Deadline("Retreat (D)", retreat, tree.deadlines.motion_s, outcome=done),
        ],
    )
    guarded_mission = Sequence(
        name="Guarded Mission", memory=False, children=[Safe("Safe?", options.planning.safety), mission]
    )
    task = Selector(name="Task", memory=True, children=[guarded_mission, create_recover(options)])
    return Parallel(
        name="Handover",
        policy=ParallelPolicy.SuccessOnSelected([task], synchronise=False),
        children=[ReadRobot("Read Robot"), task],
    )
