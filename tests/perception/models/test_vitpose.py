"""ViTPose: boxes in COCO's format, joints at their index, places back in the picture."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hardware.types import RGBDFrame
from perception.models.errors import CheckpointRefused
from perception.models.options import VitPoseOptions
from perception.models.vitpose import VitPose
from perception.types import Keypoint
from tests.perception.models import tiny
from tests.perception.models.conftest import load
from tests.perception.models.pictures import SpotNetwork, spot

BOXES = np.array([(100.0, 50.0, 300.0, 450.0), (320.0, 60.0, 620.0, 260.0)])


@pytest.fixture
def pose(models: Path) -> VitPose:
    return VitPose(VitPoseOptions(load=load(models / "vitpose")))


@pytest.mark.parametrize(("name", "called"), [("vitpose", "ViTPose"), ("vitpose_plus", "ViTPose+")])
def test_the_real_models_give_seventeen_points_a_person(
    models: Path, picture: RGBDFrame, name: str, called: str
) -> None:
    pose = VitPose(VitPoseOptions(load=load(models / name)))
    assert pose.name == called
    points = pose.keypoints(picture.rgb, BOXES)
    assert points.shape == (2, 17, 3)
    assert np.all((points[..., 2] >= 0) & (points[..., 2] <= 1))


@pytest.mark.parametrize(("box", "u", "v"), [(0, 180.0, 130.0), (0, 260.0, 400.0), (1, 400.0, 200.0)])
def test_a_joint_is_found_where_it_is_in_the_picture(pose: VitPose, box: int, u: float, v: float) -> None:
    network: Any = SpotNetwork(aligned=True)
    pose._model = network
    points = pose.keypoints(spot(u, v), BOXES[[box]])
    np.testing.assert_allclose(points[0, :, :2], np.tile((u, v), (17, 1)), atol=1.0)
    assert np.all(points[0, :, 2] > 0.8)


def test_each_joint_keeps_its_index(pose: VitPose, picture: RGBDFrame) -> None:
    heat = torch.full((1, 17, 64, 48), 0.01)
    for joint in range(17):
        heat[0, joint, 3 * joint + 5, 20] = 1.0 if joint != Keypoint.LEFT_WRIST else 0.02
    model: Any = lambda **inputs: SimpleNamespace(heatmaps=heat)  # noqa: E731
    pose._model = model
    points = pose.keypoints(picture.rgb, BOXES[:1])[0]
    assert np.all(np.diff(points[:, 1]) > 0)  # lower and lower, the doubtful wrist among them
    assert points[Keypoint.LEFT_WRIST, 2] == pytest.approx(0.02)


def test_both_people_go_through_in_one_pass(pose: VitPose, picture: RGBDFrame) -> None:
    passes: list[tuple[int, ...]] = []
    pose._model.register_forward_pre_hook(
        lambda module, inputs, more: passes.append(tuple(more["pixel_values"].shape)), with_kwargs=True
    )
    pose.keypoints(picture.rgb, BOXES)
    assert passes == [(2, 3, 256, 192)]


def test_a_model_of_fewer_joints_is_refused(tmp_path: Path) -> None:
    tiny.save_vitpose(tmp_path / "hands", joints=14)
    with pytest.raises(CheckpointRefused, match="14 joints, COCO's 17"):
        VitPose(VitPoseOptions(load=load(tmp_path / "hands")))
