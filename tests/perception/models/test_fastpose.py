"""FastPose: the names and shapes of the published weights, and both ways to read heat maps."""

import numpy as np
import pytest
import torch

from perception.models.fastpose import FastPose, FastPoseShape, means, peaks, shape_of


def test_resnet_50_has_the_published_names() -> None:
    with torch.device("meta"):
        tensors = FastPose().state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    # The trunk's own 318 entries without its head, 4 x 4 of the channel weights, 2 x 6 and 2 of the head.
    assert len(shapes) == 318 + 16 + 12 + 2
    assert shapes["preact.conv1.weight"] == (64, 3, 7, 7)
    assert shapes["preact.layer1.0.se.fc.0.weight"] == (256, 256)
    assert shapes["preact.layer4.0.se.fc.2.bias"] == (2048,)
    assert shapes["preact.layer4.0.downsample.1.running_var"] == (2048,)
    assert shapes["preact.layer3.5.conv2.weight"] == (256, 256, 3, 3)
    assert shapes["duc1.conv.weight"] == (1024, 512, 3, 3)
    assert shapes["duc2.bn.num_batches_tracked"] == ()
    assert shapes["duc2.conv.weight"] == (512, 256, 3, 3)
    assert shapes["conv_out.weight"] == (17, 128, 3, 3)
    assert not [name for name in shapes if ".1.se." in name or ".1.downsample." in name]


@pytest.mark.parametrize(
    "shape", [FastPoseShape(), FastPoseShape((3, 8, 36, 3), 128, 26), FastPoseShape((3, 4, 6, 3), 256, 136)]
)
def test_a_state_dict_says_what_it_is(shape: FastPoseShape) -> None:
    with torch.device("meta"):
        assert shape_of(FastPose(shape).state_dict()) == shape


def test_a_picture_becomes_heat_maps_of_a_quarter_of_its_size() -> None:
    network = FastPose(FastPoseShape((1, 1, 1, 1), 128, 5)).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 256, 192)).shape == (1, 5, 64, 48)


def test_a_peak_moves_a_quarter_cell_to_its_higher_side() -> None:
    heat = torch.zeros(1, 2, 64, 48)
    heat[0, 0, 30, 20], heat[0, 0, 30, 21], heat[0, 0, 29, 20] = 0.9, 0.4, 0.3
    heat[0, 1, 0, 47], heat[0, 1, 1, 47] = 0.7, 0.5
    np.testing.assert_allclose(peaks(heat)[0].numpy(), [(20.25, 29.75, 0.9), (47.0, 0.0, 0.7)], atol=1e-6)


def test_a_mean_lies_between_cells() -> None:
    heat = torch.full((1, 1, 64, 48), -40.0)
    heat[0, 0, 10, 20] = heat[0, 0, 11, 20] = 4.0
    column, row, score = means(heat)[0, 0].tolist()
    assert (column, row) == pytest.approx((20.0, 10.5), abs=1e-4)
    assert score == pytest.approx(1.0 / (1.0 + np.exp(-4.0)), abs=1e-5)
