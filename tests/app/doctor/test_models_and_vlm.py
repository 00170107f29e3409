"""doctor models, doctor vlm, and what all findings have in common: lines, JSON, exit code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import main
from app.doctor import WORDS, models
from app.doctor.findings import Finding, guarded, passed, report
from app.doctor.models import PACKAGES, models_findings
from app.doctor.vlm import key_finding, vlm_findings
from app.models.needed import LEARNED
from app.options import BackEnds, Config
from hardware.errors import HardwareError, UnknownName
from perception.options import PerceptionOptions
from perception.remote.options import RemoteOptions
from perception.vlm.options import VlmOptions
from tests.openai_server import OpenAiStandIn, Status, Words
from tests.perception.remote.conftest import running  # noqa: F401  # a fixture
from tests.perception.remote.server import TOKEN, Model

FINE = Finding("robot", "faults", "OK", "none")
ODD = Finding("camera", "USB", "WARN", "unknown")
BAD = Finding("camera", "depth", "FAIL", "0 %; uncover the lens")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HANDOVER_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)


# Findings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("findings", "good"), [([], False), ([FINE], True), ([FINE, ODD], True), ([FINE, BAD], False)]
)
def test_only_failures_count(findings: list[Finding], good: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert passed(findings) is good
    assert report(findings, as_json=False) == report(findings, as_json=True) == int(not good)
    assert ("Nothing failed." in capsys.readouterr().out) is good


def test_lines_and_json_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    report([FINE, BAD], as_json=False, notes=["kept in [a folder]"])
    lines = capsys.readouterr().out
    report([FINE, BAD], as_json=True, notes=["kept in [a folder]"])
    values = json.loads(capsys.readouterr().out)
    assert values["passed"] is False
    assert values["notes"] == ["kept in [a folder]"]
    for finding in values["findings"]:
        for word in finding.values():
            assert word in lines
    assert "Not fit: camera: depth" in lines
    assert "kept in [a folder]" in lines


def test_what_breaks_off_is_a_last_line_that_fails() -> None:
    def checks() -> object:
        yield FINE
        raise HardwareError("the cable is out; put it in")

    found = list(guarded("robot", "broken off", checks()))  # type: ignore[arg-type]
    assert found == [FINE, Finding("robot", "broken off", "FAIL", "the cable is out; put it in")]


def test_words_are_listed_and_unknown_ones_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(word in text for word in WORDS)
    from app.doctor import main as doctor

    with pytest.raises(UnknownName, match="did you mean camera"):
        doctor(["camra"])


def test_all_goes_on_whatever_fails(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["doctor", "all", "--json", "--realsense.recording", "none.db3"]
    assert (
        main(
            [*words, "--kinova.client", "stand_in", "--kinova.address", "127.0.0.1", "--kinova.tcp-port", "9"]
        )
        == 1
    )
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert list(dict.fromkeys(finding["device"] for finding in findings)) == [
        "robot",
        "camera",
        "models",
        "vlm",
    ]
    assert [f["device"] for f in findings if f["state"] == "FAIL"] == ["robot", "camera"]


# Models -----------------------------------------------------------------------------------------------------


def configured(url: str | None = None, **names: str) -> Config:
    back_ends = replace(BackEnds(), **names)  # type: ignore[arg-type]
    return Config(back_ends=back_ends, perception=PerceptionOptions(remote=RemoteOptions(url=url)))


def test_without_learned_models_nothing_is_needed() -> None:
    (finding,) = models_findings(Config())
    assert (finding.state, finding.subject) == ("OK", "configured")


def test_every_learned_back_end_has_its_packages() -> None:
    assert set(PACKAGES) == {back_end for _, back_end in LEARNED}


def test_missing_weights_and_packages_fail_with_their_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", lambda name: None if name == "transformers" else object())
    found = {finding.subject: finding for finding in models_findings(configured(detector="owlvit"))}
    assert (found["torch"].state, found["transformers"].state) == ("OK", "FAIL")
    assert "pip install" in found["transformers"].detail
    assert found["detector (owlvit)"].state == "FAIL"
    assert "handover models pull owlvit" in found["detector (owlvit)"].detail


def test_a_server_is_asked_what_it_has(running: tuple[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("HANDOVER_TOKEN", TOKEN)
    found = list(models_findings(configured(running[0], detector="owlvit", vlm="local")))
    assert [(finding.subject, finding.state) for finding in found] == [("detector", "OK"), ("vlm", "OK")]
    monkeypatch.setenv("HANDOVER_TOKEN", "another")
    (refused,) = models_findings(configured(running[0], detector="owlvit"))
    assert refused.state == "FAIL"
    assert "HANDOVER_TOKEN" in refused.detail


# The vision-language model ----------------------------------------------------------------------------------


def asking(url: str, **changes: object) -> Config:
    vlm = VlmOptions(base_url=url, price_in_per_million=2.0, price_out_per_million=10.0, **changes)  # type: ignore[arg-type]
    return Config(back_ends=BackEnds(vlm="openai"), perception=PerceptionOptions(vlm=vlm))


def test_one_small_question_is_asked_and_its_cost_told() -> None:
    with OpenAiStandIn() as server:
        server.script[:] = [Words("Red.")]
        found = {finding.subject: finding for finding in vlm_findings(asking(server.url))}
        assert len(server.requests) == 1
        assert server.requests[0].pictures[0].convert("RGB").getpixel((5, 5)) == (255, 0, 0)
        assert server.requests[0].length < 5000
    assert {finding.state for finding in found.values()} == {"OK"}
    assert "'Red.' after" in found["answer"].detail
    assert "900 tokens in, 30 tokens out" in found["cost"].detail
    assert "cost 0.002100" in found["cost"].detail


def test_a_model_that_sees_nothing_is_warned_of() -> None:
    with OpenAiStandIn() as server:
        server.script[:] = [Words("I cannot see pictures.")]
        found = {finding.subject: finding for finding in vlm_findings(asking(server.url))}
    assert found["answer"].state == "WARN"
    assert "take pictures" in found["answer"].detail


def test_a_server_that_fails_is_asked_once() -> None:
    with OpenAiStandIn() as server:
        server.script[:] = [Status(500)]
        found = list(guarded("vlm", "broken off", vlm_findings(asking(server.url))))
        assert len(server.requests) == 1
    assert (found[-1].subject, found[-1].state) == ("broken off", "FAIL")


def test_the_key_is_looked_for_and_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    public = Config(back_ends=BackEnds(vlm="openai"))
    assert key_finding(public).state == "FAIL"
    assert key_finding(asking("http://127.0.0.1:8000/v1")).state == "OK"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    finding = key_finding(public)
    assert finding.state == "OK"
    assert "sk-hidden" not in finding.detail


@pytest.mark.parametrize("name", ["simulated", "none"])
def test_what_asks_nobody_says_so(name: str) -> None:
    (finding,) = vlm_findings(Config(back_ends=replace(BackEnds(), vlm=name)))  # type: ignore[arg-type]
    assert finding.state == "OK"


def test_offline_nothing_is_asked() -> None:
    found = list(vlm_findings(asking("http://127.0.0.1:9/v1", offline=True)))
    assert (found[-1].subject, found[-1].state) == ("question", "WARN")
