"""Tiny models saved once per session, pictures, and no hub."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pytest
import torch

from hardware.types import RGBDFrame
from perception.models.options import LoadOptions
from tests.perception.models import tiny
from tests.perception.models.pictures import frame_of


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny model of each kind."""
    torch.set_num_threads(1)  # more only get in each other's way at this size
    folder = tmp_path_factory.mktemp("models")
    tiny.save_owl(folder / "owlvit", "owlvit")
    tiny.save_owl(folder / "owlv2", "owlv2")
    tiny.save_sam_file(folder / "sam.pth")
    tiny.save_sam_folder(folder / "sam_transformers")
    tiny.save_rt_detr(folder / "rt_detr", {0: "cup", 1: "dog", 2: "person"})
    tiny.save_vitpose(folder / "vitpose")
    tiny.save_vitpose(folder / "vitpose_plus", experts=3)
    tiny.save_fastpose(folder / "fastpose.pth", joints=26)
    return folder


@pytest.fixture
def picture() -> RGBDFrame:
    """A frame of noise, 640 x 480."""
    return frame_of(np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8))


def load(path: Path, **options: str) -> LoadOptions:
    """Options for a checkpoint on the CPU."""
    return LoadOptions(checkpoint=str(path), device="cpu", **options)  # type: ignore[arg-type]
