"""What Kortex refuses, in words: the code, the sub-code, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from hardware.errors import HardwareError

ANOTHER = "another session moves the arm: close the web application and other programs"
REMEDIES: Mapping[str, str] = {
    "ROBOT_IN_FAULT": "look at the arm, clear the fault in the web application, then start again",
    "ROBOT_IN_EMERGENCY_STOP": "release the emergency stop and clear the fault in the web application",
    "ROBOT_MOVEMENT_IN_PROGRESS": "wait until the arm stands still; does another program move it?",
    "INVALID_SESSION": "the session has ended; start again",
    "INVALID_PASSWORD": "set KINOVA_USER and KINOVA_PASSWORD to a user of this robot",
    "USER_NOT_FOUND": "set KINOVA_USER and KINOVA_PASSWORD to a user of this robot",
    "INVALID_USER_SESSION_ACCESS": ANOTHER,
    "SESSION_NOT_IN_CONTROL": ANOTHER,
    "WRONG_SERVOING_MODE": "the arm is in low-level servoing: restart it, or the program that left it so",
    "CONTROL_JOINT_POSITION_LIMIT": "the plan leaves the joints' range; is it a Gen3 with 7 joints?",
    "CONTROL_OUTSIDE_WORKSPACE": "the plan leaves the arm's workspace",
    "CONTROL_INVALID_DURATION": "the motion is too short; lower kinova.max_joint_speed_deg_s",
    "CONTROL_INVALID_SPEED": "the motion is too fast for the arm's soft limits",
    "CONTROL_LARGE_SPEED": "the motion is too fast for the arm's soft limits",
    "CONTROL_LARGE_SIZE": "the motion has too many waypoints; raise kinova.waypoint_s",
    "CONTROL_WAYPOINT_TRAJECTORY_ABORTED": "the arm aborted the motion: something in its way, or a fault",
    "METHOD_TIMEOUT": "the arm did not carry out the call in time; is its network shared?",
    "UNSUPPORTED_METHOD": "the firmware is older than this call; API 2.6 pairs with firmware 2.5 or newer",
    "UNIMPLEMENTED": "is a Robotiq 2F-85 configured as the end effector in the web application?",
}
OTHERWISE = "see the arm's log in its web application"


class KortexRefused(HardwareError):
    """The robot said no."""

    def __init__(self, call: str, code: str, sub_code: str, text: str = "") -> None:
        self.code, self.sub_code = code, sub_code
        words = f" ({text})" if text and text != sub_code else ""
        super().__init__(
            f"the arm refused {call}: {code}, {sub_code}{words}; {REMEDIES.get(sub_code, OTHERWISE)}"
        )


class KortexTimeout(HardwareError):
    """No answer within the deadline."""

    def __init__(self, call: str, seconds: float) -> None:
        super().__init__(
            f"the arm did not answer {call} within {seconds:g} s; check its cable and its network's load"
        )


class KortexLinkLost(HardwareError):
    """The connection is broken; it must be built anew."""

    def __init__(self, call: str, cause: str) -> None:
        super().__init__(f"the connection to the arm broke during {call} ({cause}); start again")


class KortexUnreachable(HardwareError):
    """Nothing listens at the arm's address."""

    def __init__(self, address: str, port: int, cause: str) -> None:
        super().__init__(
            f"no arm at {address}:{port} ({cause}); is it switched on, is this machine in its network "
            "(192.168.1.x, mask 255.255.255.0), is kinova.address right?"
        )
