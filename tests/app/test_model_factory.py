"""The configuration chooses learned back ends, and what is missing ends in one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.factory import DETECTORS, HUMANS, SEGMENTERS, build
from app.options import BackEnds, Config
from perception.errors import PerceptionError
from perception.models.options import (
    AlphaPoseOptions,
    LoadOptions,
    ModelOptions,
    OwlVitOptions,
    PersonOptions,
    SamOptions,
    SamTransformersOptions,
    VitPoseOptions,
)
from perception.options import PerceptionOptions
from perception.types import HandoverRequest
from perception.weights.options import WeightsOptions
from tests.perception.models.conftest import models  # noqa: F401  # a fixture


def where(path: Path) -> LoadOptions:
    return LoadOptions(checkpoint=str(path), device="cpu")


def config(folder: Path, **names: str) -> Config:
    found = ModelOptions(
        owlvit=OwlVitOptions(load=where(folder / "owlvit")),
        sam=SamOptions(load=where(folder / "sam.pth")),
        sam_transformers=SamTransformersOptions(load=where(folder / "sam_transformers")),
        person=PersonOptions(load=where(folder / "rt_detr")),
        vitpose=VitPoseOptions(load=where(folder / "vitpose")),
        alphapose=AlphaPoseOptions(load=where(folder / "fastpose.pth")),
    )
    back_ends = replace(BackEnds(), **names)  # type: ignore[arg-type]
    return Config(back_ends=back_ends, perception=PerceptionOptions(models=found))


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (
            {"detector": "owlvit", "segmenter": "sam", "human": "vitpose"},
            {"detector": "OWL-ViT", "segmenter": "SAM ViT of width 32", "human": "ViTPose on rt_detr"},
        ),
        (
            {"segmenter": "sam_transformers", "human": "alphapose"},
            {"segmenter": "SAM (transformers)", "human": "AlphaPose FastPose Halpe-26 on rt_detr"},
        ),
    ],
)
def test_a_run_is_built_with_the_models_and_names_them(
    models: Path,  # noqa: F811
    names: dict[str, str],
    called: dict[str, str],
) -> None:
    assembly = build(config(models, **names), HandoverRequest("hammer"), 0)
    assert {step: assembly.back_ends[step] for step in called} == called


@pytest.mark.parametrize(
    ("table", "name", "entry"),
    [
        (DETECTORS, "owlvit", "owlvit"),
        (SEGMENTERS, "sam", "sam_vit_b"),
        (SEGMENTERS, "sam_transformers", "sam_transformers"),
        (HUMANS, "vitpose", "person_detector"),
        (HUMANS, "alphapose", "person_detector"),
    ],
)
def test_weights_that_are_not_there_name_the_command(
    tmp_path: Path, table: dict[str, object], name: str, entry: str
) -> None:
    assert name in table
    step = {id(DETECTORS): "detector", id(SEGMENTERS): "segmenter", id(HUMANS): "human"}[id(table)]
    empty = PerceptionOptions(weights=WeightsOptions(dir=str(tmp_path)))
    back_ends = replace(BackEnds(), **{step: name})  # type: ignore[arg-type]
    with pytest.raises(PerceptionError, match=f"handover models pull {entry}"):
        build(Config(back_ends=back_ends, perception=empty), HandoverRequest("hammer"), 0)
