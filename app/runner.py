"""Runs one handover: build, set up, tick, look on, and end safely whatever happens.

Guarantees:
1. However a run ends, `arm.stop()` comes first, then the leaves let go (`root.stop(INVALID)`), then the arm
   is seen at rest, then the tree is shut down and the robot closed, its workers with it; a step that fails
   does not keep the next from running.
2. The gripper is never opened here: leaves that let go keep the width the gripper has.
3. Ctrl-C and SIGTERM stop and hold; during the hold a further one is the emergency stop.
4. A leaf's bug ends the run as `error` with the leaf's name; an onlooker's bug ends the onlooker only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from py_trees.behaviour import Behaviour
from py_trees.blackboard import Blackboard, Client
from py_trees.common import Access, Status
from py_trees.trees import BehaviourTree

from app.assembly import Assembly
from app.options import RunOptions
from app.signals import Interrupted, StopSignals
from app.tally import Tally
from app.ticks import Observer, Result, Tick
from app.watcher import LeafTimer, TreeWatcher, leaf_of
from behaviours import keys
from behaviours.keys import Failure, Outcome
from behaviours.outcome import outcome
from hardware.clock import SystemClock
from hardware.errors import HandoverError, HardwareError
from perception.types import HandoverRequest
from planning.safety_tally import SafetyTally

AT_REST_RAD_S = 0.01  # above what an arm that holds its pose reports, far below any motion

logger = logging.getLogger(__name__)


def run_handover(
    assembly: Assembly,
    create_root: Callable[[], Behaviour],
    request: HandoverRequest,
    options: RunOptions,
    observers: Sequence[Observer] = (),
    done: Outcome = Outcome.HANDED_OVER,
) -> Result:
    """One request from the first tick to the named outcome; what happens on the way is told, not raised.

    done: the word for a success of this tree.
    """
    Blackboard.clear()
    return _Run(assembly, BehaviourTree(create_root()), request, options, observers, done).run()


class _Run:
    """One run."""

    def __init__(
        self,
        assembly: Assembly,
        tree: BehaviourTree,
        request: HandoverRequest,
        options: RunOptions,
        observers: Sequence[Observer],
        done: Outcome,
    ) -> None:
        self.done = done
        self.assembly, self.tree, self.request, self.options = assembly, tree, request, options
        self.observers = list(observers)
        self.robot = assembly.services.robot
        self.wall = SystemClock()
        self.timer = LeafTimer(assembly.jobs)
        self.tally = Tally(options.slow_tick_s, warns=assembly.live)
        self.signals = StopSignals(self.robot.arm.emergency_stop)
        self.ending_faults: list[str] = []

    def run(self) -> Result:
        result = Result(Outcome.INTERRUPTED)
        try:
            with self.signals, self.robot:
                result = self._tick_and_end()
        except Interrupted as stop:
            result = Result(Outcome.INTERRUPTED, str(stop))
        except HandoverError as error:  # a device that could not be connected or closed
            result = _error(error)
        self._tell("end", result)
        return result

    def _tick_and_end(self) -> Result:
        self.started_s, self.wall_started_s = self.robot.clock.now(), self.wall.now()
        try:
            result = self._tick_until_done()
        except Interrupted as stop:
            result = Result(Outcome.INTERRUPTED, str(stop), self._tip())
        except Exception as error:
            result = _error(error)
        finally:
            # Only the first signal raises: should it break in right here, the end runs all the same.
            try:
                self.signals.ending = True
            finally:
                self._end()
        return self._completed(result)

    def _tick_until_done(self) -> Result:
        tree, clock, period_s = self.tree, self.robot.clock, 1.0 / self.options.tick_hz
        writer = Client(name="runner")
        writer.register_key(keys.REQUEST, Access.WRITE)
        writer.set(keys.REQUEST, self.request)
        tree.setup(services=self.assembly.services)
        tree.visitors.append(self.timer)
        watcher = TreeWatcher(tree.root)
        self._tell("begin", watcher.nodes, self.request)
        while True:
            started_s = clock.now()
            self._tell("tick", self._tick(watcher))
            if tree.root.status in (Status.SUCCESS, Status.FAILURE):
                return self._ended()
            clock.sleep(max(0.0, period_s - (clock.now() - started_s)))

    def _tick(self, watcher: TreeWatcher) -> Tick:
        job_s = self.assembly.jobs.inline_s
        self.tree.tick()
        self.tally.add(self.timer.busy_s, self.timer.slowest)
        t_s, wall_s = self.robot.clock.now() - self.started_s, self.wall.now() - self.wall_started_s
        with suppress(HardwareError):  # an arm that cannot be read is the guard's to judge
            self.tally.moved(self._speed(), t_s, wall_s)
        return Tick(
            number=self.tally.ticks,
            t_s=t_s,
            wall_s=wall_s,
            tick_s=self.timer.busy_s,
            job_s=self.assembly.jobs.inline_s - job_s,
            tip=self._tip(),
            nodes=watcher.changed_nodes(),
            board=watcher.changed_keys(),
            said=self.assembly.voice.take(),
            jobs=self.assembly.jobs.take(self.wall_started_s),
        )

    def _ended(self) -> Result:
        failure = Blackboard.storage.get("/" + keys.FAILURE)
        word = outcome(self.tree.root.status, failure, self.done)
        if self.tree.root.status is Status.SUCCESS or not isinstance(failure, Failure):
            return Result(word)  # what failed on the way was mended
        return Result(word, failure.reason, failure.leaf)

    def _end(self) -> None:
        """Stop, let go, hold, shut down: each step whatever became of the one before."""
        for name, step in (
            ("stop the arm", self.robot.arm.stop),
            ("stop the tree", lambda: self.tree.root.stop(Status.INVALID)),
            ("see the arm at rest", self._hold),
            ("shut the tree down", self.tree.shutdown),
        ):
            try:
                step()
            except Exception as error:
                logger.exception("could not %s", name)
                self.ending_faults.append(f"could not {name}: {error}")

    def _hold(self) -> None:
        """Wait until the arm stands still; after a signal, for as long as the emergency stop is on offer."""
        clock, hold_s = self.robot.clock, self.options.hold_s
        if self.signals.received:
            logger.warning(
                "stopped: the arm holds its pose and the gripper its grip; "
                "Ctrl-C again within %g s is the emergency stop",
                hold_s,
            )
        until_s = clock.now() + hold_s
        while clock.now() < until_s and (self.signals.received or self._speed() > AT_REST_RAD_S):
            clock.sleep(1.0 / self.options.tick_hz)
        if self._speed() > AT_REST_RAD_S:
            raise HardwareError(f"it still moves {hold_s:g} s after the stop; use the emergency stop button")

    def _completed(self, result: Result) -> Result:
        """`result` with counts, timings and what went wrong at the end."""
        if self.ending_faults:
            reasons = [result.reason, *self.ending_faults]
            result = replace(result, outcome=Outcome.ERROR, reason="; ".join(filter(None, reasons)))
        return replace(
            result,
            duration_s=self.robot.clock.now() - self.started_s,
            wall_s=self.wall.now() - self.wall_started_s,
            failures=dict(self.timer.failures),
            jobs=self.assembly.jobs.summary(),
            score=self.assembly.score() if self.assembly.score else None,
            safety=_safety(),
            **self.tally.summary(),
        )

    def _speed(self) -> float:
        return float(np.max(np.abs(self.robot.arm.state().velocities)))

    def _tip(self) -> str:
        tip = self.tree.tip()
        return tip.name if tip else ""

    def _tell(self, event: str, *values: Any) -> None:
        """Pass an event to everybody who looks on; whoever raises is not told anything any more."""
        for observer in tuple(self.observers):
            try:
                getattr(observer, event)(*values)
            except Exception as error:
                self.observers.remove(observer)
                logger.exception(
                    "the %s stopped working (%s); the run goes on without it", type(observer).__name__, error
                )


def _safety() -> dict[str, Any]:
    """What the safety layer did, from the first tick on."""
    tally = Blackboard.storage.get("/" + keys.SAFETY)
    return (tally if isinstance(tally, SafetyTally) else SafetyTally()).summary()


def _error(error: Exception) -> Result:
    """A device's failure in its own words, a bug with its type; both with the leaf they came from."""
    words = str(error) if isinstance(error, HandoverError) else f"{type(error).__name__}: {error}"
    return Result(Outcome.ERROR, words, leaf_of(error), error=error)
