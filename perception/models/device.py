"""Where a model computes and in which precision."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perception.models.errors import DeviceMissing, PackageMissing
from perception.models.options import LoadOptions

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Placement:
    """A torch device and the type of the weights on it."""

    device: torch.device
    dtype: torch.dtype

    @property
    def on_gpu(self) -> bool:
        return self.device.type == "cuda"

    def __str__(self) -> str:
        return f"{self.device.type} {str(self.dtype).removeprefix('torch.')}"


def package(name: str, model: str) -> Any:
    """An imported package. Raises PackageMissing naming the model that needs it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise PackageMissing(model, error.name or name) from error


def place(options: LoadOptions, model: str) -> Placement:
    """Where `model` runs. Raises DeviceMissing for cuda without a GPU, PackageMissing without PyTorch."""
    torch = package("torch", model)
    gpu = torch.cuda.is_available()
    if options.device == "cuda" and not gpu:
        raise DeviceMissing(model)
    on_gpu = gpu and options.device != "cpu"
    precision = options.precision
    if precision == "auto":
        precision = "float16" if on_gpu else "float32"
    return Placement(torch.device("cuda" if on_gpu else "cpu"), getattr(torch, precision))
