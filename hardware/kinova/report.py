"""Looks at the arm in an interpreter of its own: `python -m hardware.kinova.report OPTIONS` (as JSON).

Kinova's client pins a protobuf that the program's own interpreter may not have. One line of JSON per check
goes to standard output; nothing moves.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from hardware.clock import SystemClock
from hardware.errors import HandoverError
from hardware.kinova.checks import ArmCheck, examine, limited_speeds
from hardware.kinova.feedback import Feedback, Reading
from hardware.kinova.options import KinovaOptions
from hardware.kinova.package import load_package
from hardware.kinova.payload import weighed_tool
from hardware.kinova.session import DEFAULT, KortexSession, credentials
from hardware.protocols import Clock

LISTEN_S = 1.0
"""How long readings are counted."""
FEW = 0.5
"""A share of `feedback_hz`: fewer readings than this and stops come late."""


def report(options: KinovaOptions) -> Iterator[ArmCheck]:
    """All checks, from the first connection on; what breaks them off is the last one."""
    clock, where = SystemClock(), f"{options.address}:{options.tcp_port}"
    try:
        package = load_package(options.client)
        with KortexSession(package, options) as session:
            yield ArmCheck("reachable", "OK", where)
            yield _login()
            with Feedback(session, options, clock) as feedback:
                yield from examine(session, feedback, options)
                limited_speeds(session, options)
                limit = f"{options.max_joint_speed_deg_s:g} deg/s at most"
                yield ArmCheck("limits read back", "OK", f"{limit}, taken by the arm for the session")
                if weighed_tool(session, options):
                    mass = f"{options.tool_mass_kg:g} kg"
                    yield ArmCheck("tool's mass read back", "OK", f"{mass}, taken by the arm for the session")
                yield _readings(feedback, options, clock)
    except HandoverError as error:
        yield ArmCheck("connection", "FAIL", str(error))


def _login() -> ArmCheck:
    user, password = credentials()
    if password == DEFAULT:
        detail = f"as {user}, with the robot's default password; set KINOVA_USER and KINOVA_PASSWORD"
        return ArmCheck("login", "WARN", detail)
    return ArmCheck("login", "OK", f"as {user}")


def _readings(feedback: Feedback, options: KinovaOptions, clock: Clock) -> ArmCheck:
    """Count what comes within `LISTEN_S`, on the machine's monotonic clock."""
    stamps: list[float] = [clock.now()]

    def note(reading: Reading) -> None:
        stamps.append(reading.arm.stamp_s)

    feedback.listeners.append(note)
    clock.sleep(LISTEN_S)
    feedback.listeners.remove(note)
    elapsed_s = clock.now() - stamps[0]
    gaps = [late - early for early, late in zip(stamps, [*stamps[1:], clock.now()], strict=True)]
    rate_hz, longest_s = (len(stamps) - 1) / elapsed_s, max(gaps)
    detail = f"{rate_hz:.0f} a second, longest gap {1e3 * longest_s:.0f} ms"
    remedy = "a wired network of its own for the arm, and less load on this machine, are needed"
    if longest_s > options.lost_s:
        return ArmCheck("readings", "FAIL", f"{detail}; {remedy}")
    if rate_hz < FEW * options.feedback_hz or longest_s > options.feedback_s:
        return ArmCheck("readings", "WARN", f"{detail}, {options.feedback_hz:g} a second are asked; {remedy}")
    return ArmCheck("readings", "OK", detail)


def main(words: list[str]) -> int:
    """Print the checks; returns the exit code."""
    (text,) = words
    fields = json.loads(text)
    fields.pop("driver", None)  # of the process that moves the arm
    for check in report(KinovaOptions(**fields)):
        print(json.dumps(asdict(check)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
