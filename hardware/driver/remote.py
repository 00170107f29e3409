"""Arm, gripper and release reflex in the driver process, as the program sees them."""

from __future__ import annotations

from hardware.driver import wire
from hardware.driver.client import DriverProcess
from hardware.errors import DeviceFault
from hardware.limits import check_limits, check_opening, match_turns
from hardware.types import ArmState, FloatArray, GripperState, MotionState, MotionStatus, Trajectory


class RemoteMotion:
    """A motion in the driver process."""

    def __init__(self, driver: DriverProcess, number: int) -> None:
        self._driver, self._number = driver, number
        self._end: MotionStatus | None = None

    def poll(self) -> MotionStatus:
        if self._end is not None:
            return self._end
        status = self._driver.status(self._number)
        if not status.running:
            self._end = status
        return status

    def cancel(self) -> None:
        if self.poll().running:
            self._end = MotionStatus(MotionState.FAILED, "cancelled")
            self._driver.command({"do": "cancel", "number": self._number})


class RemoteArm:
    """The arm; limits are checked here before anything is sent, and again by the device."""

    def __init__(self, driver: DriverProcess) -> None:
        self._driver = driver

    def state(self) -> ArmState:
        return self._driver.robot().arm

    def follow(self, trajectory: Trajectory) -> RemoteMotion:
        """Start a trajectory.

        Raises LimitViolation (nothing sent), DeviceFault when the arm stands in a fault.
        """
        arm = self.state()
        if arm.fault is not None:
            raise DeviceFault("arm", arm.fault, "look at the arm, then start the program again")
        matched = match_turns(trajectory, arm.joints)
        check_limits(matched, arm.joints)
        fields = wire.trajectory_fields(matched)
        return RemoteMotion(self._driver, self._driver.begin({"do": "follow", "trajectory": fields}))

    def stop(self) -> None:
        self._driver.command({"do": "stop"})

    def emergency_stop(self) -> None:
        self._driver.command({"do": "emergency_stop"})


class RemoteGripper:
    """The gripper."""

    def __init__(self, driver: DriverProcess) -> None:
        self._driver = driver

    def state(self) -> GripperState:
        return self._driver.robot().gripper

    def move(self, width_m: float, force_n: float) -> RemoteMotion:
        """Go to an opening in [0, 0.0854] m. Raises LimitViolation outside."""
        check_opening(width_m, force_n)
        message = {"do": "move", "width_m": float(width_m), "force_n": float(force_n)}
        return RemoteMotion(self._driver, self._driver.begin(message))


class RemoteReflex:
    """Lets the driver let go for the person who pulls, should this program freeze meanwhile."""

    def __init__(self, driver: DriverProcess) -> None:
        self._driver = driver

    def arm(self, tare: FloatArray, toward_robot: FloatArray) -> None:
        self._driver.command(
            {"do": "arm_reflex", "tare": tare.tolist(), "toward_robot": toward_robot.tolist()}
        )

    def disarm(self) -> None:
        self._driver.command({"do": "disarm_reflex"})
