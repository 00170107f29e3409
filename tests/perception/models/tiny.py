"""Small, randomly initialised models in the genuine formats.

They say nothing about quality; their classes, files, shapes and pre- and post-processing are the real ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from perception.models.fastpose import FastPose, FastPoseShape
from perception.models.random_weights import tokenizer
from perception.models.sam_network import SamShape, build_network

SAM = SamShape(
    image_size=256,
    patch_size=16,
    width=32,
    depth=3,
    heads=2,
    mlp_ratio=2.0,
    window=7,
    global_blocks=(1,),
    prompt_width=32,
    mask_channels=4,
    masks=3,
    decoder_depth=2,
    decoder_mlp=48,
    iou_depth=3,
    iou_width=16,
)


def save_owl(folder: Path, family: str) -> None:
    """An open-vocabulary detector, `family` owlvit or owlv2."""
    import transformers as t

    words = tokenizer()
    prefix = {"owlvit": "OwlViT", "owlv2": "Owlv2"}[family]

    def kind(name: str) -> Any:
        return getattr(t, prefix + name)

    config = kind("Config")(
        text_config={
            "vocab_size": len(words),
            "hidden_size": 32,
            "intermediate_size": 37,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "max_position_embeddings": 16,
            "bos_token_id": words.bos_token_id,
            "eos_token_id": words.eos_token_id,
            "pad_token_id": words.pad_token_id,
        },
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 37,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 96,
            "patch_size": 16,
        },
        projection_dim=32,
    )
    torch.manual_seed(0)
    model = kind("ForObjectDetection")(config)
    with torch.no_grad():  # at this width the usual spread drives boxes out of the picture, scores to 0 and 1
        for head in (model.box_head, model.class_head.logit_shift, model.class_head.logit_scale):
            for parameter in head.parameters():
                parameter.mul_(0.02)
    model.save_pretrained(folder)
    size = {"height": 96, "width": 96}
    pictures = kind("ImageProcessor")(size=size, crop_size=size)
    kind("Processor")(pictures, words).save_pretrained(folder)


def save_sam_file(file: Path) -> None:
    """A state dict as the published .pth files are."""
    torch.manual_seed(0)
    torch.save(build_network(SAM).state_dict(), file)


def save_sam_folder(folder: Path) -> None:
    """SAM in the transformers format."""
    import transformers as t

    vision = t.SamVisionConfig(
        hidden_size=32,
        output_channels=16,
        num_pos_feats=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=256,
        patch_size=16,
        global_attn_indexes=[0],
        window_size=0,
        mlp_dim=64,
        mlp_ratio=2.0,
    )
    prompts = t.SamPromptEncoderConfig(hidden_size=16, image_size=256, patch_size=16, mask_input_channels=4)
    decoder = t.SamMaskDecoderConfig(
        hidden_size=16, mlp_dim=32, num_attention_heads=2, num_hidden_layers=2, iou_head_hidden_dim=16
    )
    config = t.SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    torch.manual_seed(0)
    t.SamModel(config).save_pretrained(folder)
    pictures = t.SamImageProcessor(
        size={"longest_edge": 256},
        pad_size={"height": 256, "width": 256},
        mask_size={"longest_edge": 64},
        mask_pad_size={"height": 64, "width": 64},
    )
    t.SamProcessor(pictures).save_pretrained(folder)


def save_rt_detr(folder: Path, labels: dict[int, str]) -> None:
    """A detector of fixed classes."""
    import transformers as t

    backbone = t.RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 24, 32],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = t.RTDetrConfig(
        backbone_config=backbone,
        encoder_hidden_dim=16,
        encoder_in_channels=[16, 24, 32],
        feat_strides=[8, 16, 32],
        encoder_layers=1,
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        encode_proj_layers=[2],
        d_model=16,
        num_queries=20,
        decoder_in_channels=[16, 16, 16],
        decoder_ffn_dim=16,
        num_feature_levels=3,
        decoder_n_points=2,
        decoder_layers=1,
        decoder_attention_heads=2,
        hidden_expansion=0.5,
        id2label=labels,
        label2id={name: number for number, name in labels.items()},
    )
    torch.manual_seed(0)
    model = t.RTDetrForObjectDetection(config)
    with torch.no_grad():
        for head in model.model.decoder.class_embed:
            head.weight.zero_()  # every box is as likely each class, the last one a little likelier
            head.bias.copy_(torch.linspace(0.0, 0.1, len(labels)))
    model.save_pretrained(folder)
    t.RTDetrImageProcessor(size={"height": 128, "width": 128}).save_pretrained(folder)


def save_vitpose(folder: Path, joints: int = 17, experts: int = 1) -> None:
    """A pose model of so many joints; more than one expert makes a ViTPose+."""
    import transformers as t

    backbone = t.VitPoseBackboneConfig(
        image_size=[256, 192],
        patch_size=[16, 16],
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        mlp_ratio=2,
        num_experts=experts,
        part_features=16 if experts > 1 else 0,
        out_indices=[2],
    )
    config = t.VitPoseConfig(
        backbone_config=backbone,
        num_labels=joints,
        use_simple_decoder=True,
        scale_factor=4,
    )
    torch.manual_seed(0)
    t.VitPoseForPoseEstimation(config).save_pretrained(folder)
    t.VitPoseImageProcessor().save_pretrained(folder)


def save_fastpose(file: Path, joints: int = 17, last_channels: int = 128) -> None:
    """A FastPose of one block a stage, its widths the published ones."""
    torch.manual_seed(0)
    torch.save(FastPose(FastPoseShape((1, 1, 1, 1), last_channels, joints)).state_dict(), file)
