"""config.yaml says what the code does."""

from __future__ import annotations

from pathlib import Path

from app.config import load_config
from app.config_file import config_text
from app.options import Config

FILE = Path(__file__).parents[2] / "config.yaml"


def test_config_yaml_is_written_from_the_code() -> None:
    assert FILE.read_text(encoding="utf-8") == config_text()


def test_config_yaml_holds_the_defaults() -> None:
    assert load_config(FILE) == Config()
