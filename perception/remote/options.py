"""Where models run that do not run here (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class RemoteOptions:
    """A machine that runs `handover serve models`; HANDOVER_TOKEN in the environment holds its token.

    With a url, every back end that would load weights here (owlvit, sam, sam_transformers, vitpose,
    alphapose, a local VLM, contact_graspnet) is that machine's instead; the others stay here.
    """

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    url: str | None = None
    """For example http://gpu-machine:8100; null: models run in this process."""
    timeout_s: float = 60.0
    """One answer, waiting behind other calls included; SAM ViT-B alone takes 14-32 s on two CPU cores."""
    colour: Literal["raw", "png"] = "raw"
    """How pictures travel; of a noisy one of 848 x 480 (1.2 MB) PNG saves a third and takes some 50 ms."""
