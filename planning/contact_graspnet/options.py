"""What a user may change about Contact-GraspNet (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class ContactGraspNetOptions:
    """Contact-GraspNet: where it runs, what it looks at and which of its grasps count.

    None of the defaults was tuned with the published weights, nor was speed measured on a GPU.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    checkpoint: str | None = None
    """The public PyTorch checkpoint, model.pt; null: what `handover models pull` fetched."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: the GPU where there is one."""
    precision: Literal["float32", "float16", "bfloat16"] = "float32"
    """Of the layers; samples and neighbours are always found in float32. The others are for a GPU."""
    compile: bool = False
    """Let torch.compile fuse the layers of the balls, on a GPU only; the first pass is slow."""
    passes: int = 3
    """Forward passes over one cloud, each with samples of its own: more contacts on a small object."""
    spread_score: float = 0.23  # the authors'; the PyTorch port's, 0.15, was set with dropout on
    """Grasps that score more than this are chosen so that their contacts spread over the object."""
    fill_score: float = 0.15  # both thresholds of the PyTorch port's configuration
    """Then the best of those that score more than this."""
    min_region_m: float = 0.3  # the authors'; the PyTorch port looks at 0.2
    """Least side of the cube around the object that the network sees, table and neighbours included; it has
    twice the object's extent."""
    max_region_m: float = 0.6
    min_context_share: float = 0.05
    """Share of the cube's points that must be something else than the object, which the network never saw
    alone."""
    tip_beyond_contact_m: float = 0.0086  # a Panda's: tips at 0.112 m, middle of the pads at 0.1034 m
    """The fingertips go this far past the contact, less where the table is in the way."""
    tip_clearance_m: float = 0.003
    """Of the fingertips over the table."""
    max_lean_deg: float = 45.0  # farther over the person's end hardly any grasp can be delivered (measured)
    """Tilt of the approach toward the person's end."""
    max_lean_away_deg: float = 10.0
    """Tilt away from it. Grasps out of these two are offered only where no other is left."""
