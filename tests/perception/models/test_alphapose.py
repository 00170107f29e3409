"""AlphaPose's weights: what is cut out, where joints land, which points are COCO's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hardware.types import RGBDFrame
from perception.models import fastpose
from perception.models.alphapose import AlphaPose
from perception.models.errors import CheckpointRefused
from perception.models.options import AlphaPoseOptions
from perception.models.pose import coco17
from tests.perception.models.conftest import load
from tests.perception.models.pictures import SpotNetwork, spot

BOXES = np.array([(100.0, 50.0, 300.0, 450.0), (320.0, 60.0, 620.0, 260.0)])


@pytest.fixture
def pose(models: Path) -> AlphaPose:
    return AlphaPose(AlphaPoseOptions(load=load(models / "fastpose.pth")))


def test_halpe_points_become_coco_points(pose: AlphaPose, picture: RGBDFrame) -> None:
    assert pose.name == "AlphaPose FastPose Halpe-26"
    assert pose.keypoints(picture.rgb, BOXES).shape == (2, 17, 3)
    halpe = np.arange(26 * 3, dtype=float).reshape(1, 26, 3)
    assert np.array_equal(coco17(halpe)[..., :2], halpe[:, :17, :2])
    assert coco17(halpe)[..., 2].max() == 1.0


def test_the_window_has_the_networks_proportions_and_a_margin(pose: AlphaPose) -> None:
    windows = pose.windows(BOXES)
    size = windows[:, 2:] - windows[:, :2]
    np.testing.assert_allclose(size, [(375.0, 500.0), (375.0, 500.0)])
    np.testing.assert_allclose((windows[:, :2] + windows[:, 2:]) / 2, [(200.0, 250.0), (470.0, 160.0)])


@pytest.mark.parametrize(("box", "u", "v"), [(0, 180.0, 130.0), (0, 260.0, 400.0), (1, 400.0, 200.0)])
def test_a_joint_is_found_where_it_is_in_the_picture(pose: AlphaPose, box: int, u: float, v: float) -> None:
    network: Any = SpotNetwork(26, aligned=False)
    pose._network = network
    points = pose.keypoints(spot(u, v), BOXES[[box]])[0]
    np.testing.assert_allclose(points[:, :2], np.tile((u, v), (17, 1)), atol=4.0)  # half a cell: 375 / 48 / 2


def test_colours_are_shifted_as_in_training(pose: AlphaPose) -> None:
    seen: list[torch.Tensor] = []
    network: Any = SpotNetwork(26, aligned=False)
    pose._network = lambda pixels: seen.append(pixels) or network(pixels)  # type: ignore[func-returns-value]
    pose.keypoints(np.full((480, 640, 3), (255, 51, 0), dtype=np.uint8), np.array([(200.0, 100, 300, 300)]))
    np.testing.assert_allclose(seen[0][0, :, 128, 96], (1.0 - 0.406, 0.2 - 0.457, -0.480), atol=1e-5)


def test_how_heat_maps_are_read_follows_the_last_layer_or_the_option(models: Path, tmp_path: Path) -> None:
    file = models / "fastpose.pth"
    assert AlphaPose(AlphaPoseOptions(load=load(file)))._read is fastpose.peaks
    assert AlphaPose(AlphaPoseOptions(load=load(file), decoding="integral"))._read is fastpose.means
    tensors = torch.load(file, weights_only=True)
    tensors["duc2.conv.weight"] = torch.zeros(1024, 256, 3, 3)
    for name in ("weight", "bias", "running_mean", "running_var"):
        tensors[f"duc2.bn.{name}"] = torch.ones(1024)
    tensors["conv_out.weight"] = torch.zeros(26, 256, 3, 3)
    torch.save({f"module.{name}": tensor for name, tensor in tensors.items()}, tmp_path / "wide.pth")
    assert AlphaPose(AlphaPoseOptions(load=load(tmp_path / "wide.pth")))._read is fastpose.means


def test_other_networks_are_refused_with_what_differs(models: Path, tmp_path: Path) -> None:
    tensors = torch.load(models / "fastpose.pth", weights_only=True)
    tensors["preact.layer2.0.conv2_offset.weight"] = torch.zeros(27, 128, 3, 3)
    torch.save(tensors, tmp_path / "dcn.pth")
    with pytest.raises(CheckpointRefused, match=r"1 tensors are unknown \(preact\.layer2\.0\.conv2_offset"):
        AlphaPose(AlphaPoseOptions(load=load(tmp_path / "dcn.pth")))
    with pytest.raises(CheckpointRefused, match="no FastPose network"):
        AlphaPose(AlphaPoseOptions(load=load(models / "sam.pth")))
