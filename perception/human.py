"""Follows the person who asked: keypoints of single frames become a filtered pose in the base frame.

Guarantees:
1. `latest` never waits: it starts at most one job at a time in the executor and takes what has finished.
2. Filters run on the frames' own time stamps; a frame is used once.
3. `raw` holds only what the newest frame measured; a joint held over a short gap or inferred is not
`measured`.
4. Nobody seen, a failing camera and a failing estimator all end as HumanLost with their reason.
"""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np

from hardware.errors import HandoverError
from hardware.geometry import transform
from hardware.protocols import Camera, Clock, JobExecutor
from hardware.types import BoolArray, FloatArray, RGBDFrame
from perception.arm import (
    SIDES,
    ArmLengthEstimator,
    ReachingArm,
    arm_joints,
    facing,
    hidden_wrist,
    horizontal,
)
from perception.errors import HumanLost
from perception.filters import OneEuroFilter
from perception.keypoints import COUNT, JointLifter, KeypointEstimator, Keypoints2D, ray_at
from perception.options import TrackerOptions
from perception.types import HumanPose, Keypoint

TORSO = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]
ARMS = [keypoint for side in SIDES for keypoint in arm_joints(side)]
TORSO_SLACK_M = 0.15
"""A torso's centre may seem to move this far because other joints of it are seen."""


