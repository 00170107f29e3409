"""On a GPU: half precision is chosen, and it answers as the CPU does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardware.types import RGBDFrame
from perception.models.alphapose import AlphaPose
from perception.models.options import (
    AlphaPoseOptions,
    LoadOptions,
    OwlVitOptions,
    PersonOptions,
    SamOptions,
    SamTransformersOptions,
    VitPoseOptions,
)
from perception.models.owlvit import OwlVitDetector
from perception.models.person import PersonDetector
from perception.models.sam import SamSegmenter, SamTransformersSegmenter
from perception.models.vitpose import VitPose
from tests.perception.models.conftest import load
from tests.perception.models.pictures import spot

pytestmark = pytest.mark.gpu
BOX = (200.0, 100.0, 440.0, 380.0)


def on_gpu(path: Path) -> LoadOptions:
    return LoadOptions(checkpoint=str(path), device="cuda")


@pytest.mark.parametrize("family", ["owlvit", "owlv2"])
def test_boxes_agree(models: Path, picture: RGBDFrame, family: str) -> None:
    there = OwlVitDetector(OwlVitOptions(load=on_gpu(models / family)))
    assert str(there.placement) == "cuda float16"
    here = OwlVitDetector(OwlVitOptions(load=load(models / family)))
    queries = ["a hammer", "a photo of a hammer"]
    assert np.abs(there.boxes(picture.rgb, queries)[0] - here.boxes(picture.rgb, queries)[0]).max() < 4.0


def test_masks_agree(models: Path, picture: RGBDFrame) -> None:
    file, folder = models / "sam.pth", models / "sam_transformers"
    pairs = (
        (SamSegmenter(SamOptions(load=on_gpu(file))), SamSegmenter(SamOptions(load=load(file)))),
        (
            SamTransformersSegmenter(SamTransformersOptions(load=on_gpu(folder))),
            SamTransformersSegmenter(SamTransformersOptions(load=load(folder))),
        ),
    )
    for there, here in pairs:
        assert np.mean(there.masks(picture.rgb, BOX)[0] ^ here.masks(picture.rgb, BOX)[0]) < 0.1


def test_people_are_found(models: Path, picture: RGBDFrame) -> None:
    there = PersonDetector(PersonOptions(load=on_gpu(models / "rt_detr"), min_score=0.0))
    assert there.find(picture.rgb).shape[1] == 5


def test_joints_have_scores_and_places(models: Path) -> None:
    boxes = np.array([(100.0, 50.0, 300.0, 450.0)])
    for pose in (
        VitPose(VitPoseOptions(load=on_gpu(models / "vitpose"))),
        VitPose(VitPoseOptions(load=on_gpu(models / "vitpose_plus"))),
        AlphaPose(AlphaPoseOptions(load=on_gpu(models / "fastpose.pth"))),
    ):
        points = pose.keypoints(spot(180.0, 130.0), boxes)
        assert points.shape == (1, 17, 3)
        assert np.isfinite(points).all()
