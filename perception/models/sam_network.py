"""Segment Anything's network rebuilt from a checkpoint file, and its package without torchvision's operators.

The file decides: ViT-B, L and H differ in widths, depth and which blocks see the whole picture, and all of it
shows in the shapes of their tensors.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from perception.models.checkpoint import fill, read_tensors
from perception.models.device import package
from perception.models.errors import CheckpointRefused
from perception.models.options import SamType

MODEL = "sam"
WIDTHS = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
"""The published encoders by their width."""
DECODER_HEADS = 8
"""The one number of the published networks that no tensor's shape shows."""
_IMPORTING = threading.Lock()


@dataclass(frozen=True)
class SamShape:
    """The numbers that make a Sam network; pixels for image_size and patch_size."""

    image_size: int
    patch_size: int
    width: int
    depth: int
    heads: int
    mlp_ratio: float
    window: int
    global_blocks: tuple[int, ...]
    prompt_width: int
    mask_channels: int
    masks: int
    decoder_depth: int
    decoder_mlp: int
    iou_depth: int
    iou_width: int

    @property
    def name(self) -> str:
        return WIDTHS.get(self.width, f"ViT of width {self.width}")


VIT_B = SamShape(
    image_size=1024,
    patch_size=16,
    width=768,
    depth=12,
    heads=12,
    mlp_ratio=4.0,
    window=14,
    global_blocks=(2, 5, 8, 11),
    prompt_width=256,
    mask_channels=16,
    masks=3,
    decoder_depth=2,
    decoder_mlp=2048,
    iou_depth=3,
    iou_width=256,
)


def shape_of(tensors: Mapping[str, Any]) -> SamShape:
    """What a state dict's names and shapes say. Raises KeyError or ValueError when it is no Sam network."""
    shape = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    _, cells, _, width = shape["image_encoder.pos_embed"]
    patch = shape["image_encoder.patch_embed.proj.weight"][-1]
    depth = _count(shape, "image_encoder.blocks.")
    reach = [shape[f"image_encoder.blocks.{i}.attn.rel_pos_h"] for i in range(depth)]
    windowed = {rows for rows, _ in reach if rows != 2 * cells - 1}
    if len(windowed) > 1:
        raise ValueError("its attention windows differ from block to block")
    return SamShape(
        image_size=cells * patch,
        patch_size=patch,
        width=width,
        depth=depth,
        heads=width // reach[0][1],
        mlp_ratio=shape["image_encoder.blocks.0.mlp.lin1.weight"][0] / width,
        window=(windowed.pop() + 1) // 2 if windowed else 0,
        global_blocks=tuple(i for i, (rows, _) in enumerate(reach) if rows == 2 * cells - 1),
        prompt_width=shape["image_encoder.neck.0.weight"][0],
        mask_channels=shape["prompt_encoder.mask_downscaling.3.weight"][0],
        masks=shape["mask_decoder.mask_tokens.weight"][0] - 1,
        decoder_depth=_count(shape, "mask_decoder.transformer.layers."),
        decoder_mlp=shape["mask_decoder.transformer.layers.0.mlp.lin1.weight"][0],
        iou_depth=_count(shape, "mask_decoder.iou_prediction_head.layers."),
        iou_width=shape["mask_decoder.iou_prediction_head.layers.0.weight"][0],
    )


def _count(shape: Mapping[str, Any], prefix: str) -> int:
    """How many numbered layers start with `prefix`."""
    return len({name[len(prefix) :].split(".")[0] for name in shape if name.startswith(prefix)})


def build_network(shape: SamShape) -> Any:
    """An empty Sam module of the segment-anything package, with the published normalisation of pixels."""
    import torch

    with torchvision_stand_in():
        modeling = package("segment_anything.modeling", MODEL)
    cells = shape.image_size // shape.patch_size
    return modeling.Sam(
        image_encoder=modeling.ImageEncoderViT(
            img_size=shape.image_size,
            patch_size=shape.patch_size,
            embed_dim=shape.width,
            depth=shape.depth,
            num_heads=shape.heads,
            mlp_ratio=shape.mlp_ratio,
            out_chans=shape.prompt_width,
            qkv_bias=True,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=shape.window,
            global_attn_indexes=shape.global_blocks,
        ),
        prompt_encoder=modeling.PromptEncoder(
            embed_dim=shape.prompt_width,
            image_embedding_size=(cells, cells),
            input_image_size=(shape.image_size, shape.image_size),
            mask_in_chans=shape.mask_channels,
        ),
        mask_decoder=modeling.MaskDecoder(
            num_multimask_outputs=shape.masks,
            transformer=modeling.TwoWayTransformer(
                depth=shape.decoder_depth,
                embedding_dim=shape.prompt_width,
                mlp_dim=shape.decoder_mlp,
                num_heads=DECODER_HEADS,
            ),
            transformer_dim=shape.prompt_width,
            iou_head_depth=shape.iou_depth,
            iou_head_hidden_dim=shape.iou_width,
        ),
        pixel_mean=[123.675, 116.28, 103.53],
        pixel_std=[58.395, 57.12, 57.375],
    )


def load_network(path: Path, wanted: SamType) -> tuple[Any, SamShape]:
    """The network in a checkpoint file and what it is. Raises CheckpointRefused."""
    tensors = read_tensors(MODEL, path)
    try:
        shape = shape_of(tensors)
    except (KeyError, ValueError, IndexError) as error:
        raise CheckpointRefused(MODEL, path, f"it is no Segment Anything network ({error})") from error
    if wanted not in ("auto", shape.name):
        raise CheckpointRefused(MODEL, path, f"it holds {shape.name}, perception.models.sam.type is {wanted}")
    network = build_network(shape)
    fill(network, tensors, MODEL, path)
    return network.eval(), shape


@contextmanager
def torchvision_stand_in() -> Iterator[None]:
    """While segment_anything is imported: two Pillow functions under torchvision's name, if torchvision is
    missing or lacks its compiled operators.

    The package resizes pictures with it, as torchvision does with Pillow; its mask generator, which needs
    more, stays unusable. Afterwards nothing named torchvision is left for other packages to find.
    """
    with _IMPORTING:
        if "segment_anything" in sys.modules or _torchvision_works():
            yield
            return
        stand_in = _stand_in()
        sys.modules.update(stand_in)
        try:
            yield
        finally:
            for name in stand_in:
                sys.modules.pop(name, None)


def _torchvision_works() -> bool:
    before = set(sys.modules)
    try:
        import torchvision.ops
        import torchvision.transforms.functional  # noqa: F401
    except (ImportError, RuntimeError):  # RuntimeError: operator torchvision::nms does not exist
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "torchvision":
                del sys.modules[name]
        return False
    return True


def _stand_in() -> dict[str, ModuleType]:
    from PIL import Image

    names = ("", ".transforms", ".transforms.functional", ".ops", ".ops.boxes")
    modules = {f"torchvision{name}": ModuleType(f"torchvision{name}") for name in names}
    functional = modules["torchvision.transforms.functional"]
    functional.to_pil_image = Image.fromarray  # type: ignore[attr-defined]
    functional.resize = _resize  # type: ignore[attr-defined]
    boxes = modules["torchvision.ops.boxes"]
    boxes.batched_nms = boxes.box_area = _missing  # type: ignore[attr-defined]
    return modules


def _resize(image: Any, size: tuple[int, int]) -> Any:
    from PIL import Image

    return image.resize((size[1], size[0]), Image.Resampling.BILINEAR)


def _missing(*arguments: Any) -> Any:
    raise NotImplementedError("this needs torchvision with its compiled operators")
