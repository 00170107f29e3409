"""The client package behind the driver: Kinova's kortex_api, or the stand-ins of the same shape."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from types import SimpleNamespace
from typing import Any, Literal

from hardware.errors import HardwareError

ClientName = Literal["kortex_api", "stand_in"]
MODULES = ("Base", "BaseCyclic", "Common", "Session", "ControlConfig", "DeviceConfig", "DeviceManager")
CLIENTS = ("Base", "BaseCyclic", "ControlConfig", "DeviceConfig", "DeviceManager")


class PackageMissing(HardwareError):
    """kortex_api cannot be imported here."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"kortex_api cannot be imported ({cause}); it is no public package: get Kinova's wheel and "
            "install it as the README says, here or in an environment of its own (kinova.driver.python)"
        )


@dataclass(frozen=True)
class KortexPackage:
    """Classes by the vendor's names; `messages.Base` is the vendor's Base_pb2, `errors` its Errors_pb2."""

    name: str
    transports: SimpleNamespace
    router: Any
    send_options: Any
    session_manager: Any
    clients: SimpleNamespace
    messages: SimpleNamespace
    errors: Any
    server_exception: type[Exception]
    client_exception: type[Exception]

    def deadline(self, seconds: float) -> Any:
        """Options for one call that may take this long."""
        options = self.send_options()
        options.timeout_ms = round(1000.0 * seconds)
        return options


def load_package(name: ClientName) -> KortexPackage:
    """The package of this name. Raises PackageMissing."""
    return _LOADERS[name]()


def _genuine() -> KortexPackage:
    # The wheel's generated code is older than protobuf 4, which reads it in pure Python only, if told so
    # before the first import. The driver process imports nothing else that needs protobuf.
    os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    try:
        version = metadata.version("kortex_api")
        exceptions = import_module("kortex_api.Exceptions.KServerException")
        client_exceptions = import_module("kortex_api.Exceptions.KClientException")
        router = import_module("kortex_api.RouterClient")
        return KortexPackage(
            name=f"kortex_api {version}",
            transports=SimpleNamespace(
                tcp=import_module("kortex_api.TCPTransport").TCPTransport,
                udp=import_module("kortex_api.UDPTransport").UDPTransport,
            ),
            router=router.RouterClient,
            send_options=router.RouterClientSendOptions,
            session_manager=import_module("kortex_api.SessionManager").SessionManager,
            clients=SimpleNamespace(
                **{
                    name: getattr(
                        import_module(f"kortex_api.autogen.client_stubs.{name}ClientRpc"), f"{name}Client"
                    )
                    for name in CLIENTS
                }
            ),
            messages=SimpleNamespace(
                **{name: import_module(f"kortex_api.autogen.messages.{name}_pb2") for name in MODULES}
            ),
            errors=import_module("kortex_api.autogen.messages.Errors_pb2"),
            server_exception=exceptions.KServerException,
            client_exception=client_exceptions.KClientException,
        )
    except (
        ImportError,
        AttributeError,
        TypeError,
    ) as error:  # how an unfit protobuf shows differs by version
        raise PackageMissing(f"{type(error).__name__}: {error}".splitlines()[0]) from error


def _stand_in() -> KortexPackage:
    try:
        from hardware.kinova.messages import wire
        from hardware.kinova.stand_in import client, transport

        modules = wire().modules
    except ImportError as error:
        raise HardwareError(f"the stand-in client needs protobuf ({error}); pip install protobuf") from error
    return KortexPackage(
        name="stand-in for kortex_api",
        transports=SimpleNamespace(tcp=transport.TCPTransport, udp=transport.UDPTransport),
        router=client.RouterClient,
        send_options=client.RouterClientSendOptions,
        session_manager=client.SessionManager,
        clients=SimpleNamespace(**{name: getattr(client, f"{name}Client") for name in CLIENTS}),
        messages=SimpleNamespace(**{name: modules[name] for name in MODULES}),
        errors=modules[""],
        server_exception=client.KServerException,
        client_exception=client.KClientException,
    )


_LOADERS: dict[ClientName, Callable[[], KortexPackage]] = {"kortex_api": _genuine, "stand_in": _stand_in}
