"""Loading the public PyTorch checkpoint: strictly, and nothing in the file but tensors and numbers is read.

The file holds {"model": state dict, ...}; what training left beside it is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perception.weights import weights_path
from perception.weights.options import WeightsOptions
from planning.contact_graspnet.errors import WeightsAbsent, WeightsRefused
from planning.contact_graspnet.options import ContactGraspNetOptions

if TYPE_CHECKING:
    from torch import nn

MODEL = "contact_graspnet"
CONTENT = "model"


def find_checkpoint(options: ContactGraspNetOptions, weights: WeightsOptions | None = None) -> Path:
    """The file to load: the user's own, or else the one in the store of weights.

    Raises WeightsAbsent, or the store's WeightsMissing and WeightsChanged.
    """
    if options.checkpoint is None:
        return weights_path(MODEL, weights or WeightsOptions())
    path = Path(options.checkpoint).expanduser()
    if not path.is_file():
        raise WeightsAbsent(path)
    return path


def load_checkpoint(network: nn.Module, path: Path) -> None:
    """Put the weights of a file into the network. Raises WeightsRefused with all that differs."""
    tensors = _tensors(path)
    faults = list(_differences(network.state_dict(), tensors))
    if faults:
        raise WeightsRefused(path, faults)
    network.load_state_dict(tensors, strict=True)


def _tensors(path: Path) -> dict[str, Any]:
    import torch

    try:
        # Training notes its best loss as a number of numpy's, which is harmless, under its old or new name.
        with torch.serialization.safe_globals(_number_types()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the file provokes in a parser is the file's fault
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise WeightsRefused(path, [f"it is no PyTorch file of tensors ({reason})"]) from error
    if not (isinstance(content, Mapping) and isinstance(content.get(CONTENT), Mapping)):
        held = ", ".join(map(str, content)) if isinstance(content, Mapping) else type(content).__name__
        raise WeightsRefused(
            path, [f"it holds no {CONTENT!r} with a state dict, but {held[:80] or 'nothing'}"]
        )
    tensors = dict(content[CONTENT])
    strange = [str(name) for name, value in tensors.items() if not torch.is_tensor(value)]
    if strange:
        raise WeightsRefused(path, [f"no tensors: {', '.join(strange)}"])
    return tensors


def _number_types() -> list[Any]:
    scalar = np._core.multiarray.scalar  # type: ignore[attr-defined]  # not in numpy's stubs
    kinds = [np.dtype, np.dtypes.Float64DType, np.dtypes.Float32DType]
    return [scalar, (scalar, "numpy.core.multiarray.scalar"), *kinds]


def _differences(wanted: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name in wanted if name not in given]
    unexpected = [str(name) for name in given if name not in wanted]
    if missing:
        yield f"{len(missing)} missing: {', '.join(missing)}"
    if unexpected:
        yield f"{len(unexpected)} unexpected: {', '.join(unexpected)}"
    shapes = [
        f"{name} {tuple(given[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in given and given[name].shape != tensor.shape
    ]
    if shapes:
        yield f"{len(shapes)} of another shape: {', '.join(shapes)}"
