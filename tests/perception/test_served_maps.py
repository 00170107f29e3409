"""Maps from the user's own network: a small server on loopback that answers well or badly."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

from perception.affordances import AffordanceGrounder, UnknownClass
from perception.contact_map import ContactGrounder
from perception.options import MapOptions
from perception.served_maps import MapsUnavailable, ServedMaps
from perception.simulated import box_of
from perception.types import Detection
from tests.perception.scenes import hammer, object_mask, part_mask, table_frame

SCENE = table_frame(hammer(), labels={1: "hammer"})
HAMMER = Detection("claw hammer", 0.9, box_of(object_mask(SCENE)), object_mask(SCENE), "test")


@dataclass
class Network:
    """What the server answers, and what it was asked."""

    url: str = ""
    body: bytes = b""
    status: int = 200
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    pictures: list[np.ndarray] = field(default_factory=list)

    def answers(self, **arrays: np.ndarray) -> None:
        body = io.BytesIO()
        np.savez(body, **arrays)
        self.body = body.getvalue()

    @property
    def maps(self) -> ServedMaps:
        return ServedMaps(MapOptions(self.url, timeout_s=5.0))


@pytest.fixture
def network() -> Iterator[Network]:
    told = Network()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.queries.append(parse_qs(urlsplit(self.path).query))
            png = self.rfile.read(int(self.headers["Content-Length"]))
            told.pictures.append(np.asarray(Image.open(io.BytesIO(png))))
            self.send_response(told.status)
            self.send_header("Location", told.url)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *words: object) -> None:
            """Nothing in the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/maps"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def test_masks_become_regions(network: Network) -> None:
    head, handle = part_mask(SCENE, "head"), part_mask(SCENE, "handle")
    network.answers(pound=head.astype(np.uint8) * 255, grasp=handle)
    regions = AffordanceGrounder(network.maps).ground(SCENE, HAMMER)
    assert regions.robot_mask.sum() > 0.6 * head.sum()
    assert np.all(regions.robot_mask <= head)
    assert np.all(regions.human_mask <= handle)
    assert network.queries == [{"wanted": ["affordances"], "label": ["claw hammer"]}]
    np.testing.assert_array_equal(network.pictures[0], SCENE.rgb)


def test_a_contact_map_becomes_regions(network: Network) -> None:
    network.answers(contact=np.where(part_mask(SCENE, "handle"), 0.9, 0.1).astype(np.float32))
    regions = ContactGrounder(network.maps).ground(SCENE, HAMMER)
    np.testing.assert_array_equal(regions.human_mask, part_mask(SCENE, "handle"))
    assert network.queries[0]["wanted"] == ["contacts"]


def test_no_mask_means_a_class_it_does_not_know(network: Network) -> None:
    network.answers()
    with pytest.raises(UnknownClass, match="claw hammer"):
        network.maps.affordances(SCENE, HAMMER)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"hold": np.ones(SCENE.depth_m.shape)}, "hold is no affordance .valid: grasp, cut"),
        ({"grasp": np.ones((4, 4))}, r"'grasp' is \(4, 4\) of float64"),
        ({"grasp": np.full(SCENE.depth_m.shape, "x")}, "numbers of shape"),
        ({"grasp": np.full(SCENE.depth_m.shape, None)}, "is no .npz"),
    ],
)
def test_other_masks_are_refused(network: Network, arrays: dict[str, np.ndarray], words: str) -> None:
    network.answers(**arrays)
    with pytest.raises(MapsUnavailable, match=words):
        network.maps.affordances(SCENE, HAMMER)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"contact": np.full(SCENE.depth_m.shape, 1.5)}, "from 0 to 1 only"),
        ({"contact": np.full(SCENE.depth_m.shape, np.nan)}, "from 0 to 1 only"),
        ({"map": np.ones(SCENE.depth_m.shape)}, "one array 'contact' is needed"),
    ],
)
def test_other_maps_are_refused(network: Network, arrays: dict[str, np.ndarray], words: str) -> None:
    network.answers(**arrays)
    with pytest.raises(MapsUnavailable, match=words):
        network.maps.contacts(SCENE, HAMMER)


def test_a_body_that_could_grow_is_not_opened(network: Network) -> None:
    body = io.BytesIO()
    np.savez_compressed(body, contact=np.zeros(SCENE.depth_m.shape))
    network.body = body.getvalue()
    with pytest.raises(MapsUnavailable, match="use numpy"):
        network.maps.contacts(SCENE, HAMMER)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_another_status_is_told_and_no_redirect_followed(network: Network, status: int) -> None:
    network.status = status
    with pytest.raises(MapsUnavailable, match=f"HTTP {status}"):
        network.maps.contacts(SCENE, HAMMER)
    assert len(network.queries) == 1


def test_nobody_there_and_nowhere_to_ask(network: Network) -> None:
    with pytest.raises(MapsUnavailable, match=r"perception\.maps\.url"):
        ServedMaps(MapOptions("http://127.0.0.1:1/maps", timeout_s=1.0)).contacts(SCENE, HAMMER)
    with pytest.raises(MapsUnavailable, match="set the address"):
        ServedMaps(MapOptions())
