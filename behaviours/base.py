"""The three kinds of leaf: a remote control for something that runs elsewhere, never the motor itself.

Guarantees:
1. A tick only asks "done?"; planning, models and motions run in the executor or on the device.
2. `cancel` is called once per interruption, and only while the leaf runs; it never waits.
3. What a leaf produces is unset when it starts, so nobody acts on the result of an earlier attempt.
4. An expected failure is FAILURE with one sentence; every other exception reaches the runner, which stops
   the arm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, ClassVar

from py_trees.behaviour import Behaviour
from py_trees.common import Access, Status

from behaviours import keys
from behaviours.keys import Failure, Outcome
from behaviours.services import Services
from hardware.errors import HandoverError, HardwareError
from hardware.protocols import JobExecutor, Motion
from planning.types import Phase

Keys = Mapping[str, type]


class MissingInput(HandoverError):
    """A leaf was ticked before the leaf that produces its input succeeded."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"nothing is written under {key} yet; a leaf earlier in the tree must produce it")


class Leaf(Behaviour):
    """A leaf with declared, typed keys. Subclasses implement `poll`, and `start` and `cancel` where needed.

    READS: inputs; WRITES: outputs, unset at every start; UPDATES: read, modified and written, never unset.
    OUTCOME: the word the run ends with if this leaf's failure is the last one; None for a failure that
    says nothing about the mission; HANDED_OVER once the person has the object, whatever fails then.
    """

    READS: ClassVar[Keys] = {}
    WRITES: ClassVar[Keys] = {}
    UPDATES: ClassVar[Keys] = {}
    OUTCOME: Outcome | None = None

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.services: Services
        self._refusal: tuple[str, Outcome | None] | None = None
        self._client = self.attach_blackboard_client(name=name)
        for key in self.READS:
            self._client.register_key(key, Access.READ)
        for key in {**self.WRITES, **self.UPDATES, keys.FAILURE: Failure}:
            self._client.register_key(key, Access.WRITE)
        self._declared: dict[str, type] = {**self.READS, **self.WRITES, **self.UPDATES}

    # What a leaf implements -------------------------------------------------------------------------

    def start(self) -> None:
        """Start the one thing this leaf waits for. A HandoverError becomes this tick's FAILURE."""

    def poll(self) -> Status:
        """Say how it stands; must not block. A HandoverError becomes FAILURE with its text."""
        raise TypeError(f"{type(self).__name__} does not say how to poll")

    def cancel(self) -> None:
        """Let go of what runs; called at most once per start."""

    # What a leaf uses ---------------------------------------------------------------------------------

    def read(self, key: str) -> Any:
        """The value under a declared key. Raises MissingInput when unset, TypeError on a wrong type."""
        value = self.read_if_set(key)
        if value is None:
            raise MissingInput(key)
        return value

    def read_if_set(self, key: str) -> Any:
        """The value under a declared key, or None while nobody has written it."""
        kind = self._declared[key]
        if not self._client.exists(key):
            return None
        value = self._client.get(key)
        if not isinstance(value, kind):
            raise TypeError(f"{key} holds a {type(value).__name__}, {self.name} declares {kind.__name__}")
        return value

    def write(self, key: str, value: object) -> None:
        """Store a frozen value under a declared output. Raises TypeError on a wrong type."""
        kind = self._declared[key]
        if not isinstance(value, kind):
            raise TypeError(f"{self.name} must write a {kind.__name__} to {key}, not {type(value).__name__}")
        self._client.set(key, value)

    def succeed(self, reason: str = "") -> Status:
        """SUCCESS with one sentence."""
        self.feedback_message = reason
        return Status.SUCCESS

    def wait(self, reason: str = "") -> Status:
        """RUNNING with one sentence."""
        self.feedback_message = reason
        return Status.RUNNING

    def fail(self, reason: str, outcome: Outcome | None = None) -> Status:
        """FAILURE with one sentence; recorded as the mission's failure when the leaf declares an OUTCOME."""
        self.feedback_message = reason
        word = outcome or self.OUTCOME
        if word is not None:
            self._client.set(keys.FAILURE, Failure(word, self.name, reason))
        return Status.FAILURE

    def now(self) -> float:
        """Seconds on the robot's clock."""
        return self.services.robot.clock.now()

    # How py_trees drives it ---------------------------------------------------------------------------

    def setup(self, **kwargs: Any) -> None:
        self.services = kwargs["services"]

    def initialise(self) -> None:
        self.feedback_message = ""
        self._refusal = None
        self.unset(self.WRITES)
        try:
            self.start()
        except HandoverError as error:
            self._refusal = str(error), self._word_for(error)

    def update(self) -> Status:
        if self._refusal is not None:
            return self.fail(*self._refusal)
        try:
            return self.poll()
        except HandoverError as error:
            return self.fail(str(error), self._word_for(error))

    def terminate(self, new_status: Status) -> None:
        # INVALID also reaches leaves that ended long ago; only a running one has something to let go of.
        if self.status == Status.RUNNING and new_status == Status.INVALID:
            self.cancel()

    def unset(self, names: Iterable[str]) -> None:
        """Forget declared outputs."""
        for key in names:
            self._client.unset(key)

    @property
    def _device_word(self) -> Outcome | None:
        """A device that fails is an error of the run, whatever the leaf was about; unless it is too late to
        spoil the mission.
        """
        return self.OUTCOME if self.OUTCOME in (None, Outcome.HANDED_OVER) else Outcome.ERROR

    def _word_for(self, error: HandoverError) -> Outcome | None:
        return self._device_word if isinstance(error, HardwareError) else None


