"""Missing packages, files, GPUs and wrong files each say what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from perception.models.checkpoint import find_checkpoint, read_tensors
from perception.models.device import package, place
from perception.models.errors import CheckpointMissing, CheckpointRefused, DeviceMissing, PackageMissing
from perception.models.options import LoadOptions, OwlVitOptions, PersonOptions, VitPoseOptions
from perception.models.owlvit import OwlVitDetector
from perception.models.person import PersonDetector
from perception.models.vitpose import VitPose
from perception.weights.errors import WeightsMissing
from perception.weights.options import WeightsOptions
from tests.perception.models.conftest import load


class Harmful:
    """Would run a command if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch unpickled",)


def test_a_missing_file_names_the_command_and_the_key(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointMissing, match=r"handover models pull.*perception\.models\.sam\.load\.checkpoint"
    ):
        find_checkpoint("sam", LoadOptions(checkpoint=str(tmp_path / "sam.pth")), WeightsOptions())


def test_without_a_checkpoint_of_ones_own_the_store_is_asked(tmp_path: Path) -> None:
    for model, entry in (("sam", "sam_vit_b"), ("person", "person_detector"), ("vitpose", "vitpose")):
        with pytest.raises(WeightsMissing, match=f"handover models pull {entry}"):
            find_checkpoint(model, LoadOptions(), WeightsOptions(dir=str(tmp_path)))


def test_a_missing_package_names_the_extra() -> None:
    with pytest.raises(
        PackageMissing, match=r"sam needs the Python package no_such_package.*handover\[models\]"
    ):
        package("no_such_package", "sam")


def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceMissing, match=r"perception\.models\.sam\.load\.device to auto or cpu"):
        place(LoadOptions(device="cuda"), "sam")
    assert str(place(LoadOptions(), "sam")) == "cpu float32"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert str(place(LoadOptions(), "sam")) == "cuda float16"
    assert str(place(LoadOptions(device="cpu"), "sam")) == "cpu float32"
    assert str(place(LoadOptions(precision="bfloat16"), "sam")) == "cuda bfloat16"


def test_tensors_are_read_from_the_usual_wrappings_and_formats(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    tensors = {"a.weight": torch.ones(2)}
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in tensors.items()}}, tmp_path / "a.pth")
    torch.save({"model": tensors}, tmp_path / "b.pt")
    torch.save(tensors, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file(tensors, tmp_path / "c.safetensors")
    for name in ("a.pth", "b.pt", "old.pth", "c.safetensors"):
        assert list(read_tensors("sam", tmp_path / name)) == ["a.weight"]


def test_nothing_in_a_file_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Harmful()}, tmp_path / "harmful.pth")
    with pytest.raises(CheckpointRefused, match=r"harmful\.pth cannot be loaded as sam"):
        read_tensors("sam", tmp_path / "harmful.pth")
    assert not (tmp_path / "unpickled").exists()


def test_files_that_hold_no_tensors_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("<html>not found</html>", encoding="utf-8")
    torch.save({"learning_rate": 0.1}, tmp_path / "numbers.pth")
    (tmp_path / "empty.safetensors").write_bytes(b"")
    for name in ("text.pth", "numbers.pth", "empty.safetensors"):
        with pytest.raises(CheckpointRefused, match="models verify"):
            read_tensors("sam", tmp_path / name)
    with pytest.raises(CheckpointRefused, match="this is a folder"):
        read_tensors("sam", tmp_path)


def test_a_folder_of_another_model_is_refused_before_it_guesses(models: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointRefused, match="'rt_detr' model, not owlvit or owlv2"):
        OwlVitDetector(OwlVitOptions(load=load(models / "rt_detr")))
    with pytest.raises(CheckpointRefused):
        PersonDetector(PersonOptions(load=load(models / "vitpose")))
    with pytest.raises(CheckpointRefused):
        VitPose(VitPoseOptions(load=load(tmp_path)))


def test_a_folder_that_lacks_tensors_is_refused_not_filled_at_random(models: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    broken = tmp_path / "owlvit"
    broken.mkdir()
    for file in (models / "owlvit").iterdir():
        if file.name == "model.safetensors":
            tensors = load_file(file)
            del tensors["class_head.dense0.weight"]
            save_file(tensors, broken / file.name, metadata={"format": "pt"})
        else:
            (broken / file.name).write_bytes(file.read_bytes())
    with pytest.raises(CheckpointRefused, match=r"1 tensors are missing \(class_head\.dense0\.weight\)"):
        OwlVitDetector(OwlVitOptions(load=load(broken)))
