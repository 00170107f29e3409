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
from perception.types import HandoverRequest, HumanPose
from planning.robot_model import tcp_pose
from tests.bar import person
from tests.bench import Bench
from tests.leaves import TICK_S, get, put
from trees.handover import create_root
from trees.options import MissionOptions


class _Visits(VisitorBase):
    """Counts how often each node ended a tick with which status, and keeps the order of leaves that ended."""

    def __init__(self) -> None:
        super().__init__(full=False)
        self.counts: Counter[tuple[str, Status]] = Counter()
        self.ended: list[tuple[str, Status]] = []

    def run(self, behaviour: Behaviour) -> None:
        self.counts[behaviour.name, behaviour.status] += 1
        if not behaviour.children and behaviour.status in (Status.SUCCESS, Status.FAILURE):
            self.ended.append((behaviour.name, behaviour.status))


@dataclass
class Taker:
    """A person who stands there and, once asked to, reaches for the object and pulls."""

    takes: bool = True
    present: Callable[[float], bool] = lambda now_s: True
    reach_after_s: float = 1.2
    pull_after_s: float = 0.6
    pull_n: float = 12.0
    weight_n: float = 3.0
    asked_s: float | None = None

    def act(self, bench: Bench) -> None:
        """What the person does and what the wrist feels, in this tick."""
        now_s = bench.clock.now()
        if self.asked_s is None and any(text.startswith("Here is") for text in bench.announcer.said):
            self.asked_s = now_s
        waited_s = -1.0 if self.asked_s is None else now_s - self.asked_s
        reaching = self.takes and waited_s >= self.reach_after_s and get(keys.HELD) is not None
        pulling = reaching and waited_s >= self.reach_after_s + self.pull_after_s
        pose = person(now_s, wrist=self._object(bench) if reaching else None)
        bench.human.seen = lambda: pose if self.present(now_s) else None
        load = np.array([0.0, 0.0, -self.weight_n])
        pull = np.array([self.pull_n, 0.0, 0.0]) if pulling else np.zeros(3)
        bench.arm.force_n = load + pull if bench.gripper.holding else np.zeros(3)

    @staticmethod
    def _object(bench: Bench) -> np.ndarray:
        tcp = tcp_pose(bench.arm.joints, bench.gripper.width_m)
        return transform(tcp, get(keys.HELD).human_point)


@dataclass
class Mission:
    """One run; `step` ticks once, `run` until the end."""

    bench: Bench = field(default_factory=Bench)
    person: Taker = field(default_factory=Taker)
    options: MissionOptions = field(default_factory=MissionOptions)
    vlm: bool = True
    label: str = "bar"

    def __post_init__(self) -> None:
        Blackboard.clear()
        self.tree = BehaviourTree(create_root(self.options, vlm=self.vlm))
        self.tree.setup(services=self.bench.services)
        self._visits = _Visits()
        self.tree.visitors.append(self._visits)
        self.ticks = 0
        put(keys.REQUEST, HandoverRequest(self.label))

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
        """One tick, then 20 ms pass."""
        self.person.act(self.bench)
        self.tree.tick()
        self.ticks += 1
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
        return self.run(until=lambda: self.running(leaf))

    def running(self, leaf: str) -> bool:
        return any(
            node.name == leaf and node.status == Status.RUNNING
            for node in self.tree.root.iterate()
            if not node.children
        )

    def count(self, name: str, status: Status) -> int:
        """How many ticks this node ended with this status."""
        return self._visits.counts[name, status]

    def ended(self, *names: str) -> list[tuple[str, Status]]:
        """The leaves that succeeded or failed, in order; only these names, if any are given."""
        return [visit for visit in self._visits.ended if not names or visit[0] in names]

    def visited(self, name: str) -> bool:
        return any(visit[0] == name for visit in self._visits.counts)

    # Commands -----------------------------------------------------------------------------------------

    @property
    def arm_moves(self) -> int:
        return len(self.bench.arm.motions)

    @property
    def widths(self) -> list[float]:
        """The openings commanded, in mm."""
        return [round(1e3 * c.value[0]) for c in self.bench.log if c.device == "gripper"]

    @property
    def stops(self) -> int:
        return sum(c.device == "stop" for c in self.bench.log)

    @property
    def cancels(self) -> list[int]:
        """How often each motion was cancelled."""
        return [m.cancels for m in (*self.bench.arm.motions, *self.bench.gripper.motions)]


def seen_nowhere(now_s: float) -> HumanPose | None:
    """Nobody."""
    return None
