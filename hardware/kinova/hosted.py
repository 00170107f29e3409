"""The real arm and gripper as the driver process hosts them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hardware.driver.devices import HostedDevices
from hardware.kinova.arm import KortexArm
from hardware.kinova.checks import limited_speeds, require_fit
from hardware.kinova.feedback import Feedback
from hardware.kinova.gripper import KortexGripper
from hardware.kinova.options import KinovaOptions
from hardware.kinova.package import load_package
from hardware.kinova.payload import weighed_tool
from hardware.kinova.session import KortexSession
from hardware.protocols import Clock

logger = logging.getLogger(__name__)


@contextmanager
def open_devices(clock: Clock, **options: Any) -> Iterator[HostedDevices]:
    """Connect, check, limit the speed; options are those of KinovaOptions. Raises HardwareError."""
    options.pop("driver", None)  # this is inside it
    kinova = KinovaOptions(**options)
    with (
        KortexSession(load_package(kinova.client), kinova) as session,
        Feedback(session, kinova, clock) as felt,
    ):
        for check in require_fit(session, felt, kinova):
            if check.state == "WARN":
                logger.warning("%s: %s", check.subject, check.detail)
        limited_speeds(session, kinova)
        weighed_tool(session, kinova)
        arm = KortexArm(session, felt, kinova, clock)
        gripper = KortexGripper(session, felt, kinova, clock)
        yield HostedDevices(
            f"Kinova Gen3 at {kinova.address} ({session.package.name})", arm, gripper, clock.now
        )
