"""Every protocol there and back, and everything that can go wrong on the way."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx2
import numpy as np
import pytest

from hardware.types import RGBDFrame
from perception.errors import HumanLost, NotFound, SegmentationFailed, VlmError
from perception.keypoints import KeypointEstimator, Keypoints2D
from perception.protocols import Interruptible, ObjectDetector, Segmenter, VisionLanguageModel
from perception.remote import client, connection, endpoints, errors
from perception.types import Detection, Message, Picture, Reply
from perception.vlm.errors import Interrupted, TooSlow
from planning.antipodal import AntipodalGenerator
from planning.protocols import GraspGenerator
from planning.remote_grasps import RemoteGrasps, grasps_endpoint
from planning.types import Grasp, GraspView
from tests.perception.remote.conftest import Connect
from tests.perception.remote.server import LIMIT_BYTES, TOKEN, Model, served

FOUND = Detection("mug", 0.75, (10.5, 11.0, 40.25, 42.0), None, "a model", "another mug")


def same_picture(one: RGBDFrame, other: RGBDFrame, *, depth: bool) -> bool:
    plain = ("intrinsics", "stamp_s", "sequence", "source")
    assert all(getattr(one, name) == getattr(other, name) for name in plain)
    np.testing.assert_array_equal(one.base_from_camera, other.base_from_camera)
    np.testing.assert_array_equal(one.rgb, other.rgb)
    np.testing.assert_array_equal(one.depth_m if depth else np.zeros_like(one.depth_m), other.depth_m)
    return True


@pytest.mark.parametrize("colour", ["raw", "png"])
def test_detection(connect: Connect, model: Model, frame: RGBDFrame, colour: str) -> None:
    model.result = FOUND
    detector = client.RemoteDetector(connect(colour=colour))
    assert isinstance(detector, ObjectDetector)
    found = detector.detect(frame, "mug")
    assert found == replace(FOUND, source=detector.name)
    assert detector.name.startswith("a model at 127.0.0.1:")
    seen, label = model.asked[0]
    assert label == "mug"
    assert same_picture(frame, seen, depth=False)


def test_segmentation(connect: Connect, model: Model, frame: RGBDFrame) -> None:
    mask = np.random.default_rng(1).random((48, 64)) < 0.3
    model.result = replace(FOUND, mask=mask)
    segmenter = client.RemoteSegmenter(connect())
    assert isinstance(segmenter, Segmenter)
    found = segmenter.segment(frame, FOUND)
    np.testing.assert_array_equal(found.mask, mask)
    assert replace(found, mask=None) == FOUND
    assert model.asked[0][1] == FOUND
    assert same_picture(frame, model.asked[0][0], depth=False)


def test_keypoints_with_depth_and_without_a_person(connect: Connect, model: Model, frame: RGBDFrame) -> None:
    points = np.random.default_rng(2).random((17, 3))
    model.result = Keypoints2D(points, 12.25, "a model")
    estimator = client.RemoteKeypoints(connect())
    assert isinstance(estimator, KeypointEstimator)
    found = estimator.estimate(frame)
    assert found is not None
    np.testing.assert_array_equal(found.points, points)
    assert (found.stamp_s, found.source) == (12.25, estimator.name)
    assert same_picture(frame, model.asked[0][0], depth=True)
    model.result = None
    assert estimator.estimate(frame) is None


def test_a_question_with_pictures(connect: Connect, model: Model) -> None:
    picture = Picture(b"\x89PNG not looked at", (1.0, 2.0, 30.0, 40.0), 5, 12.25, backward=True)
    question = (Message("system", "rules"), Message("user", "which cells? ä", (picture, picture)))
    model.result = Reply("human: [1, 2, 3]", "a model", 100, 20)
    vlm = client.RemoteVlm(connect())
    assert isinstance(vlm, VisionLanguageModel)
    assert isinstance(vlm, Interruptible)
    reply = vlm.ask(question)
    assert model.asked == [(question,)]
    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("human: [1, 2, 3]", 100, 20)
    assert reply.source == vlm.name
    assert reply.bytes_sent is not None
    assert reply.bytes_sent > 2 * len(picture.png)


def view(frame: RGBDFrame) -> GraspView:
    """A bar of 2 x 2 x 16 cm on the table, its surface in points."""
    rng = np.random.default_rng(3)
    points = rng.uniform([-0.01, -0.08, 0.0], [0.01, 0.08, 0.02], (4000, 3))
    side = rng.integers(0, 3, 4000)
    points[side == 0, 2] = 0.02
    points[side == 1, 0] = -0.01
    points[side == 2, 0] = 0.01
    points += [0.4, 0.0, 0.0]
    table = rng.uniform([0.2, -0.3, 0.0], [0.6, 0.3, 0.0], (500, 3))
    mask = np.zeros((48, 64), dtype=np.bool_)
    mask[10:30, 20:41] = True
    return GraspView(frame, mask, points, table, points[points[:, 1] < 0], points[points[:, 1] > 0], 0.0)


def test_grasps_are_those_of_the_same_seed_here(frame: RGBDFrame, connect: Connect) -> None:
    generator = AntipodalGenerator()
    here = generator.generate(view(frame), np.random.default_rng(_seed(5)), 300)
    with served({connection.GRASPS: grasps_endpoint(generator)}) as url:
        remote = RemoteGrasps(connect(url))
        assert isinstance(remote, GraspGenerator)
        there = remote.generate(view(frame), np.random.default_rng(5), 300)
    assert len(here) == len(there) > 5
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one.base_from_tcp, other.base_from_tcp)
        assert (one.width_m, one.score, one.lean_rad) == (other.width_m, other.score, other.lean_rad)


def _seed(start: int) -> int:
    return int(np.random.default_rng(start).integers(2**63 - 1))


def test_a_view_keeps_its_clouds_but_not_its_colour(connect: Connect, model: Model, frame: RGBDFrame) -> None:
    model.result = ()
    mine = view(frame)
    assert RemoteGrasps(connect()).generate(mine, np.random.default_rng(0), 10) == ()
    seen, rng, count = model.asked[0]
    assert count == 10
    assert isinstance(rng, np.random.Generator)
    for name in ("object_mask", "object_points", "scene_points", "robot_points", "human_points"):
        np.testing.assert_array_equal(getattr(seen, name), getattr(mine, name))
    np.testing.assert_array_equal(seen.frame.depth_m, frame.depth_m)
    assert not seen.frame.rgb.any()


def test_a_single_grasp(connect: Connect, model: Model, frame: RGBDFrame) -> None:
    mine = Grasp(np.eye(4), 0.03, np.array([0.1, 0.2, 0.3]), 0.5, 0.1)
    model.result = (mine,)
    (grasp,) = RemoteGrasps(connect()).generate(view(frame), np.random.default_rng(0), 10)
    np.testing.assert_array_equal(grasp.contact, mine.contact)
    assert (grasp.width_m, grasp.score, grasp.lean_rad) == (0.03, 0.5, 0.1)


# Failures --------------------------------------------------------------------------------------------------


class OnlyThere(SegmentationFailed):
    """A class that no client knows."""

    def __init__(self) -> None:
        super().__init__("mug", 3, 80)


def test_an_object_not_found_keeps_its_numbers(connect: Connect, model: Model, frame: RGBDFrame) -> None:
    model.result = NotFound("mug", 0.08, 0.15, ("cup",))
    with pytest.raises(NotFound, match=r"no 'mug' found: best score 0.08, 0.15 is needed; seen") as caught:
        client.RemoteDetector(connect()).detect(frame, "mug")
    assert caught.value.best_score == 0.08


def test_a_lost_person(connect: Connect, model: Model, frame: RGBDFrame) -> None:
    model.result = HumanLost("nobody in the picture")
    with pytest.raises(HumanLost, match="no person tracked: nobody in the picture"):
        client.RemoteKeypoints(connect()).estimate(frame)


def test_an_unknown_failure_becomes_its_nearest_known_base(
    connect: Connect, model: Model, frame: RGBDFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.result = OnlyThere()
    segmenter = client.RemoteSegmenter(connect())
    monkeypatch.setattr("perception.remote.wire._family", lambda kind: [SegmentationFailed, VlmError, kind])
    with pytest.raises(SegmentationFailed, match="3 pixels") as caught:
        segmenter.segment(frame, FOUND)
    assert type(caught.value) is SegmentationFailed


def test_a_slow_vlm_there_is_a_slow_vlm_here(connect: Connect, model: Model) -> None:
    model.result = TooSlow("a model", 20.0)
    with pytest.raises(TooSlow, match="no answer within 20"):
        client.RemoteVlm(connect()).ask([Message("user", "?")])


def test_a_bug_there_shows_no_insides(connect: Connect, model: Model, frame: RGBDFrame) -> None:
    model.result = RuntimeError("secret path")
    with pytest.raises(errors.ServerFault, match=r"HTTP 500: an error in the detector") as caught:
        client.RemoteDetector(connect()).detect(frame, "mug")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("token", [None, "", "the toke", "the tokem", "the token x"])
def test_a_wrong_token_is_refused(
    connect: Connect, model: Model, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HANDOVER_TOKEN")
    if token is not None:
        monkeypatch.setenv("HANDOVER_TOKEN", token)
    with pytest.raises(errors.TokenRefused, match="HANDOVER_TOKEN"):
        client.RemoteDetector(connect())


def test_calls_need_the_token_too(running: tuple[str, Model], model: Model) -> None:
    for path in ("/v1/detector", "/v1/vlm/interrupt"):
        assert httpx2.post(running[0] + path, trust_env=False).status_code == 401
    assert model.asked == []


def test_no_server(connect: Connect) -> None:
    with pytest.raises(errors.ServerUnreachable, match=r"start `handover serve models` there"):
        client.RemoteDetector(connect("http://127.0.0.1:9"))
    with pytest.raises(errors.ServerUnreachable, match="http://HOST:PORT is needed"):
        connect("gpu-machine:8100")


def test_a_server_that_went_away(connect: Connect, frame: RGBDFrame) -> None:
    model = Model(result=FOUND)
    with served({connection.DETECTOR: endpoints.detector_endpoint(model)}) as url:
        detector = client.RemoteDetector(connect(url))
        detector.detect(frame, "mug")
    with pytest.raises(errors.ServerUnreachable):
        detector.detect(frame, "mug")
    port = int(url.rsplit(":", 1)[1])
    with served({connection.DETECTOR: endpoints.detector_endpoint(model)}, port):
        assert detector.detect(frame, "mug").label == "mug"


def test_a_slow_server(connect: Connect, model: Model, frame: RGBDFrame) -> None:
    detector = client.RemoteDetector(connect(timeout_s=0.1))
    model.result = FOUND
    model.may_end.clear()
    try:
        with pytest.raises(errors.ServerSlow, match=r"detector .* did not answer within 0.1 s"):
            detector.detect(frame, "mug")
    finally:
        model.may_end.set()


def test_a_role_that_is_not_served(connect: Connect) -> None:
    with served({connection.VLM: endpoints.vlm_endpoint(Model())}) as url:
        with pytest.raises(errors.NotServed, match=r"serves no detector \(it serves: vlm\)"):
            client.RemoteDetector(connect(url))
        known = connect(url)
        with pytest.raises(errors.NotServed):
            known.call("grasps", client.Parcel())


def test_another_version_is_told_at_the_start(
    connect: Connect, frame: RGBDFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perception.remote.connection.PROTOCOL", 2)
    with pytest.raises(errors.VersionsDiffer, match=r"speaks version 1 of .* this program 2"):
        client.RemoteDetector(connect())
    with pytest.raises(errors.VersionsDiffer):
        connect().call(connection.DETECTOR, client.Parcel())


def test_a_request_beyond_the_limit(connect: Connect, model: Model, running: tuple[str, Model]) -> None:
    big = client.Parcel({}, {"rgb": np.zeros(LIMIT_BYTES, dtype=np.uint8)})
    with pytest.raises(errors.TooLarge, match=r"4\.0 MB is too large .* --limit-mb"):
        connect().call(connection.DETECTOR, big)
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Handover-Protocol": "1"}
    chunks = (bytes(1_000_000) for _ in range(5))  # without a Content-Length
    url = running[0] + "/v1/detector"
    with suppress(httpx2.WriteError):  # the server may hang up in the middle
        assert httpx2.post(url, content=chunks, headers=headers, trust_env=False).status_code == 413
    assert model.asked == []


class Meeting(Model):
    """Two calls that are in here at once meet."""

    met = False

    def detect(self, *arguments: Any) -> Detection:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(0.3)
            self.met = True
        return FOUND


barrier = threading.Barrier(2)


def test_one_call_at_a_time(connect: Connect, frame: RGBDFrame) -> None:
    barrier.reset()
    model = Meeting()
    with served({connection.DETECTOR: endpoints.detector_endpoint(model)}) as url:
        detectors = [client.RemoteDetector(connect(url)) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda detector: detector.detect(frame, "mug"), detectors))
    assert len(found) == 2
    assert not model.met


def test_an_interrupted_question_ends_here_and_there(connect: Connect, model: Model) -> None:
    vlm = client.RemoteVlm(connect())
    model.result = Interrupted("a model")
    model.may_end.clear()
    outcome: list[BaseException] = []

    def ask() -> None:
        try:
            vlm.ask([Message("user", "?")])
        except VlmError as error:
            outcome.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert model.entered.wait(10.0)
    vlm.interrupt()
    thread.join(10.0)
    assert isinstance(outcome[0], Interrupted)
    assert model.interrupted.wait(10.0)


def test_a_question_lost_on_the_way_is_a_vlm_error(connect: Connect) -> None:
    with served({connection.VLM: endpoints.vlm_endpoint(Model())}) as url:
        vlm = client.RemoteVlm(connect(url))
    with pytest.raises(VlmError, match="no models at"):
        vlm.ask([Message("user", "?")])


def test_callers_have_people_of_their_own(connect: Connect, frame: RGBDFrame) -> None:
    made: list[Any] = []

    def new() -> Model:
        made.append(Model())
        return made[-1]

    with served({connection.KEYPOINTS: endpoints.keypoints_endpoint("poses", new)}) as url:
        one, other = (client.RemoteKeypoints(connect(url)) for _ in range(2))
        for estimator in (one, one, other, one):
            estimator.estimate(frame)
    assert [len(model.asked) for model in made] == [3, 1]


def test_a_client_needs_no_model_package() -> None:
    heavy = "{'torch', 'transformers', 'starlette', 'uvicorn', 'PIL', 'httpx2', 'openai'}"
    code = f"""
import sys
import perception.remote.client, perception.remote.connection, planning.remote_grasps, app.remote_factory
print({heavy} & set(sys.modules))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"
