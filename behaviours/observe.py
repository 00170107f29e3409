"""Leaves that look: the robot's state, a fresh picture, the person."""

from __future__ import annotations

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.base import Leaf
from behaviours.keys import Outcome
from behaviours.options import PersonAges, ViewOptions
from hardware.errors import HandoverError, StaleData
from hardware.types import FloatArray, RGBDFrame, RobotState
from perception.arm import completed
from perception.errors import HumanLost
from perception.types import HumanPose
from planning.coming_closer import distance_m, out_of_reach, place_of
from planning.options import PresentationOptions


class ReadRobot(Leaf):
    """Reads arm and gripper in every tick; RUNNING for ever.

    A device that does not answer leaves the old reading in place: its age trips the guard.
    """

    UPDATES = {keys.ROBOT: RobotState}

    def poll(self) -> Status:
        robot = self.services.robot
        try:
            state = RobotState(robot.arm.state(), robot.gripper.state())
        except HandoverError as error:
            return self.wait(str(error))
        self.write(keys.ROBOT, state)
        return self.wait()


class CaptureScene(Leaf):
    """Waits for a picture taken after the arm came to rest here.

    SUCCESS: the frame is written. RUNNING: the newest frame is older than the arrival. Needs a Deadline.
    """

    WRITES = {keys.FRAME: RGBDFrame}
    OUTCOME = Outcome.ERROR

    def __init__(self, name: str, views: ViewOptions) -> None:
        super().__init__(name)
        self._settle_s = views.settle_s
        self._not_before_s = 0.0

    def start(self) -> None:
        self._not_before_s = self.now() + self._settle_s

    def poll(self) -> Status:
        if self.now() < self._not_before_s:
            return self.wait("letting the arm settle")
        try:
            frame = self.services.robot.camera.latest(self.now() - self._not_before_s)
        except StaleData as error:
            return self.wait(str(error))
        self.write(keys.FRAME, frame)
        return self.succeed(f"frame {frame.sequence} from {frame.source or 'the camera'}")


class TrackHuman(Leaf):
    """Follows the person in every tick; RUNNING for ever. A lost person is an old stamp, never FAILURE."""

    UPDATES = {keys.HUMAN: HumanPose}

    def __init__(self, name: str, person: PersonAges) -> None:
        super().__init__(name)
        self._max_age_s = person.track_s

    def poll(self) -> Status:
        try:
            pose = self.services.human.latest(self._max_age_s)
        except HandoverError as error:
            return self.wait(str(error))
        self.write(keys.HUMAN, completed(pose, self.read_if_set(keys.HUMAN)))
        return self.wait(f"{pose.arm} arm, confidence {pose.confidence:.2f}")


class SeePerson(Leaf):
    """Watches the person from a view that was just reached.

    SUCCESS: a pose seen from here, after `look_s` or with measured arm lengths. FAILURE: somebody, but not
    the receiving shoulder. RUNNING: nobody yet. Needs a Deadline.
    """

    UPDATES = {keys.HUMAN: HumanPose}
    OUTCOME = Outcome.NOT_TAKEN

    def __init__(self, name: str, views: ViewOptions, person: PersonAges) -> None:
        super().__init__(name)
        self._look_s = views.look_s
        self._max_age_s = person.track_s
        self._arrived_s = 0.0
        self._first_seen_s: float | None = None

    def start(self) -> None:
        self._arrived_s = self.now()
        self._first_seen_s = None

    def poll(self) -> Status:
        try:
            pose = self.services.human.latest(self._max_age_s)
        except HumanLost as error:
            return self.wait(str(error))
        if pose.stamp_s < self._arrived_s:
            return self.wait("nobody seen from here yet")
        pose = completed(pose, self.read_if_set(keys.HUMAN))
        self.write(keys.HUMAN, pose)
        self._first_seen_s = pose.stamp_s if self._first_seen_s is None else self._first_seen_s
        x, y, z = pose.joint("shoulder")
        known = bool(np.isfinite(x + y + z))
        watched = pose.stamp_s - self._first_seen_s >= self._look_s
        if not watched and not (known and pose.arm_lengths.measured):
            return self.wait(f"watching the {pose.arm} arm")
        if not known:
            return self.fail(f"the {pose.arm} shoulder is out of sight")
        return self.succeed(
            f"{pose.arm} shoulder at x {x:.2f}, y {y:.2f} m, confidence {pose.confidence:.2f}"
        )


class AwaitCloser(Leaf):
    """Watches whether the person comes closer.

    SUCCESS: they stand still within reach, nearer than at first. RUNNING: not yet, or out of sight. Needs a
    Deadline.
    """

    READS = {keys.HUMAN: HumanPose}
    OUTCOME = Outcome.NOT_REACHABLE

    def __init__(self, name: str, presentation: PresentationOptions, person: PersonAges) -> None:
        super().__init__(name)
        self._presentation = presentation
        self._options = person
        self._before_m: float | None = None
        self._places: list[tuple[float, FloatArray]] = []

    def start(self) -> None:
        self._before_m, self._places = None, []

    def poll(self) -> Status:
        person: HumanPose = self.read(keys.HUMAN)
        away_m = distance_m(person)
        if np.isnan(away_m) or self.now() - person.stamp_s > self._options.track_s:
            self._places = []
            return self.wait("the person is out of sight")
        self._before_m = away_m if self._before_m is None else self._before_m
        if out_of_reach(person, self._presentation):
            return self.wait(f"{away_m:.2f} m away, {self._presentation.farthest_m:.2f} m at most")
        if away_m > self._before_m - self._options.closer_m:
            return self.wait(f"{away_m:.2f} m away, as before")
        if not self._stands(person):
            return self.wait(f"{away_m:.2f} m away, on the way")
        return self.succeed(f"came from {self._before_m:.2f} to {away_m:.2f} m")

    def _stands(self, person: HumanPose) -> bool:
        """Whether they moved slower than `still_m_s` over the last `still_s`."""
        now_s, place, window_s = person.stamp_s, place_of(person), self._options.still_s
        self._places = [(t, p) for t, p in self._places if t >= now_s - 2.0 * window_s] + [(now_s, place)]
        older = [(t, p) for t, p in self._places if now_s - t >= window_s - 1e-9]
        if not older:
            return False
        then_s, there = older[-1]
        return float(np.hypot(*(place - there))) <= self._options.still_m_s * (now_s - then_s)
