"""The public file loads, strictly and safely; everything else is refused with what differs."""

from __future__ import annotations

import io
import os
import pickletools
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from perception.weights.errors import WeightsMissing
from planning.contact_graspnet import ContactGraspNet
from planning.contact_graspnet.checkpoint import find_checkpoint, load_checkpoint
from planning.contact_graspnet.errors import WeightsAbsent, WeightsRefused
from planning.contact_graspnet.options import ContactGraspNetOptions


@pytest.fixture
def state(network: ContactGraspNet) -> dict[str, Any]:
    return dict(network.state_dict())


def saved(folder: Path, content: object) -> Path:
    path = folder / "model.pt"
    torch.save(content, path)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(WeightsRefused) as refused:
        load_checkpoint(ContactGraspNet(), path)
    return str(refused.value)


def training_left(state: dict[str, Any]) -> dict[str, Any]:
    """As the published training saves it; its best loss is a number of numpy's."""
    beside = {"opt": {"state": {}, "param_groups": [{"lr": 1e-3}]}, "epoch_it": 3, "it": 7}
    return {**beside, "loss_val_best": np.float64(0.25), "model": state}


def test_what_training_saved_loads(state: dict[str, Any], tmp_path: Path) -> None:
    fresh = ContactGraspNet()
    load_checkpoint(fresh, saved(tmp_path, training_left(state)))
    assert all(torch.equal(tensor, state[name]) for name, tensor in fresh.state_dict().items())


def test_the_number_may_have_the_name_of_an_older_numpy(state: dict[str, Any], tmp_path: Path) -> None:
    path = saved(tmp_path, training_left(state))
    old = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(old, "w") as target:
        for item in source.infolist():
            data = source.read(item)
            if item.filename.endswith("data.pkl"):
                assert b"numpy._core.multiarray" in data
                data = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
                pickletools.dis(data, out=io.StringIO())
            target.writestr(item, data)
    path.write_bytes(old.getvalue())
    load_checkpoint(ContactGraspNet(), path)


def test_what_differs_is_listed(state: dict[str, Any], tmp_path: Path) -> None:
    del state["sa1.conv_blocks.0.0.weight"]
    state["sa5.bias"] = torch.zeros(3)
    state["fp1.mlp_convs.0.weight"] = torch.zeros(256, 400, 1)
    message = refusal(saved(tmp_path, {"model": state}))
    assert "1 missing: sa1.conv_blocks.0.0.weight" in message
    assert "1 unexpected: sa5.bias" in message
    assert "1 of another shape: fp1.mlp_convs.0.weight (256, 400, 1) instead of (256, 448, 1)" in message
    assert "handover models pull" in message


def test_nothing_is_loaded_from_a_file_that_differs(state: dict[str, Any], tmp_path: Path) -> None:
    del state["fp1.mlp_convs.0.bias"]
    fresh = ContactGraspNet()
    before = {name: tensor.clone() for name, tensor in fresh.state_dict().items()}
    with pytest.raises(WeightsRefused):
        load_checkpoint(fresh, saved(tmp_path, {"model": state}))
    assert all(torch.equal(tensor, before[name]) for name, tensor in fresh.state_dict().items())


def test_another_network_makes_a_message_that_can_be_read(tmp_path: Path) -> None:
    message = refusal(saved(tmp_path, {"model": torch.nn.Linear(3, 3).state_dict()}))
    assert "295 missing" in message
    assert "2 unexpected: weight, bias" in message
    assert len(message) < 1000


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"weights": {}}, "holds no 'model' with a state dict, but weights"),
        ([1, 2], "list"),
        ({"model": {"a": 1.0}}, "no tensors: a"),
    ],
)
def test_other_content_is_refused(content: object, complaint: str, tmp_path: Path) -> None:
    assert complaint in refusal(saved(tmp_path, content))


def test_a_bare_state_dict_is_refused(state: dict[str, Any], tmp_path: Path) -> None:
    assert "no 'model'" in refusal(saved(tmp_path, state))


class Harmful:
    """Would run a command where a file is unpacked without care."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def test_nothing_in_a_file_is_run(state: dict[str, Any], tmp_path: Path) -> None:
    mark = tmp_path / "was here"
    message = refusal(saved(tmp_path, {"model": state, "opt": Harmful(mark)}))
    assert "no PyTorch file of tensors" in message
    assert not mark.exists()


@pytest.mark.parametrize("data", [b"", b"not a checkpoint", b"PK\x03\x04 cut off"])
def test_other_files_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(data)
    assert "no PyTorch file of tensors" in refusal(path)


def test_a_file_that_is_not_there_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(WeightsAbsent, match="handover models pull"):
        find_checkpoint(ContactGraspNetOptions(checkpoint=str(tmp_path / "model.pt")))


def test_without_a_file_the_store_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDOVER_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsMissing, match="handover models pull contact_graspnet"):
        find_checkpoint(ContactGraspNetOptions())
