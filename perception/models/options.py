"""What a user may change about the learned models (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "float16", "bfloat16"]
SamType = Literal["auto", "vit_b", "vit_l", "vit_h"]
Decoding = Literal["auto", "heatmap", "integral"]


@dataclass(frozen=True)
class LoadOptions:
    """Where a model comes from and where it runs."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    checkpoint: str | None = None
    """Your own folder or file, or a name from `handover models list`; null: what was pulled."""
    device: Device = "auto"
    """auto: the GPU where there is one."""
    precision: Precision = "auto"
    """auto: float16 on a GPU, float32 on a CPU."""


@dataclass(frozen=True)
class OwlVitOptions:
    """OWL-ViT or OWLv2, whichever the checkpoint holds; perception.detector.score_threshold decides."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    load: LoadOptions = LoadOptions()
    phrasings: tuple[str, ...] = ("{}", "a {}", "a photo of a {}")
    """The request in several wordings, {} standing for the object; a box scores as its best wording does."""
    nms_iou: float = 0.5
    """Of two boxes that overlap more than this, only the better one counts."""
    runner_up_margin: float = 0.05
    """Another box that scores no less than this below the best one is named."""


@dataclass(frozen=True)
class SamOptions:
    """Segment Anything with the detector's box as its prompt."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    load: LoadOptions = LoadOptions()
    type: SamType = "auto"
    """Which of the published networks the file must hold; auto: whatever its tensors' shapes say."""
    max_hole_share: float = 0.02
    """Holes up to this share of the mask are filled; larger ones (handle of a mug) are real."""


@dataclass(frozen=True)
class SamTransformersOptions:
    """The same network in the transformers format (a folder)."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    load: LoadOptions = LoadOptions()
    max_hole_share: float = 0.02
    """Holes up to this share of the mask are filled."""


@dataclass(frozen=True)
class PersonOptions:
    """Finding people, and the one who asked among them."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    load: LoadOptions = LoadOptions()
    min_score: float = 0.6
    """Score of a person's box below which nobody is there."""
    max_people: int = 3
    """Of so many, the largest in the picture, the pose is looked for."""
    min_overlap_iou: float = 0.3
    """Two boxes that overlap this much in successive pictures of a camera at rest hold the same person."""
    search_every: int = 5
    """Pictures from one search for people to the next; between them, while the camera rests, the person is
    sought around their last pose, which takes a fraction of the time. 1: in every picture."""


@dataclass(frozen=True)
class VitPoseOptions:
    """ViTPose in the transformers format."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    load: LoadOptions = LoadOptions()


@dataclass(frozen=True)
class AlphaPoseOptions:
    """AlphaPose's FastPose network (a .pth file trained on COCO-17, Halpe-26 or Halpe-136)."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    load: LoadOptions = LoadOptions()
    decoding: Decoding = "auto"
    """How places are read: peaks of heat maps (trained with MSELoss), or their means (L1JointRegression);
    auto: the mean where the last layer has 256 channels, as in the published regression models."""


@dataclass(frozen=True)
class LocalVlmOptions:
    """A vision-language model in this process, through transformers (a folder with a chat template)."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    load: LoadOptions = LoadOptions()
    max_new_tokens: int = 512
    """A reply not finished by then counts as cut off; the bare answer takes about 30."""


@dataclass(frozen=True)
class ModelOptions:
    """The learned back ends; each is loaded only when `back_ends` names it."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    owlvit: OwlVitOptions = OwlVitOptions()
    sam: SamOptions = SamOptions()
    sam_transformers: SamTransformersOptions = SamTransformersOptions()
    person: PersonOptions = PersonOptions()
    vitpose: VitPoseOptions = VitPoseOptions()
    alphapose: AlphaPoseOptions = AlphaPoseOptions()
    vlm: LocalVlmOptions = LocalVlmOptions()
