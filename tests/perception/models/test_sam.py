"""Segment Anything from both formats: built from the file's shapes, one look a picture, no torchvision."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hardware.types import RGBDFrame
from perception.errors import SegmentationFailed
from perception.models.errors import CheckpointRefused
from perception.models.options import SamOptions, SamTransformersOptions
from perception.models.sam import SamSegmenter, SamTransformersSegmenter
from perception.models.sam_network import VIT_B, build_network, shape_of, torchvision_stand_in
from perception.options import DetectorOptions
from perception.protocols import Segmenter
from perception.types import Detection
from tests.perception.models import tiny
from tests.perception.models.conftest import load
from tests.perception.models.pictures import frame_of

BOX = (200.0, 100.0, 440.0, 380.0)
FORMATS = ("sam.pth", "sam_transformers")


def segmenter(models: Path, name: str, least_px: int = 1, precision: str = "float32") -> Any:
    limits, where = DetectorOptions(min_mask_px=least_px), load(models / name, precision=precision)
    if name.endswith(".pth"):
        return SamSegmenter(SamOptions(load=where), limits)
    return SamTransformersSegmenter(SamTransformersOptions(load=where), limits)


def looks(found: Any) -> list[Any]:
    """What the picture encoder is asked from now on."""
    asked: list[Any] = []
    network = (
        found._predictor.model.image_encoder if hasattr(found, "_predictor") else found._model.vision_encoder
    )
    network.register_forward_pre_hook(lambda module, inputs: asked.append(inputs))
    return asked


@pytest.mark.parametrize("size", ["vit_b", "vit_l", "vit_h"])
def test_the_published_networks_are_recognised_by_their_shapes_and_built_name_by_name(size: str) -> None:
    with torchvision_stand_in():
        from segment_anything import sam_model_registry
    with torch.device("meta"):
        published = sam_model_registry[size]().state_dict()
        shape = shape_of(published)
        ours = build_network(shape).state_dict()
    assert shape.name == size
    assert (shape == VIT_B) == (size == "vit_b")
    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: tensor.shape for name, tensor in published.items()
    }


def test_the_numbers_that_shapes_show_come_back_from_a_file(models: Path) -> None:
    assert shape_of(torch.load(models / "sam.pth", weights_only=True)) == tiny.SAM


@pytest.mark.parametrize("name", FORMATS)
def test_three_masks_of_the_frame_come_with_their_quality(
    models: Path, picture: RGBDFrame, name: str
) -> None:
    found = segmenter(models, name)
    assert isinstance(found, Segmenter)
    masks, quality = found.masks(picture.rgb, BOX)
    assert masks.shape == (3, 480, 640)
    assert masks.dtype == np.bool_
    assert quality.shape == (3,)


@pytest.mark.parametrize("name", FORMATS)
def test_the_mask_lies_in_the_box(models: Path, picture: RGBDFrame, name: str) -> None:
    found = segmenter(models, name).segment(picture, Detection("hammer", 0.5, BOX, None, "test"))
    assert found.mask is not None
    rows, columns = np.nonzero(found.mask)
    assert columns.min() >= 198
    assert columns.max() < 442
    assert rows.min() >= 98
    assert rows.max() < 382
    assert found.source.startswith("test, SAM")


@pytest.mark.parametrize("name", FORMATS)
def test_a_picture_is_looked_at_once_whatever_is_asked_about_it(
    models: Path, picture: RGBDFrame, name: str
) -> None:
    found = segmenter(models, name)
    asked = looks(found)
    first, _ = found.masks(picture.rgb, BOX)
    other, _ = found.masks(picture.rgb, (10.0, 10.0, 200.0, 200.0))
    assert len(asked) == 1
    assert not np.array_equal(first, other)
    # Another picture with the same number and stamp, then the first one again.
    negative = frame_of(255 - picture.rgb)
    found.masks(negative.rgb, BOX)
    again, _ = found.masks(picture.rgb.copy(), BOX)
    assert len(asked) == 3
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", FORMATS)
def test_too_small_a_mask_is_a_failure_with_its_size(models: Path, picture: RGBDFrame, name: str) -> None:
    found = segmenter(models, name, least_px=480 * 640)
    with pytest.raises(SegmentationFailed, match="307200 are needed"):
        found.segment(picture, Detection("hammer", 0.5, BOX, None, "test"))


@pytest.mark.parametrize("name", FORMATS)
def test_half_precision_gives_nearly_the_same_masks(models: Path, picture: RGBDFrame, name: str) -> None:
    wide, _ = segmenter(models, name).masks(picture.rgb, BOX)
    narrow, _ = segmenter(models, name, precision="bfloat16").masks(picture.rgb, BOX)
    assert np.mean(wide ^ narrow) < 0.15


def test_another_network_than_the_one_wanted_is_refused(models: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointRefused, match=r"ViT of width 32, perception\.models\.sam\.type is vit_b"):
        SamSegmenter(SamOptions(load=load(models / "sam.pth"), type="vit_b"))
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointRefused, match="no Segment Anything network"):
        SamSegmenter(SamOptions(load=load(tmp_path / "other.pth")))
    tensors = torch.load(models / "sam.pth", weights_only=True)
    del tensors["mask_decoder.iou_token.weight"]
    torch.save(tensors, tmp_path / "part.pth")
    with pytest.raises(CheckpointRefused, match=r"1 tensors are missing \(mask_decoder\.iou_token\.weight\)"):
        SamSegmenter(SamOptions(load=load(tmp_path / "part.pth")))


def test_nothing_called_torchvision_is_left_behind() -> None:
    """In a fresh process, where torchvision is missing: segment_anything works, transformers sees nothing."""
    script = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'torchvision':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from perception.models.sam_network import torchvision_stand_in\n"
        "with torchvision_stand_in():\n"
        "    from segment_anything import SamPredictor\n"
        "assert not [name for name in sys.modules if name.startswith('torchvision')]\n"
        "from segment_anything.utils.transforms import ResizeLongestSide\n"
        "import numpy as np\n"
        "print(ResizeLongestSide(64).apply_image(np.zeros((48, 96, 3), np.uint8)).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(32, 64, 3)", done.stderr
