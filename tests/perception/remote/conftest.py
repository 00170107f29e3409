"""One server for all tests of a module, with a model that every test scripts anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hardware.geometry import pose
from hardware.types import CameraIntrinsics, RGBDFrame
from perception.remote import connection, endpoints
from perception.remote.connection import Connection
from perception.remote.options import RemoteOptions
from planning.remote_grasps import grasps_endpoint
from tests.perception.remote.server import TOKEN, Model, served


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, Model]]:
    model = Model()
    yours = {
        connection.DETECTOR: endpoints.detector_endpoint(model),
        connection.SEGMENTER: endpoints.segmenter_endpoint(model),
        connection.KEYPOINTS: endpoints.keypoints_endpoint(model.name, lambda: model),
        connection.VLM: endpoints.vlm_endpoint(model),
        connection.GRASPS: grasps_endpoint(model),
    }
    with served(yours) as url:
        yield url, model


@pytest.fixture
def model(running: tuple[str, Model]) -> Model:
    running[1].__init__()  # type: ignore[misc]  # as good as new
    return running[1]


Connect = Callable[..., Connection]


@pytest.fixture
def connect(running: tuple[str, Model], monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Connections to the server, with its token in the environment, closed after the test."""
    monkeypatch.setenv("HANDOVER_TOKEN", TOKEN)
    made: list[Connection] = []

    def connect(url: str = running[0], **options: object) -> Connection:
        made.append(Connection(RemoteOptions(url=url, **options)))  # type: ignore[arg-type]
        return made[-1]

    yield connect
    for each in made:
        each.close()


@pytest.fixture
def frame() -> RGBDFrame:
    rng = np.random.default_rng(0)
    return RGBDFrame(
        rgb=rng.integers(0, 256, (48, 64, 3), dtype=np.uint8),
        depth_m=rng.uniform(0.3, 1.0, (48, 64)).astype(np.float32),
        intrinsics=CameraIntrinsics(64, 48, 60.0, 61.0, 31.5, 23.5),
        base_from_camera=pose(np.diag([1.0, -1.0, -1.0]), np.array([0.4, 0.1, 0.6])),
        stamp_s=12.25,
        sequence=7,
        source="a test",
    )
