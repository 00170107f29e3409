"""What the driver process hosts: the devices, and the address of the function that opens them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from hardware.protocols import Arm, Clock, Gripper


@dataclass(frozen=True)
class HostedDevices:
    """An open arm and gripper; `now` reads the clock of their stamps in seconds."""

    name: str
    arm: Arm
    gripper: Gripper
    now: Callable[[], float]


Opener = Callable[..., AbstractContextManager[HostedDevices]]


@dataclass(frozen=True)
class DeviceAddress:
    """`module:function` of an Opener, and its keyword arguments as plain JSON values (`clock` is added)."""

    opener: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def words(self) -> tuple[str, str]:
        """The address as two words of a command line."""
        return self.opener, json.dumps(dict(self.arguments), allow_nan=False)


def open_devices(opener: str, arguments: str, clock: Clock) -> AbstractContextManager[HostedDevices]:
    """The devices behind an address as `DeviceAddress.words` wrote it, living by `clock`, not connected."""
    module, _, function = opener.partition(":")
    found: Opener = getattr(import_module(module), function)
    return found(clock=clock, **json.loads(arguments))
