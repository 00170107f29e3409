"""What goes wrong between this program and the machine with the models."""

from __future__ import annotations

from collections.abc import Iterable

from perception.errors import PerceptionError

TOKEN_VARIABLE = "HANDOVER_TOKEN"


class RemoteError(PerceptionError):
    """The models of another machine could not be used."""


class Malformed(RemoteError):
    """Bytes that are no message of this program."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"this is no message of `handover serve models`: {fault}")


class ClientMissing(RemoteError):
    """The package that talks HTTP is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"perception.remote needs the package {package}, which is not installed; "
            "pip install 'handover[remote]'"
        )


class ServerUnreachable(RemoteError):
    """No connection."""

    def __init__(self, url: str, fault: str) -> None:
        super().__init__(
            f"no models at {url} ({fault}); start `handover serve models` there, or check "
            "perception.remote.url"
        )


class ServerSlow(RemoteError):
    """No answer in time."""

    def __init__(self, url: str, role: str, timeout_s: float) -> None:
        super().__init__(
            f"the {role} at {url} did not answer within {timeout_s:g} s; is the machine busy? "
            "perception.remote.timeout_s sets the limit"
        )


class TokenRefused(RemoteError):
    """401."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} refused the token; put the one it was started with (or printed at its start) into the "
            f"environment variable {TOKEN_VARIABLE}"
        )


class NotServed(RemoteError):
    """The server does not run this model."""

    def __init__(self, role: str, url: str, served: Iterable[str]) -> None:
        super().__init__(
            f"{url} serves no {role} (it serves: {', '.join(sorted(served)) or 'nothing'}); configure one "
            "there and start it again"
        )


class VersionsDiffer(RemoteError):
    """Two versions of the program that do not understand each other."""

    def __init__(self, url: str, theirs: object, ours: object) -> None:
        super().__init__(
            f"{url} speaks version {theirs} of the models' protocol, this program {ours}; install the same "
            "version of handover on both machines"
        )


class TooLarge(RemoteError):
    """413."""

    def __init__(self, url: str, size: int, limit: object) -> None:
        super().__init__(
            f"a request of {size / 1e6:.1f} MB is too large for {url} (limit {limit}); use smaller pictures, "
            "or start it with a larger --limit-mb"
        )


class ServerFault(RemoteError):
    """The server failed in a way nobody expected."""

    def __init__(self, url: str, status: int, words: str) -> None:
        super().__init__(f"{url} failed (HTTP {status}: {words}); its own output says more")


class TooManyBytes(RemoteError):
    """A body beyond the limit, on the server's side."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"a request may have {limit / 1e6:.0f} MB at most")
