"""Finding a model's weights and loading them, with nothing executed and nothing initialised at random.

Guarantees:
1. Only tensors are read from a file (weights_only); nothing is fetched from anywhere.
2. A checkpoint that lacks a tensor, or has one in another shape, is refused with the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perception.models.device import Placement, package
from perception.models.errors import CheckpointMissing, CheckpointRefused, differences
from perception.models.options import LoadOptions
from perception.weights import weights_path
from perception.weights.catalogue import CATALOGUE
from perception.weights.options import WeightsOptions


def find_checkpoint(model: str, options: LoadOptions, weights: WeightsOptions | None = None) -> Path:
    """The file or folder with the weights of `model`: the user's own, or those in the store, by the model's
    name or by the name the user chose.

    Raises CheckpointMissing, or the store's WeightsMissing and WeightsChanged.
    """
    if options.checkpoint is None or options.checkpoint in CATALOGUE:
        return weights_path(options.checkpoint or model, weights or WeightsOptions())
    path = Path(options.checkpoint).expanduser()
    if not path.exists():
        raise CheckpointMissing(model, path)
    return path


def read_tensors(model: str, path: Path) -> dict[str, Any]:
    """The state dict in a .pth, .pt or .safetensors file, on the CPU, also where it is wrapped in
    {"state_dict": ...} or {"model": ...} or comes from a DataParallel model.

    Raises CheckpointRefused for anything else than named tensors.
    """
    torch = package("torch", model)
    if path.is_dir():
        raise CheckpointRefused(model, path, "a file is needed, this is a folder")
    try:
        if path.suffix == ".safetensors":
            content: Any = package("safetensors.torch", model).load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the file provokes in a parser is the file's fault
        raise CheckpointRefused(model, path, _first_line(error)) from error
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not (isinstance(content, Mapping) and content and all(map(torch.is_tensor, content.values()))):
        raise CheckpointRefused(model, path, "it holds something else than named tensors")
    prefix = "module."
    if all(name.startswith(prefix) for name in content):
        return {name.removeprefix(prefix): tensor for name, tensor in content.items()}
    return dict(content)


def fill(network: Any, tensors: Mapping[str, Any], model: str, path: Path) -> None:
    """Put a state dict into a torch module. Raises CheckpointRefused unless every name and shape agrees."""
    wanted = network.state_dict()
    fault = differences(
        [name for name in wanted if name not in tensors],
        [name for name in tensors if name not in wanted],
        [name for name in wanted if name in tensors and wanted[name].shape != tensors[name].shape],
    )
    if fault:
        raise CheckpointRefused(model, path, fault)
    network.load_state_dict(tensors, strict=True)


def load_pretrained(kind: Any, model: str, path: Path, placement: Placement) -> Any:
    """A transformers model from a folder, ready to infer. Raises CheckpointRefused."""
    try:
        loaded, info = kind.from_pretrained(
            path, local_files_only=True, dtype=placement.dtype, output_loading_info=True
        )
    except Exception as error:  # whatever the file provokes in a parser is the file's fault
        raise CheckpointRefused(model, path, _first_line(error)) from error
    fault = differences(sorted(info["missing_keys"]), (), sorted(str(key) for key in info["mismatched_keys"]))
    if fault:
        raise CheckpointRefused(model, path, fault)
    return loaded.to(placement.device).eval()


def load_processor(kind: Any, model: str, path: Path) -> Any:
    """The pre- and post-processing stored beside a transformers model. Raises CheckpointRefused."""
    try:
        return kind.from_pretrained(path, local_files_only=True)
    except Exception as error:
        raise CheckpointRefused(model, path, _first_line(error)) from error


def transformers_for(model: str) -> Any:
    """The transformers package, without progress bars and hints on stderr. Raises PackageMissing."""
    package("torch", model)
    transformers = package("transformers", model)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
