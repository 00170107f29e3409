"""People out of a detector of many classes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hardware.types import RGBDFrame
from perception.models.errors import CheckpointRefused
from perception.models.options import PersonOptions
from perception.models.person import PersonDetector
from tests.perception.models import tiny
from tests.perception.models.conftest import load

CUP, PERSON = 0, 2


def answer(detector: PersonDetector, found: list[tuple[int, float, tuple[float, ...]]]) -> None:
    """Let the model answer with (class, score, centre and size 0..1)."""
    scores = torch.full((1, len(found), 3), 0.001)
    for i, (number, score, _) in enumerate(found):
        scores[0, i, number] = score
    boxes = torch.tensor([[box for _, _, box in found]])
    model: Any = lambda **inputs: SimpleNamespace(logits=torch.logit(scores), pred_boxes=boxes)  # noqa: E731
    detector._model = model


def test_the_real_model_finds_people_of_its_own_person_class(models: Path, picture: RGBDFrame) -> None:
    detector = PersonDetector(PersonOptions(load=load(models / "rt_detr"), min_score=0.0))
    assert detector._class == PERSON
    found = detector.find(picture.rgb)
    assert found.shape[1] == 5
    assert len(found) > 0
    assert np.all(np.diff(found[:, 4]) <= 0)
    assert np.all((found[:, :4] >= 0) & (found[:, :4] <= (640, 480, 640, 480)))


def test_cups_doubles_and_doubtful_people_are_left_out(models: Path, picture: RGBDFrame) -> None:
    detector = PersonDetector(PersonOptions(load=load(models / "rt_detr"), min_score=0.6))
    one, two = (0.25, 0.5, 0.25, 0.5), (0.7, 0.5, 0.2, 0.8)
    answer(
        detector,
        [
            (PERSON, 0.7, one),
            (PERSON, 0.9, two),
            (PERSON, 0.8, (0.7, 0.51, 0.2, 0.8)),
            (CUP, 0.95, (0.5, 0.5, 0.1, 0.1)),
            (PERSON, 0.55, (0.1, 0.1, 0.1, 0.1)),
        ],
    )
    np.testing.assert_allclose(
        detector.find(picture.rgb), [(384, 48, 512, 432, 0.9), (80, 120, 240, 360, 0.7)], atol=1e-3
    )


def test_an_empty_picture_has_no_boxes(models: Path, picture: RGBDFrame) -> None:
    detector = PersonDetector(PersonOptions(load=load(models / "rt_detr"), min_score=0.99))
    assert detector.find(picture.rgb).shape == (0, 5)


def test_a_model_without_people_is_refused_with_what_it_knows(tmp_path: Path) -> None:
    tiny.save_rt_detr(tmp_path / "cups", {0: "cup", 1: "dog"})
    with pytest.raises(CheckpointRefused, match=r"no class called 'person' \(but cup, dog"):
        PersonDetector(PersonOptions(load=load(tmp_path / "cups")))
