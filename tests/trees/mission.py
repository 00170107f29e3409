"""Runs the whole tree on the scripted bench and keeps what happened: visits, commands, the named outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from py_trees.behaviour import Behaviour
from py_trees.blackboard import Blackboard
from py_trees.common import Status
from py_trees.trees import BehaviourTree
from py_trees.visitors import VisitorBase

from behaviours import keys
from behaviours.keys import Outcome
from behaviours.outcome import outcome
from hardware.geometry import transform
from hardware.types import FloatArray
from perception.types import HandoverRequest
from planning.held import unknown_object
from planning.options import PlanningOptions, PresentationOptions
from planning.robot_model import tcp_pose
from tests.bar import person
from tests.bench import Bench
from tests.fakes import FakeMotion
from tests.leaves import get, put
from trees.handover import create_root
from trees.options import MissionOptions

MARKS = {Status.SUCCESS: "o", Status.FAILURE: "x"}
TICK_S = 0.04
"""Half the rate of a real run: enough for every persistence of the release and safety rules."""
OPTIONS = MissionOptions(
    planning=PlanningOptions(
        presentation=PresentationOptions(roll_step_deg=180.0, yaws_deg=(20.0,), tips_deg=())
    )
)
"""The defaults with few ways to present an object, to be quick."""


class _Visits(VisitorBase):
    """Counts how often each node ended a tick with which status, and keeps the order of leaves that ended."""

    def __init__(self) -> None:
        super().__init__(full=False)
        self.counts: Counter[tuple[str, Status]] = Counter()
        self.ended: list[tuple[str, Status]] = []
        self._running: list[Behaviour] = []
        self._ran: list[Behaviour] = []

    def initialise(self) -> None:
        self._ran, self._running = self._running, []

    def run(self, behaviour: Behaviour) -> None:
        self.counts[behaviour.name, behaviour.status] += 1
        if behaviour.children:
            return
        if behaviour.status is Status.RUNNING:
            self._running.append(behaviour)
        elif behaviour.status in MARKS:
            self.ended.append((behaviour.name, behaviour.status))

    def finalise(self) -> None:
        """What ran before or in this tick and was let go of in it."""
        ran = dict.fromkeys([*self._ran, *self._running])
        self.ended += [(node.name, node.status) for node in ran if node.status is Status.INVALID]
        self._running = [node for node in self._running if node.status is Status.RUNNING]


@dataclass
class Person:
    """Someone who stands there and, once asked to, reaches for the object and pulls."""

    takes: bool = True
    comes_after_s: float = 0.0
    """Not to be seen before that time of the run."""
    reach_after_s: float = 1.2
    pull_after_s: float = 0.6
    pull_n: float = 12.0
    weight_n: float = 3.0
    rests_n: float = 0.0
    """What the loosened fingers still bear."""
    stands_m: float = 1.15
    comes_to_m: float | None = None
    """Where they stand, and where once asked to come closer; None: they do not move."""
    tug_n: float = 0.0
    """Pulled with at any moment, asked or not."""
    _started_s: float | None = None
    _asked_s: float | None = None

    def act(self, bench: Bench) -> None:
        """What the person does and what the wrist feels, in this tick."""
        now_s = bench.clock.now()
        self._started_s = now_s if self._started_s is None else self._started_s
        here = now_s >= self._started_s + self.comes_after_s
        if self._asked_s is None and any(text.startswith("Here is") for text in bench.announcer.said):
            self._asked_s = now_s
        waited_s = -1.0 if self._asked_s is None else now_s - self._asked_s
        reaching = self.takes and waited_s >= self.reach_after_s
        pulling = reaching and waited_s >= self.reach_after_s + self.pull_after_s
        asked = any("closer" in text for text in bench.announcer.said)
        away_m = self.comes_to_m if asked and self.comes_to_m else self.stands_m
        pose = person(now_s, away_m, wrist=_object(bench) if reaching else None)
        bench.human.seen = lambda: pose if here else None
        pull = np.array([max(self.pull_n if pulling else 0.0, self.tug_n), 0.0, -self.weight_n])
        bench.arm.force_n = pull if bench.gripper.holding else np.array([0.0, 0.0, -self.rests_n])


def _object(bench: Bench) -> FloatArray:
    """Where the person's part of what the gripper holds is (3,)."""
    held = get(keys.HELD) or unknown_object(bench.gripper.width_m)
    return transform(tcp_pose(bench.arm.joints, bench.gripper.width_m), held.human_point)


