"""Where the person is: look there, sweep to both sides."""

from __future__ import annotations

from py_trees.behaviour import Behaviour
from py_trees.composites import Selector, Sequence
from py_trees.decorators import FailureIsSuccess, Retry

from behaviours.conditions import PersonKnown
from behaviours.decorators import Deadline
from behaviours.keys import Outcome
from behaviours.motion import GoTo, toward_person
from behaviours.observe import SeePerson
from planning.types import Phase
from trees.options import MissionOptions


def create_look_first(options: MissionOptions) -> Behaviour:
    """Best effort before the pick, so that grasps are checked against the real person.

    ```
    -^- Look First                      FailureIsSuccess: the nominal person will do
    └── {o} Person Or Sweep
        ├── --> Person Known?
        └── -^- Sweep xN
    ```
    """
    return FailureIsSuccess(
        "Look First",
        Selector(
            name="Person Or Sweep",
            memory=True,
            children=[
                PersonKnown("Person Known?", options.tree.person.young_s),
                create_sweep("Sweep", options.tree.views.sweep_deg, options),
            ],
        ),
    )


def create_sweep(name: str, sweep_deg: tuple[float, ...], options: MissionOptions) -> Behaviour:
    """Looks where the person was last seen or is expected, then off it by `sweep_deg`.

    ```
    -^- Sweep xN                        the next bearing at each attempt
    └── {-} Look
        ├── -^- Look At Person (D)
        └── -^- See Person (D)
    ```
    """
    tree = options.tree
    looks = len(sweep_deg)
    toward = toward_person(tree.views, sweep_deg)
    look = Sequence(
        name="Look",
        memory=True,
        children=[
            Deadline(
                "Look At Person (D)",
                GoTo("Look At Person", toward, Phase.LOOK, options.scene, tree.person),
                tree.deadlines.motion_s,
            ),
            Deadline(
                "See Person (D)",
                SeePerson("See Person", tree.views, tree.person),
                tree.deadlines.see_person_s,
                outcome=Outcome.NOT_TAKEN,
            ),
        ],
    )
    return Retry(f"{name} x{looks}", look, num_failures=looks)
