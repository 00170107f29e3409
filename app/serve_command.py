"""`handover serve models`: the configured learned back ends over HTTP, for a robot PC without GPU."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from app.arguments import UNSET, parse
from app.errors import MissingPackage, UsageError
from app.options import Config
from hardware.errors import UnknownName

if TYPE_CHECKING:
    from perception.remote.server import Endpoint

LOOPBACK = ("127.0.0.1", "localhost", "::1")
TOKEN_BYTES = 24
MOST_CONNECTIONS = 64


@dataclass(frozen=True)
class ServeModelsCommand:
    """Serve the configured detector, segmenter, keypoints, local VLM and grasp network over HTTP.

    The token comes from the environment variable HANDOVER_TOKEN; without one, a new one is made and printed.
    """

    host: str = "127.0.0.1"
    """The address to listen at; another one than this machine's own opens the models to the network."""
    port: int = 8100
    """0 takes a free one."""
    limit_mb: float = 32.0
    """A request may have so many megabytes; a frame of 1280 x 720 with depth has 6.5."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Serve until interrupted; returns the exit code."""
    words = list(arguments)
    if not words or words[0] in ("-h", "--help"):
        print("usage: handover serve models [OPTIONS]\n\n  handover serve models --help    its options")
        return 0
    if words[0] != "models":
        raise UnknownName("thing to serve", words[0], ("models",))
    command, config = parse(ServeModelsCommand(), words[1:], "handover serve models")
    if not 0.0 < command.limit_mb <= 1024.0:
        raise UsageError(f"--limit-mb {command.limit_mb:g}: more than 0 and at most 1024 is needed")
    try:
        import uvicorn

        from perception.remote.server import create_server
    except ModuleNotFoundError as error:
        package = error.name or "uvicorn"
        raise MissingPackage(package, "handover serve", "pip install 'handover[models]'") from error
    from app.cli import program_version
    from perception.remote.errors import TOKEN_VARIABLE

    endpoints = build_endpoints(config, lambda words: print(words, flush=True))
    token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(TOKEN_BYTES)
    listening = _listen(command.host, command.port)
    app = create_server(endpoints, token, limit_bytes=int(command.limit_mb * 1e6), version=program_version())
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, limit_concurrency=MOST_CONNECTIONS)
    )
    host = f"[{command.host}]" if ":" in command.host else command.host
    print(f"serving at http://{host}:{listening.getsockname()[1]}; Ctrl-C ends it")
    if not os.environ.get(TOKEN_VARIABLE):
        print(f"{TOKEN_VARIABLE}={token}   (set this on the robot's machine)")
    if command.host not in LOOPBACK:
        print("pictures and token travel unencrypted: trusted networks only, or an SSH tunnel to 127.0.0.1")
    print("", end="", flush=True)
    server.run(sockets=[listening])
    return 0


def build_endpoints(config: Config, say: Callable[[str], None]) -> Mapping[str, Endpoint]:
    """Every configured back end that is a learned model, loaded, by its role; `say` hears of each.

    Raises UsageError when none is configured, PerceptionError for one that cannot be loaded.
    """
    import numpy as np

    from app import model_factory
    from app.factory import DETECTORS, GRASPS, SEGMENTERS, VLMS
    from app.models.needed import LEARNED
    from app.order import Order
    from hardware.clock import SystemClock
    from perception.remote import connection, endpoints
    from perception.remote.options import RemoteOptions
    from perception.types import HandoverRequest
    from planning.remote_grasps import grasps_endpoint

    perception = replace(config.perception, remote=RemoteOptions())  # this is the other machine
    order = Order(replace(config, perception=perception), HandoverRequest("object"), np.random.default_rng(0))
    names, clock = config.back_ends, SystemClock()

    def vlm() -> Endpoint:
        model = VLMS[names.vlm](order)
        assert model is not None  # "none" is not learned
        return endpoints.vlm_endpoint(model)

    def keypoints() -> Endpoint:
        pose = {"vitpose": model_factory.vitpose, "alphapose": model_factory.alphapose}[names.human]
        new = model_factory.followers(pose, perception)
        return endpoints.keypoints_endpoint(new().name, new)

    builders: Mapping[str, tuple[str, Callable[[], Endpoint]]] = {
        "detector": (
            connection.DETECTOR,
            lambda: endpoints.detector_endpoint(DETECTORS[names.detector](order)),
        ),
        "segmenter": (
            connection.SEGMENTER,
            lambda: endpoints.segmenter_endpoint(SEGMENTERS[names.segmenter](order)),
        ),
        "vlm": (connection.VLM, vlm),
        "human": (connection.KEYPOINTS, keypoints),
        "grasps": (connection.GRASPS, lambda: grasps_endpoint(GRASPS[names.grasps](order))),
    }
    served: dict[str, Endpoint] = {}
    for step, (role, build) in builders.items():
        if (step, getattr(names, step)) in LEARNED:
            began_s = clock.now()
            served[role] = build()
            say(f"  {role:10} {served[role].name} (loaded in {clock.now() - began_s:.1f} s)")
    if not served:
        choices = ", ".join(f"--back-ends.{step} {back_end}" for step, back_end in LEARNED)
        raise UsageError(
            f"no learned back end is configured, so there is nothing to serve; choose: {choices}"
        )
    return served


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"cannot listen at {host}:{port} ({error}); choose another --port or --host"
        ) from error