@dataclass
class Mission:
    """One run; `step` ticks once, `run` until the end."""

    bench: Bench = field(default_factory=Bench)
    person: Person = field(default_factory=Person)
    options: MissionOptions = OPTIONS
    vlm: bool = True
    ahead: bool = False
    during: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What happens after each tick in which this leaf runs."""

    def __post_init__(self) -> None:
        Blackboard.clear()
        self.tree = BehaviourTree(create_root(self.options, vlm=self.vlm, ahead=self.ahead))
        self.tree.setup(services=self.bench.services)
        self._visits = _Visits()
        self.tree.visitors.append(self._visits)
        self.ticks = 0
        put(keys.REQUEST, HandoverRequest("bar"))

    @property
    def status(self) -> Status:
        return self.tree.root.status

    @property
    def over(self) -> bool:
        return self.status in (Status.SUCCESS, Status.FAILURE)

    @property
    def outcome(self) -> Outcome:
        return outcome(self.status, get(keys.FAILURE))

    def step(self) -> None:
        """One tick, then time passes."""
        self.person.act(self.bench)
        self.tree.tick()
        self.ticks += 1
        for leaf, happen in tuple(self.during.items()):
            if self.running(leaf):
                happen()
        assert self.bench.clock.sleeps == 0
        self.bench.clock.now_s += TICK_S

    def run(self, seconds: float = 400.0, until: Callable[[], bool] = lambda: False) -> Mission:
        """Tick until the root ends, `until` holds, or the time is up (which fails the test)."""
        end_s = self.bench.clock.now() + seconds
        while not self.over and not until():
            self.step()
            assert self.bench.clock.now() < end_s, f"still running {self.tree.tip()}"
        return self

    def run_until_in(self, leaf: str) -> Mission:
        """Tick until this leaf runs."""
        self.run(until=lambda: self.running(leaf))
        assert self.running(leaf), f"{leaf} never ran"
        return self

    @property
    def commands(self) -> str:
        """How often each device was commanded, and the openings in mm."""
        sent = Counter(command.device for command in self.bench.log)
        widths = f" ({', '.join(map(str, self.widths_mm))} mm)" if self.widths_mm else ""
        return f"arm {sent['arm']}, gripper {sent['gripper']}{widths}, stop {sent['stop']}"

    def running(self, leaf: str) -> bool:
        return any(
            node.name == leaf and node.status == Status.RUNNING
            for node in self.tree.root.iterate()
            if not node.children
        )

    def count(self, name: str, status: Status) -> int:
        """How many ticks this node ended with this status."""
        return self._visits.counts[name, status]

    def ends(self, leaf: str) -> str:
        """How this leaf ended, each time: "SFS" for SUCCESS, FAILURE, SUCCESS."""
        ends = (status for name, status in self._visits.ended if name == leaf and status in MARKS)
        return "".join(status.name[0] for status in ends)

    @property
    def path(self) -> list[str]:
        """Every leaf that ended or was interrupted, in order; what each tick asks, only where it failed."""
        asked = ("Safe?", "Still Safe?", "Still Holding?")
        return [
            f"{MARKS.get(status, '-')} {name}"
            for name, status in self._visits.ended
            if name not in asked or status is Status.FAILURE
        ]

    def visited(self, name: str) -> bool:
        return any(visit[0] == name for visit in self._visits.counts)

    # Commands -----------------------------------------------------------------------------------------

    @property
    def motions(self) -> list[FakeMotion]:
        """Every motion of arm and gripper."""
        return [*self.bench.arm.motions, *self.bench.gripper.motions]

    @property
    def widths_mm(self) -> list[int]:
        """The openings commanded."""
        return [round(1e3 * c.value[0]) for c in self.bench.log if c.device == "gripper"]

    @property
    def stops(self) -> int:
        return sum(c.device == "stop" for c in self.bench.log)

    @property
    def cancels(self) -> list[int]:
        """How often each motion was cancelled."""
        return [motion.cancels for motion in self.motions]