class PoseFilter:
    """Frame by frame from keypoints to HumanPose; no threads, no clock."""

    def __init__(self, options: TrackerOptions, source: str) -> None:
        self._options, self._source = options, source
        self._lifter = JointLifter(options)
        self._smooth = OneEuroFilter(
            options.min_cutoff_hz, options.beta, options.derivative_cutoff_hz, options.hold_s
        )
        self._lengths = ArmLengthEstimator(options)
        self._reaching = ReachingArm(options.preferred_arm)
        self._joints = np.full((COUNT, 3), np.nan)
        self._seen_s = np.full(COUNT, -np.inf)
        self._facing: FloatArray | None = None
        self._torso: FloatArray | None = None
        self._stamp_s = -np.inf

    def update(self, keypoints: Keypoints2D, frame: RGBDFrame) -> HumanPose:
        """The pose after one more frame. Raises HumanLost when no shoulder has a depth, or someone else
        stands there.
        """
        stamp_s = frame.stamp_s
        if stamp_s - self._stamp_s > self._options.identity_s:
            self._forget()
        measured_joints = self._lifter.lift(keypoints, frame)
        measured = np.isfinite(measured_joints[:, 0])
        if not measured[[Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].any():
            raise HumanLost("no shoulder with a believable depth")
        self._check_identity(measured_joints, stamp_s)

        camera = frame.base_from_camera[:3, 3]
        self._lengths.add(measured_joints, measured, camera, stamp_s)
        lengths = self._lengths.lengths(measured_joints)
        known = self._with_hidden_wrists(measured_joints, keypoints, frame, lengths.forearm_m)
        joints = self._held(self._smooth.update(known, stamp_s), stamp_s)
        arm = self._reaching.update(joints)
        self._facing = self._chest(joints)
        self._stamp_s = stamp_s
        return HumanPose(
            joints=joints,
            raw=measured_joints,
            measured=measured,
            arm=arm,
            arm_lengths=lengths,
            facing=self._facing,
            confidence=confidence(keypoints, measured),
            stamp_s=stamp_s,
            source=self._source,
        )

    def _forget(self) -> None:
        self._lifter.forget()
        self._lengths.forget()
        self._reaching.forget()
        self._joints[:], self._seen_s[:] = np.nan, -np.inf
        self._facing = self._torso = None

    def _check_identity(self, joints: FloatArray, stamp_s: float) -> None:
        torso = np.nanmean(joints[TORSO, :2], axis=0)
        if self._torso is not None:
            moved = float(np.linalg.norm(torso - self._torso))
            allowed = self._options.max_torso_speed_m_s * (stamp_s - self._stamp_s) + TORSO_SLACK_M
            if moved > allowed:
                raise HumanLost(f"another person, {moved:.2f} m beside the one who asked")
        self._torso = torso

    def _with_hidden_wrists(
        self, joints: FloatArray, keypoints: Keypoints2D, frame: RGBDFrame, forearm_m: float
    ) -> FloatArray:
        joints = joints.copy()
        for side in SIDES:
            _, elbow, wrist = arm_joints(side)
            u, v, score = keypoints.points[wrist]
            if np.isnan(joints[elbow, 0]) or np.isfinite(joints[wrist, 0]):
                continue
            if score >= self._options.min_wrist_score:
                camera = frame.base_from_camera[:3, 3]
                ray = transform(frame.base_from_camera, ray_at(frame, u, v)) - camera
                inferred = hidden_wrist(camera, ray, joints[elbow], forearm_m)
                if inferred is not None:
                    joints[wrist] = inferred
        return joints

    def _held(self, joints: FloatArray, stamp_s: float) -> FloatArray:
        seen = np.isfinite(joints[:, 0])
        self._seen_s[seen] = stamp_s
        self._joints = np.where(seen[:, None], joints, self._joints)
        self._joints[stamp_s - self._seen_s > self._options.hold_s] = np.nan
        return self._joints.copy()

    def _chest(self, joints: FloatArray) -> FloatArray:
        found = facing(joints)
        if found is None:
            found = self._facing
        if found is None:
            found = horizontal(-np.nanmean(joints[TORSO], axis=0))
        return np.array([-1.0, 0.0, 0.0]) if found is None else found


def confidence(keypoints: Keypoints2D, measured: BoolArray) -> float:
    """Mean score of the six arm joints, those without a measured place counting nothing."""
    return float(np.mean(np.clip(keypoints.points[ARMS, 2], 0.0, 1.0) * measured[ARMS]))


class KeypointTracker:
    """A HumanTracker over a camera and any keypoint estimator."""

    def __init__(
        self,
        camera: Camera,
        estimator: KeypointEstimator,
        clock: Clock,
        executor: JobExecutor,
        options: TrackerOptions | None = None,
    ) -> None:
        self.name = estimator.name
        self._camera, self._estimator, self._clock, self._executor = camera, estimator, clock, executor
        self._options = options or TrackerOptions()
        self._filter = PoseFilter(self._options, estimator.name)
        self._pending: Future[tuple[RGBDFrame, Keypoints2D | None]] | None = None
        self._started_s = -np.inf
        self._pose: HumanPose | None = None
        self._last_stamp_s = -np.inf
        self._reason = "nobody was looked for yet"

    def latest(self, max_age_s: float) -> HumanPose:
        """The newest pose; asks for a new one when it is time. Raises HumanLost when it is older than
        `max_age_s`.
        """
        self._collect()
        now = self._clock.now()
        if self._pending is None and now - self._started_s >= 1.0 / self._options.rate_hz:
            self._started_s = now
            self._pending = self._executor.submit(self._look, "track human")
            self._collect()
        if self._pose is None:
            raise HumanLost(self._reason)
        age_s = self._clock.now() - self._pose.stamp_s
        if age_s > max_age_s:
            raise HumanLost(f"last seen {age_s:.2f} s ago, {max_age_s:.2f} s are allowed; {self._reason}")
        return self._pose

    def _look(self) -> tuple[RGBDFrame, Keypoints2D | None]:
        frame = self._camera.latest(self._options.max_frame_age_s)
        return frame, self._estimator.estimate(frame)

    def _collect(self) -> None:
        if self._pending is None or not self._pending.done():
            return
        finished, self._pending = self._pending, None
        try:
            frame, keypoints = finished.result()
            if frame.stamp_s <= self._last_stamp_s:
                return
            self._last_stamp_s = frame.stamp_s
            if keypoints is None:
                raise HumanLost("nobody in the picture")
            self._pose = self._filter.update(keypoints, frame)
            self._reason = "the next picture is not ready yet"
        except HumanLost as error:
            self._reason = error.reason
        except HandoverError as error:
            self._reason = str(error)
