"""What the configuration allows for the vision-language model, and what is built from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from app.config import checked
from app.doctor.installed import examine
from app.errors import ConfigError
from app.factory import VLMS
from app.model_factory import local_vlm, server_vlm
from app.options import BackEnds, Config
from app.run_command import RunCommand, _shorthands
from perception.models.errors import CheckpointMissing
from perception.vlm.cache import CachedVlm
from perception.vlm.errors import KeyMissing
from perception.vlm.openai_server import OpenAiServer

SERVER = "http://127.0.0.1:8000/v1"


def config(vlm: dict[str, Any] | None = None, **sections: Any) -> Config:
    perception = {"vlm": vlm or {}, **sections.pop("perception", {})}
    return checked({"perception": perception, **sections}, "test")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"perception": {"vlm": {"base_url": "http://me:secret@host/v1"}}}, "secrets stay out of files"),
        ({"perception": {"vlm": {"base_url": "https://host/v1?api-key=abc"}}}, "secrets stay out of files"),
        ({"perception": {"vlm": {"base_url": "host:8000"}}}, "an address is needed"),
        ({"perception": {"vlm": {"base_url": "file:///v1"}}}, "an address is needed"),
        ({"perception": {"vlm": {"base_url": "http://host:99999/v1"}}}, "an address is needed"),
        ({"perception": {"vlm": {"key_variable": "sk-123"}}}, "never the key itself"),
        ({"perception": {"vlm": {"api_key": "sk-123"}}}, "OPENAI_API_KEY"),
        ({"perception": {"grid": {"crop_px": 600}}}, "out of bounds"),
        ({"perception": {"grid": {"n": 3, "cells_per_role": 5}}}, "do not fit into 3 x 3 cells"),
        ({"perception": {"vlm": {"temperature": -1.0}}}, "out of bounds"),
        ({"back_ends": {"vlm": "openai"}, "perception": {"vlm": {"call_s": 25.0}}}, "answers would be lost"),
    ],
)
def test_what_cannot_work_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        checked(values, "test")
    assert words in str(refused.value)
    for secret in ("secret@", "abc", "sk-123"):
        assert secret not in str(refused.value)


def test_long_answers_may_be_waited_for_when_the_tree_waits_too() -> None:
    patient = config({"call_s": 90.0}, back_ends={"vlm": "local"}, tree={"deadlines": {"vlm_s": 91.0}})
    assert patient.perception.vlm.call_s == 90.0


def test_every_name_has_its_back_end() -> None:
    assert set(VLMS) == set(get_args(get_type_hints(BackEnds)["vlm"]))


def test_a_server_is_asked_through_the_cache(tmp_path: Path) -> None:
    plain = config({"base_url": SERVER, "cache_dir": None})
    kept = config({"base_url": SERVER, "cache_dir": str(tmp_path)})
    assert isinstance(server_vlm(plain.perception), OpenAiServer)
    assert isinstance(server_vlm(kept.perception), CachedVlm)


def test_without_a_key_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(KeyMissing):
        server_vlm(config().perception)


def test_a_local_model_needs_its_files(tmp_path: Path) -> None:
    missing = {"models": {"vlm": {"load": {"checkpoint": str(tmp_path / "nowhere")}}}}
    with pytest.raises(CheckpointMissing):
        local_vlm(config({"cache_dir": str(tmp_path)}, perception=missing).perception)
    offline = config({"cache_dir": str(tmp_path), "offline": True}, perception=missing)
    assert "offline" in local_vlm(offline.perception).name


def test_offline_is_a_word_of_run() -> None:
    assert _shorthands(RunCommand("mug", offline=True), Config()).perception.vlm.offline
    assert not _shorthands(RunCommand("mug"), Config()).perception.vlm.offline


@pytest.mark.parametrize(
    ("text", "key", "state"),
    [
        ("", None, "optional"),
        ("back_ends: {vlm: openai}", None, "missing"),
        ("back_ends: {vlm: openai}", "sk-1", "ok"),
        (f"back_ends: {{vlm: openai}}\nperception: {{vlm: {{base_url: '{SERVER}'}}}}", None, "optional"),
    ],
)
def test_doctor_knows_when_a_key_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, key: str | None, state: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"{text}\nrun: {{}}\n")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    if key:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    (check,) = (check for check in examine(file) if check.group == "keys")
    assert (check.subject, check.state) == ("OPENAI_API_KEY", state)
    assert "sk-1" not in check.detail
