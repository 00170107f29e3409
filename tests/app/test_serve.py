"""The configured models behind a real server, used through the configuration of a robot's machine."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from app.factory import DETECTORS, SEGMENTERS, build
from app.options import Config
from app.order import Order
from app.serve_command import build_endpoints
from hardware.types import RGBDFrame
from perception.errors import NotFound
from perception.options import DetectorOptions, PerceptionOptions
from perception.remote.options import RemoteOptions
from perception.types import HandoverRequest
from tests.app.test_model_factory import config
from tests.perception.models.conftest import models, picture  # noqa: F401  # fixtures
from tests.perception.remote.server import TOKEN, served

LEARNED = {"detector": "owlvit", "segmenter": "sam_transformers", "human": "alphapose"}


def ordered(settings: Config) -> Order:
    return Order(settings, HandoverRequest("hammer"), np.random.default_rng(0))


def test_what_the_server_finds_is_what_would_be_found_here(
    models: Path,  # noqa: F811
    picture: RGBDFrame,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDOVER_TOKEN", TOKEN)
    told: list[str] = []
    here = config(models, **LEARNED)
    sure = replace(here.perception, detector=DetectorOptions(score_threshold=0.0))
    here = replace(here, perception=sure)
    endpoints = build_endpoints(here, told.append)
    assert [line.split()[0] for line in told] == ["detector", "segmenter", "keypoints"]
    with served(endpoints) as url:
        robot = replace(here, perception=replace(sure, remote=RemoteOptions(url=url)))
        there = ordered(robot)
        detector, segmenter = DETECTORS["owlvit"](there), SEGMENTERS["sam_transformers"](there)
        found = detector.detect(picture, "hammer")
        local = DETECTORS["owlvit"](ordered(here)).detect(picture, "hammer")
        assert found == replace(local, source=detector.name)
        box = replace(found, box=(100.0, 100.0, 300.0, 300.0))
        masked = segmenter.segment(picture, box)
        np.testing.assert_array_equal(
            masked.mask, SEGMENTERS["sam_transformers"](ordered(here)).segment(picture, box).mask
        )
        assembly = build(robot, HandoverRequest("hammer"), 0)
        host = url.removeprefix("http://")
        assert assembly.back_ends["detector"] == f"OWL-ViT at {host}"
        assert assembly.back_ends["human"].endswith(f"at {host}")


def test_nothing_found_there_is_nothing_found_here_with_its_numbers(
    models: Path,  # noqa: F811
    picture: RGBDFrame,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDOVER_TOKEN", TOKEN)
    here = config(models, detector="owlvit")
    strict = replace(here.perception, detector=DetectorOptions(score_threshold=1.0))
    with served(build_endpoints(replace(here, perception=strict), lambda words: None)) as url:
        remote = PerceptionOptions(remote=RemoteOptions(url=url))
        detector = DETECTORS["owlvit"](ordered(replace(here, perception=remote)))
        with pytest.raises(NotFound, match=r"1\.00 is needed") as caught:
            detector.detect(picture, "hammer")
    with pytest.raises(NotFound) as here_too:
        DETECTORS["owlvit"](ordered(replace(here, perception=strict))).detect(picture, "hammer")
    assert caught.value.best_score == here_too.value.best_score


def test_simulated_and_geometric_back_ends_stay_here() -> None:
    """With an address where nobody is: nothing is asked."""
    remote = PerceptionOptions(remote=RemoteOptions(url="http://127.0.0.1:9"))
    assembly = build(Config(perception=remote), HandoverRequest("hammer"), 0)
    assert assembly.back_ends["detector"] == "simulated detector"


def test_a_run_with_a_server_that_is_not_there_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "hammer", "--back-ends.detector", "owlvit"]
    assert main([*words, "--perception.remote.url", "http://127.0.0.1:9"]) == 2
    assert "start `handover serve models` there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve", "model"], "did you mean models"),
        (["serve", "models"], "choose: --back-ends.detector owlvit"),
        (["serve", "models", "--limit-mb", "0"], "more than 0"),
        (["serve", "models", "--back-ends.detector", "owlvit"], "handover models pull owlvit"),
    ],
)
def test_what_cannot_be_served_says_why(
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HANDOVER_WEIGHTS", str(tmp_path / "empty"))
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_a_taken_port_is_told(
    models: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    load = ["--perception.models.owlvit.load.checkpoint", str(models / "owlvit")]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ["serve", "models", "--back-ends.detector", "owlvit", *load, "--port", port]
        assert main(words) == 2
    assert f"cannot listen at 127.0.0.1:{port}" in capsys.readouterr().err


def test_the_token_is_made_and_printed_where_there_is_none(
    models: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HANDOVER_TOKEN", raising=False)
    ran: list[socket.socket] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: ran.extend(sockets))
    load = ["--perception.models.owlvit.load.checkpoint", str(models / "owlvit")]
    words = ["serve", "models", "--back-ends.detector", "owlvit", *load, "--port", "0"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "detector   OWL-ViT (loaded in" in shown
    assert "HANDOVER_TOKEN=" in shown
    assert f":{ran[0].getsockname()[1]}; Ctrl-C ends it" in shown
    assert "unencrypted" not in shown
    ran[0].close()
