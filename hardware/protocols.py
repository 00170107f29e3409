"""What every robot, gripper, camera and clock must do, real or not.

Guarantees every back end gives (`tests/hardware/test_contract.py` checks them):
1. A command returns a `Motion` at once; nothing here blocks longer than a millisecond or two.
2. Readings are cached, carry the stamp of the device's clock, and refuse to be stale.
3. `cancel` and `stop` may be called at any moment, from any thread, any number of times.
4. No open-ended velocity command exists: every motion is finite and ends at rest.
5. Cancelling a gripper motion keeps the width it has; the gripper never opens by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, runtime_checkable

from hardware.types import ArmState, FloatArray, GripperState, MotionStatus, RGBDFrame, Trajectory


@runtime_checkable
class Motion(Protocol):
    """Anything that takes time on a device."""

    def poll(self) -> MotionStatus:
        """RUNNING, SUCCEEDED or FAILED with its reason; never blocks; the last answer stays the answer."""
        ...

    def cancel(self) -> None:
        """Bring the device to rest; idempotent, valid from birth, does not wait."""
        ...


@runtime_checkable
class Arm(Protocol):
    """A 7-joint arm."""

    def state(self) -> ArmState:
        """The newest cached reading; never blocks."""
        ...

    def follow(self, trajectory: Trajectory) -> Motion:
        """Start a trajectory from the present pose. Raises LimitViolation (nothing sent) when it starts
        elsewhere or is too fast.
        """
        ...

    def stop(self) -> None:
        """Decelerate and hold the pose; idempotent, any thread, any time; never cuts torque."""
        ...

    def emergency_stop(self) -> None:
        """The device's own emergency stop, latched until a person clears it; idempotent, any thread, any
        time.
        """
        ...


@runtime_checkable
class Gripper(Protocol):
    """A parallel gripper."""

    def state(self) -> GripperState:
        """The newest cached reading; never blocks."""
        ...

    def move(self, width_m: float, force_n: float) -> Motion:
        """Go to an opening with at most this force per pad; SUCCEEDED also when it stalls on an object."""
        ...


@runtime_checkable
class ReleaseReflex(Protocol):
    """Lets go for a person who pulls, should the program that waits for the pull freeze or die meanwhile."""

    def arm(self, tare: FloatArray, toward_robot: FloatArray) -> None:
        """From now on: force (3,) N at rest, nobody pulling; horizontal unit vector to the robot's base."""
        ...

    def disarm(self) -> None:
        """The program decides alone again."""
        ...


@runtime_checkable
class Camera(Protocol):
    """A colour camera with depth aligned to it, calibrated to the base."""

    def latest(self, max_age_s: float) -> RGBDFrame:
        """The newest frame; raises StaleData when it is older than `max_age_s`."""
        ...


@runtime_checkable
class PictureWatch(Protocol):
    """Tells whether a camera that takes pictures by itself still does."""

    def silent_s(self) -> float:
        """How long ago the newest picture was taken, inf before the first; never waits."""
        ...


@runtime_checkable
class Clock(Protocol):
    """The only source of time."""

    def now(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass (a real clock waits; a physics clock steps the world)."""
        ...


@runtime_checkable
class Announcer(Protocol):
    """How the robot speaks to the person: loudspeaker, screen or log."""

    def say(self, text: str) -> None:
        """Say one sentence; returns at once."""
        ...


@runtime_checkable
class JobExecutor(Protocol):
    """Runs jobs that take longer than a tick: in a worker thread, or inline where time can stand still."""

    def submit(self, job: Callable[[], Any], name: str) -> Future[Any]:
        """Start `job`; result or exception arrives in the future. `name` labels its time in the record."""
        ...
