"""What keeps a learned model from being loaded, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from perception.errors import PerceptionError

SHOWN = 4


class PackageMissing(PerceptionError):
    """A model's Python package is not installed."""

    def __init__(self, model: str, package: str) -> None:
        super().__init__(
            f"{model} needs the Python package {package}, which is not installed; "
            "install the models extra: pip install 'handover[models]'"
        )


class CheckpointMissing(PerceptionError):
    """A model's weights are not on this machine."""

    def __init__(self, model: str, place: Path | str) -> None:
        super().__init__(
            f"there are no weights of {model} at {place}; run `handover models pull`, "
            f"or set perception.models.{model}.load.checkpoint to your own copy"
        )


class CheckpointRefused(PerceptionError):
    """A file or folder is there, but it does not hold this model."""

    def __init__(self, model: str, place: Path | str, fault: str) -> None:
        super().__init__(
            f"{place} cannot be loaded as {model}: {fault}; `handover models verify` checks what was pulled"
        )


class DeviceMissing(PerceptionError):
    """A model is to run on a GPU that is not there."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model} is to run on cuda, but PyTorch sees no GPU here; "
            f"set perception.models.{model}.load.device to auto or cpu"
        )


def differences(missing: Sequence[str], unexpected: Sequence[str], misshapen: Sequence[str]) -> str:
    """What a state dict lacks, has too much and has in another shape, in one line."""
    parts = [
        f"{len(names)} tensors {what} ({', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''})"
        for names, what in (
            (missing, "are missing"),
            (unexpected, "are unknown"),
            (misshapen, "differ in shape"),
        )
        if names
    ]
    return ", ".join(parts)
