"""The open-vocabulary detector on real classes with random weights, and on outputs set by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hardware.types import RGBDFrame
from perception.errors import NotFound
from perception.models.options import OwlVitOptions
from perception.models.owlvit import OwlVitDetector, PhrasingUnusable, phrased
from perception.options import DetectorOptions
from perception.protocols import ObjectDetector
from tests.perception.models.conftest import load


def detector(models: Path, family: str, threshold: float = 0.15, **options: Any) -> OwlVitDetector:
    found = OwlVitOptions(load=load(models / family), **options)
    return OwlVitDetector(found, DetectorOptions(score_threshold=threshold))


def answer(detector: OwlVitDetector, boxes: list[Any], scores: list[Any]) -> list[dict[str, Any]]:
    """Let the model answer with boxes (centre, size; 0..1) and their scores per query; returns its calls."""
    calls: list[dict[str, Any]] = []

    def model(**inputs: Any) -> Any:
        calls.append(inputs)
        return SimpleNamespace(
            logits=torch.logit(torch.tensor([scores], dtype=torch.float32)),
            pred_boxes=torch.tensor([boxes], dtype=torch.float32),
        )

    detector._model = model
    return calls


@pytest.mark.parametrize("family", ["owlvit", "owlv2"])
def test_the_real_model_proposes_boxes_inside_the_picture(
    models: Path, picture: RGBDFrame, family: str
) -> None:
    found = detector(models, family)
    assert isinstance(found, ObjectDetector)
    boxes, scores = found.boxes(picture.rgb, ["a hammer", "a photo of a hammer"])
    assert len(boxes) == len(scores) > 0
    assert np.all((boxes >= 0) & (boxes <= (640, 480, 640, 480)))
    assert np.all((scores >= 0) & (scores <= 1))
    assert found.name == {"owlvit": "OWL-ViT", "owlv2": "OWLv2"}[family]


def test_what_is_asked_for_changes_the_scores_and_not_the_boxes(models: Path, picture: RGBDFrame) -> None:
    found = detector(models, "owlvit")
    boxes, scores = found.boxes(picture.rgb, ["a hammer"])
    same_boxes, others = found.boxes(picture.rgb, ["scissors"])
    np.testing.assert_allclose(boxes, same_boxes)
    assert np.abs(scores - others).max() > 1e-3


def test_a_long_name_is_cut_to_what_the_text_encoder_takes(models: Path, picture: RGBDFrame) -> None:
    boxes, _ = detector(models, "owlvit").boxes(picture.rgb, ["a photo of a very long name that goes on"])
    assert len(boxes) > 0


@pytest.mark.parametrize(("family", "high"), [("owlvit", 480.0), ("owlv2", 640.0)])
def test_boxes_come_out_in_pixels_of_the_frame(
    models: Path, picture: RGBDFrame, family: str, high: float
) -> None:
    """OWLv2 measures on the picture padded to a square, OWL-ViT on the squeezed one."""
    found = detector(models, family)
    centre, size = (0.5, 180.0 / high), (0.25, 120.0 / high)
    answer(found, [(*centre, *size)], [[0.6, 0.3, 0.2]])
    box = found.detect(picture, "hammer").box
    assert box == pytest.approx((240.0, 120.0, 400.0, 240.0), abs=1e-3)


def test_all_phrasings_go_through_in_one_pass_and_the_best_one_counts(
    models: Path, picture: RGBDFrame
) -> None:
    found = detector(models, "owlvit", phrasings=("a {}", "a photo of a {}"))
    calls = answer(found, [(0.3, 0.3, 0.2, 0.2), (0.7, 0.7, 0.2, 0.2)], [[0.5, 0.1], [0.2, 0.7]])
    detection = found.detect(picture, "claw hammer")
    assert len(calls) == 1
    assert calls[0]["input_ids"].shape[0] == 2
    assert detection.score == pytest.approx(0.7)
    assert detection.box[0] == pytest.approx(0.6 * 640)
    assert detection.mask is None


def test_raw_scores_below_the_threshold_are_no_object(models: Path, picture: RGBDFrame) -> None:
    found = detector(models, "owlvit", threshold=0.15)
    answer(found, [(0.3, 0.3, 0.2, 0.2), (0.7, 0.7, 0.2, 0.2)], [[0.14], [0.02]])
    with pytest.raises(NotFound, match=r"best score 0\.14, 0\.15 is needed") as caught:
        found.detect(picture, "hammer")
    assert caught.value.best_score == pytest.approx(0.14)


def test_another_box_nearly_as_good_is_named_and_the_same_one_twice_is_not(
    models: Path, picture: RGBDFrame
) -> None:
    found = detector(models, "owlvit", runner_up_margin=0.05)
    here, beside, there = (0.3, 0.3, 0.2, 0.2), (0.31, 0.3, 0.2, 0.2), (0.7, 0.7, 0.2, 0.2)
    answer(found, [here, beside, there], [[0.60], [0.59], [0.57]])
    assert found.detect(picture, "hammer").runner_up.startswith("another one scores 0.57 against 0.60")
    answer(found, [here, beside, there], [[0.60], [0.59], [0.50]])
    assert found.detect(picture, "hammer").runner_up == ""


def test_a_phrasing_without_a_place_for_the_object_is_refused(models: Path) -> None:
    for phrasings in ((), ("a hammer",)):
        with pytest.raises(PhrasingUnusable, match="phrasings"):
            detector(models, "owlvit", phrasings=phrasings)
    assert phrased("Claw_Hammer ", ("a {}",)) == ["a claw hammer"]


def test_half_precision_finds_nearly_the_same_boxes(models: Path, picture: RGBDFrame) -> None:
    options = OwlVitOptions(load=load(models / "owlvit", precision="bfloat16"))
    narrow = OwlVitDetector(options)
    assert next(narrow._model.parameters()).dtype is torch.bfloat16
    boxes, _ = narrow.boxes(picture.rgb, ["a hammer"])
    wide, _ = detector(models, "owlvit").boxes(picture.rgb, ["a hammer"])
    assert np.abs(boxes - wide).max() < 8.0
