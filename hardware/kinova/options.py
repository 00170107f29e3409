"""The numbers of the real arm's driver (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from hardware.driver.options import DriverOptions


@dataclass(frozen=True)
class KinovaOptions:
    """The Kinova Gen3; user and password come from KINOVA_USER and KINOVA_PASSWORD."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    address: str = "192.168.1.10"
    """The robot's own default; loopback: a controller on this machine with the simulated arm behind it."""
    tcp_port: int = 10000
    udp_port: int = 10001
    client: Literal["kortex_api", "stand_in"] = "kortex_api"
    """Kinova's package, or this program's stand-in for it, which is for the loopback controller only."""
    connect_s: float = 3.0
    call_s: float = 2.0
    """Longest a call may take; lists of waypoints are given 10 s."""
    feedback_hz: float = 100.0
    """How often the arm is read, over UDP (about 1.5 ms each)."""
    feedback_s: float = 0.1
    """Longest a reading may take; so many seconds without one is a fault of the link."""
    lost_s: float = 0.5
    max_joint_speed_deg_s: float = 25.0
    """Soft limit set on the arm for the session and put back at its end; 25 is the arm's own default."""
    tool_mass_kg: float | None = None
    """Gripper, camera and bracket, told to the arm for the session and put back; null: what is set on the arm
    stands. A 2F-85 alone weighs 0.92 kg, a D435i 0.07 kg."""
    tool_mass_centre_m: float = 0.047
    """Where its centre of mass lies beyond the flange, along the tool; that of a 2F-85 alone."""
    waypoint_s: float = 0.1
    """Spacing of the waypoints sent (at most 1000, at most 100 s)."""
    arrival_deg: float = 1.0
    """A motion has arrived when every joint is this near to its goal ..."""
    rest_deg_s: float = 0.5
    """... and slower than this."""
    grace_s: float = 2.0
    """A motion not there this long after its time is stopped and has failed."""
    fk_tolerance_m: float = 0.015
    """Kinematic model against the arm's own tool pose: 2 to 25 mm are reported; more is warned of."""
    wrench_frame: Literal["base", "tool"] = "base"
    """The frame the arm gives the external wrench in; try it on the arm: press the tool down."""
    gripper_rate_hz: float = 5.0
    """More than about 15 commands a second locked one gripper until the robot was restarted."""
    gripper_stall_s: float = 0.25
    """Fingers at rest this long short of their goal hold something."""
    gripper_empty: float = 0.97
    """Closed farther than this share of the command means that nothing is between the fingers."""
    driver: DriverOptions = field(default_factory=DriverOptions)
