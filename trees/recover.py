"""What happens after a failure: come to rest, wait until it is safe, put the object back, go home."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.composites import Selector, Sequence
from py_trees.decorators import FailureIsSuccess, SuccessIsFailure

from behaviours.conditions import NotHolding, Safe, WaitUntilSafe
from behaviours.decorators import Deadline
from behaviours.handover import Say
from behaviours.motion import BackOff, GoTo, StopArm, in_turn
from behaviours.put_back import LetGo, PlanPutBack, SetDown
from planning.types import Phase
from trees.options import MissionOptions


def create_recover(options: MissionOptions) -> Behaviour:
    """Runs, then still reports FAILURE: the mission was not fulfilled. It is guarded like the mission.

    ```
    -^- Recover                         SuccessIsFailure
    └── {-} Stop And Return
        ├── -^- Stop Arm (D)
        ├── -^- Wait Until Safe (D)
        └── [-] Guarded Return
            ├── --> Still Safe?
            └── {-} Return
                ├── -^- Back Off        FailureIsSuccess, along the gripper's own axis
                ├── {o} Empty Hand
                │   ├── --> Not Holding?
                │   └── {-} Put Back
                └── -^- Go Home (D)
    ```
    """
    tree, deadlines = options.tree, options.tree.deadlines
    home = GoTo(
        "Go Home", in_turn([tree.views.home_deg]), Phase.RECOVER, options.scene, tree.person, outcome=None
    )
    empty_hand = Selector(
        name="Empty Hand", memory=True, children=[NotHolding("Not Holding?"), create_put_back(options)]
    )
    back_off = BackOff("Back Off", Phase.RECOVER, options.scene, options.motion, tree.person, outcome=None)
    go_back = Sequence(
        name="Return",
        memory=True,
        children=[
            FailureIsSuccess(
                "Back Off If Free",
                Deadline("Back Off (D)", back_off, deadlines.motion_s, outcome=None),
            ),
            empty_hand,
            Deadline("Go Home (D)", home, deadlines.motion_s, outcome=None),
        ],
    )
    guarded_return = Sequence(
        name="Guarded Return",
        memory=False,
        children=[Safe("Still Safe?", options.planning.safety), go_back],
    )
    wait = WaitUntilSafe("Wait Until Safe", options.planning.safety, tree.calm_s)
    return SuccessIsFailure(
        "Recover",
        Sequence(
            name="Stop And Return",
            memory=True,
            children=[
                Deadline("Stop Arm (D)", StopArm("Stop Arm"), deadlines.stop_s, outcome=None),
                Deadline("Wait Until Safe (D)", wait, deadlines.until_safe_s, outcome=None),
                guarded_return,
            ],
        ),
    )


def create_put_back(options: MissionOptions) -> Behaviour:
    """Puts the object down where it was picked, else at a free place; opens the gripper only down there.

    ```
    {-} Put Back
    ├── --> Say So
    ├── --> Plan Put Back
    ├── -^- Set Down (D)
    ├── -^- Let Go (D)                  refuses when the arm is not where Set Down ends
    └── -^- Back Off (D)
    ```
    """
    tree, deadlines = options.tree, options.tree.deadlines
    back_off = BackOff("Back Off", Phase.RECOVER, options.scene, options.motion, tree.person, outcome=None)
    return Sequence(
        name="Put Back",
        memory=True,
        children=[
            Say("Say So", tree.prompts.not_taken),
            PlanPutBack("Plan Put Back", options.scene, options.motion, tree.person),
            Deadline("Set Down (D)", SetDown("Set Down"), deadlines.motion_s, outcome=None),
            Deadline("Let Go (D)", LetGo("Let Go", tree.grip), deadlines.gripper_s, outcome=None),
            Deadline("Back Off (D)", back_off, deadlines.motion_s, outcome=None),
        ],
    )
