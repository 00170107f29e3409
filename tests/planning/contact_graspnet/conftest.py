"""One network with weights that leave no layer idle, and clouds to look at."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from app.bench import graspnet_reference as published
from planning.contact_graspnet import ContactGraspNet


def noise(points: int, seed: int = 0, clouds: int = 1) -> Tensor:
    """Clouds (B, N, 3) in a box of 0.3 x 0.3 x 0.15 m around the origin."""
    unit = torch.rand(clouds, points, 3, generator=torch.Generator().manual_seed(seed))
    return (unit - 0.5) * torch.tensor([0.3, 0.3, 0.15])


def lively(network: ContactGraspNet, points: Tensor) -> ContactGraspNet:
    """Random weights, and the statistics that the points have with them: every layer then makes a difference,
    as in a trained network, and BatchNorm does something that could be got wrong.
    """
    generator, norms = torch.Generator().manual_seed(0), []
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d):
            module.weight.normal_(0.0, module.in_channels**-0.5, generator=generator)
            module.weight -= module.weight.mean(1, keepdim=True)
            module.bias.normal_(0.0, 0.1, generator=generator)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.weight.uniform_(0.5, 1.5, generator=generator)
            module.bias.normal_(0.0, 0.1, generator=generator)
            module.training, module.momentum = True, 1.0
            norms.append(module)
    published.predict(network, points, network.sample(points, 0))
    for norm in norms:
        norm.training = False
    return network


@pytest.fixture(scope="session")
def network() -> ContactGraspNet:
    return lively(ContactGraspNet(), noise(600))
