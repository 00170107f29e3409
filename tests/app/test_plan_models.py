"""`handover plan` with learned back ends chosen by the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import main
from tests.app.test_plan_recorded import record
from tests.perception.models.conftest import models  # noqa: F401  # a fixture
from tests.perception.scenes import hammer


def test_a_recording_is_given_to_the_configured_models(
    models: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Random networks: whatever they see, they are the ones that were asked."""
    folder, out = record(tmp_path / "hammer", hammer()), tmp_path / "out"
    words = ["plan", str(folder), "--object", "hammer", "--out", str(out)]
    words += ["--back-ends.detector", "owlvit", "--back-ends.segmenter", "sam_transformers"]
    words += ["--perception.models.owlvit.load.checkpoint", str(models / "owlvit")]
    words += ["--perception.models.sam-transformers.load.checkpoint", str(models / "sam_transformers")]
    assert main([*words, "--perception.detector.score-threshold", "1"]) == 1
    plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert plan["back_ends"]["detector"] == "OWL-ViT"
    assert plan["back_ends"]["segmenter"] == "SAM (transformers)"
    assert "best score" in plan["failure"]


def test_models_that_are_not_here_end_it_with_their_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDOVER_WEIGHTS", str(tmp_path / "empty"))
    folder = record(tmp_path / "hammer", hammer())
    words = ["plan", str(folder), "--object", "hammer", "--out", str(tmp_path / "out")]
    assert main([*words, "--back-ends.segmenter", "sam"]) == 2
    assert "handover models pull sam_vit_b" in capsys.readouterr().err
