"""The FastPose network of AlphaPose (arXiv 2211.03375) for inference, compatible with its published weights.

A ResNet whose stages begin with a squeeze-and-excitation block, then three pixel shuffles, the last two
behind a convolution, then one heat map per joint. The names of the modules are those of the published state
dicts; depth, width of the last layer and number of joints are read from one. Variants with deformable
convolutions or another trunk are refused with what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

INPUT_PX = (256, 192)
"""Height and width of the picture of one person."""
STRIDE = 4
"""Pixels of the input per cell of a heat map."""
EXPANSION = 4


@dataclass(frozen=True)
class FastPoseShape:
    """Blocks in each of the four stages, channels before the last layer, joints."""

    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)
    last_channels: int = 128
    joints: int = 17


def shape_of(tensors: Mapping[str, Any]) -> FastPoseShape:
    """What a state dict says. Raises KeyError or ValueError when it is no FastPose network."""
    joints, last_channels, *_ = tensors["conv_out.weight"].shape
    counts = []
    for stage in range(1, 5):
        prefix = f"preact.layer{stage}."
        counts.append(len({name[len(prefix) :].split(".")[0] for name in tensors if name.startswith(prefix)}))
    if 0 in counts:
        raise ValueError("a stage of the ResNet is missing")
    return FastPoseShape((counts[0], counts[1], counts[2], counts[3]), int(last_channels), int(joints))


class FastPose(nn.Module):
    """Pictures (N, 3, 256, 192) of one person each to heat maps (N, joints, 64, 48)."""

    def __init__(self, shape: FastPoseShape | None = None) -> None:
        super().__init__()
        shape = shape or FastPoseShape()
        self.preact = _Trunk(shape.blocks)
        self.suffle1 = nn.PixelShuffle(2)  # the published spelling
        self.duc1 = _Upsampling(512, 1024)
        self.duc2 = _Upsampling(256, 4 * shape.last_channels)
        self.conv_out = nn.Conv2d(shape.last_channels, shape.joints, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.conv_out(self.duc2(self.duc1(self.suffle1(self.preact(pictures)))))


class _Trunk(nn.Module):
    """A ResNet without its head: stride 32, 2048 channels."""

    def __init__(self, blocks: Sequence[int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = 64
        for stage, count in enumerate(blocks):
            width, stride = 64 * 2**stage, 1 if stage == 0 else 2
            first = _Bottleneck(channels, width, stride, first=True)
            channels = width * EXPANSION
            rest = [_Bottleneck(channels, width, 1, first=False) for _ in range(count - 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(first, *rest))

    def forward(self, pictures: Tensor) -> Tensor:
        features = self.maxpool(self.bn1(self.conv1(pictures)).relu())
        for stage in range(1, 5):
            features = getattr(self, f"layer{stage}")(features)
        return features


class _Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride), 1x1 convolution beside a shortcut; the first of a stage weighs channels."""

    def __init__(self, channels: int, width: int, stride: int, *, first: bool) -> None:
        super().__init__()
        out = width * EXPANSION
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.se: nn.Module = _ChannelWeights(out) if first else nn.Identity()
        self.downsample: nn.Module = nn.Identity()
        if first:
            shortcut = nn.Conv2d(channels, out, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(out))

    def forward(self, features: Tensor) -> Tensor:
        inner = self.bn1(self.conv1(features)).relu()
        inner = self.bn2(self.conv2(inner)).relu()
        inner = self.se(self.bn3(self.conv3(inner)))
        return (inner + self.downsample(features)).relu()


class _ChannelWeights(nn.Module):
    """Squeeze and excitation (arXiv 1709.01507) without a narrower middle."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels), nn.ReLU(), nn.Linear(channels, channels), nn.Sigmoid()
        )

    def forward(self, features: Tensor) -> Tensor:
        return features * self.fc(features.mean(dim=(2, 3)))[:, :, None, None]


class _Upsampling(nn.Module):
    """Dense upsampling: a convolution whose channels become pixels, twice the size each way."""

    def __init__(self, channels: int, planes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, planes, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(planes)
        self.pixel_shuffle = nn.PixelShuffle(2)

    def forward(self, features: Tensor) -> Tensor:
        return self.pixel_shuffle(self.bn(self.conv(features)).relu())


def peaks(heatmaps: Tensor) -> Tensor:
    """Column, row and score (N, K, 3) of each map's peak (N, K, H, W), moved a quarter cell to the higher
    side; the reading of networks trained on heat maps.
    """
    height, width = heatmaps.shape[2:]
    score, index = heatmaps.flatten(2).max(dim=2)
    column, row = index % width, index // width
    padded = nn.functional.pad(heatmaps, (1, 1, 1, 1), mode="replicate").flatten(2)
    here = (row + 1) * (width + 2) + column + 1

    def at(offset: int) -> Tensor:
        return padded.gather(2, (here + offset)[..., None])[..., 0]

    inner = (column > 1) & (column < width - 1) & (row > 1) & (row < height - 1)
    right = torch.sign(at(1) - at(-1)) * 0.25 * inner
    down = torch.sign(at(width + 2) - at(-width - 2)) * 0.25 * inner
    return torch.stack([column + right, row + down, score], dim=2)


def means(heatmaps: Tensor) -> Tensor:
    """Column, row and score (N, K, 3) of each map's centre of mass after a sigmoid (N, K, H, W); the reading
    of networks trained on places.
    """
    mass = heatmaps.sigmoid()
    score = mass.flatten(2).amax(dim=2)
    mass = mass / mass.sum(dim=(2, 3), keepdim=True)
    columns = torch.arange(mass.shape[3], device=mass.device, dtype=mass.dtype)
    rows = torch.arange(mass.shape[2], device=mass.device, dtype=mass.dtype)
    return torch.stack([(mass.sum(2) * columns).sum(2), (mass.sum(3) * rows).sum(2), score], dim=2)
