"""The models' benchmark measures each model it can, and says why it cannot another."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bench.models import STAGES, ModelTiming, print_model_timing, time_model, time_models
from app.bench.timing import Timing
from app.cli import main
from hardware.errors import UnknownName
from perception.models import random_weights
from perception.models.options import AlphaPoseOptions, ModelOptions
from perception.models.random_weights import RandomModel
from perception.options import PerceptionOptions
from perception.weights.options import WeightsOptions
from tests.app.test_model_factory import config, where
from tests.perception.models import tiny
from tests.perception.models.conftest import models  # noqa: F401  # a fixture


@pytest.mark.parametrize("model", STAGES)
def test_every_model_is_measured_with_the_weights_configured(models: Path, model: str) -> None:  # noqa: F811
    timing = time_model(config(models).perception, model, 1, random=False)
    assert timing.fault == ""
    assert timing.placement == "cpu float32"
    assert timing.stages
    assert all(stage.median_s > 0.0 for stage in timing.stages)
    assert timing.peak_mb > 100.0


def test_random_weights_are_built_saved_and_loaded_like_real_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real size of one; of the others' only the way."""
    none = PerceptionOptions(weights=WeightsOptions(dir=str(tmp_path)))
    timing = time_model(none, "alphapose", 1, random=True)
    assert (timing.fault, timing.name) == ("", "AlphaPose FastPose Halpe-26")
    savers = {
        "owlvit": lambda path: tiny.save_owl(path, "owlvit"),
        "sam": tiny.save_sam_file,
        "person": lambda path: tiny.save_rt_detr(path, {0: "person"}),
    }
    small = {name: RandomModel("tiny", save) for name, save in savers.items()}
    monkeypatch.setattr(random_weights, "MODELS", small)
    for model in savers:
        assert time_model(none, model, 1, random=True).fault == ""
    assert list(tmp_path.iterdir()) == []


def test_each_section_has_random_weights_and_stages() -> None:
    sections = set(ModelOptions.__dataclass_fields__)
    assert set(random_weights.MODELS) == set(STAGES)
    assert set(STAGES) <= sections


def test_models_without_weights_are_told_apart_and_end_in_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDOVER_WEIGHTS", str(tmp_path))
    assert main(["bench", "models", "--models", "vitpose"]) == 2
    assert "handover models pull vitpose" in capsys.readouterr().out


def test_a_process_of_its_own_measures_a_model(models: Path) -> None:  # noqa: F811
    options = PerceptionOptions(
        models=ModelOptions(alphapose=AlphaPoseOptions(load=where(models / "fastpose.pth")))
    )
    (timing,) = time_models(options, ["alphapose"], 1, random=False)
    assert timing.name == "AlphaPose FastPose Halpe-26"
    with pytest.raises(UnknownName, match="owlvit"):
        list(time_models(options, ["owl"], 1, random=False))


def test_a_gpus_memory_is_shown_only_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    stage = Timing("boxes", 0.012, 0.015, 0.02, None)
    print_model_timing(ModelTiming("owlvit", "OWL-ViT", "cpu float32", 1.0, (stage,), 500.0))
    assert "GPU" not in (text := capsys.readouterr().out)
    assert "12" in text
    print_model_timing(ModelTiming("owlvit", "OWL-ViT", "cuda float16", 1.0, (stage,), 500.0, 321.0))
    assert "321 MB of the GPU's" in capsys.readouterr().out