class WorkerLeaf(Leaf):
    """A leaf that waits for one job in the executor.

    `job` runs on the tick thread, reads the keys and returns what shall run in the worker: it gets a
    snapshot and touches no blackboard. `finish` gets its result, on the tick thread again.
    """

    _future: Future[Any]

    @property
    def executor(self) -> JobExecutor:
        """Where the job runs."""
        return self.services.executor

    def job(self) -> Callable[[], Any]:
        """What shall run in the worker, with everything it needs bound to it."""
        raise TypeError(f"{type(self).__name__} has no job")

    def finish(self, result: Any) -> Status:
        """Write the outputs and say how it went."""
        raise TypeError(f"{type(self).__name__} does not use its result")

    def start(self) -> None:
        self._future = self.executor.submit(self.job(), self.name)

    def poll(self) -> Status:
        if not self._future.done():
            return self.wait("at work")
        return self.finish(self._future.result())

    def cancel(self) -> None:
        # A job that already runs cannot be killed: the next start has its own future, this one's is lost.
        self._future.cancel()


class MotionLeaf(Leaf):
    """A leaf that waits for one motion of a device; `PHASE` tells the guard what the robot is about.

    An interrupted motion is cancelled, which brings the device to rest; a gripper keeps its width.
    """

    PHASE: ClassVar[Phase] = Phase.IDLE
    _motion: Motion

    def __init__(self, name: str, phase: Phase | None = None) -> None:
        super().__init__(name)
        self._phase = phase or self.PHASE
        self._client.register_key(keys.PHASE, Access.WRITE)

    def command(self) -> Motion:
        """Send the command and hand back its handle."""
        raise TypeError(f"{type(self).__name__} commands nothing")

    def start(self) -> None:
        self._client.set(keys.PHASE, self._phase)
        self._motion = self.command()

    def poll(self) -> Status:
        status = self._motion.poll()
        if status.running:
            return self.wait(status.reason)
        if status.succeeded:
            return self.succeed(status.reason)
        return self.missed(status.reason)

    def missed(self, reason: str) -> Status:
        """The motion failed: so does the leaf, unless what was reached will do."""
        return self.fail(reason, self._device_word)

    def cancel(self) -> None:
        self._motion.cancel()
