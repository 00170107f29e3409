"""One root error for every expected failure; each class takes facts and builds the message a user can act on.

Anything that is not a `HandoverError` is a bug: it reaches the runner, which stops the robot.
"""

from __future__ import annotations

from collections.abc import Iterable


class HandoverError(Exception):
    """An expected failure with its cause, the numbers, and what to do next."""


class HardwareError(HandoverError):
    """A device refused, failed or fell silent."""


class NotConnected(HardwareError):
    """A device was used before `connect` or after `close`."""

    def __init__(self, device: str, remedy: str) -> None:
        super().__init__(f"{device} is not connected; {remedy}")


class DeviceFault(HardwareError):
    """A device stands in a fault and takes no commands."""

    def __init__(self, device: str, fault: str, remedy: str) -> None:
        self.fault = fault
        super().__init__(f"the {device} reports a fault ({fault}) and takes no commands; {remedy}")


class StaleData(HardwareError):
    """The newest reading is older than the caller can use."""

    def __init__(self, device: str, age_s: float, max_age_s: float) -> None:
        self.age_s, self.max_age_s = age_s, max_age_s
        super().__init__(
            f"the newest reading of the {device} is {age_s:.3f} s old, {max_age_s:.3f} s are allowed; "
            f"check that the {device} still delivers"
        )


class LimitViolation(HardwareError):
    """A command lies outside what the device allows; nothing was sent."""

    def __init__(self, quantity: str, value: float, lower: float, upper: float, unit: str) -> None:
        super().__init__(
            f"{quantity} of {value:.4g} {unit} is outside [{lower:.4g}, {upper:.4g}] {unit}; nothing was sent"
        )


class BadFile(HandoverError):
    """A file a user named is missing or is not what it should be."""

    def __init__(self, path: object, fault: str, remedy: str) -> None:
        super().__init__(f"{path}: {fault}; {remedy}")


class UnknownName(HandoverError):
    """A name is not one of the valid ones; the near matches and all valid names are listed."""

    def __init__(self, kind: str, name: str, valid: Iterable[str]) -> None:
        from difflib import get_close_matches

        names = sorted(valid)
        near = get_close_matches(name, names, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"there is no {kind} called {name!r}{hint} (valid: {', '.join(names) or 'none'})")
