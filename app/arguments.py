"""From the words of a command line to a command and its checked configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

import tyro

from app.config import as_values, checked, find_config, load_config
from app.options import Config


class ConfigurableCommand(Protocol):
    """A command (a frozen dataclass) that takes the whole configuration."""

    @property
    def config(self) -> Path | None: ...
    @property
    def settings(self) -> Config: ...


C = TypeVar("C", bound=ConfigurableCommand)


def parse(
    default: C, words: Sequence[str], program: str, amend: Callable[[C, Config], Config] | None = None
) -> tuple[C, Config]:
    """The command and its configuration: defaults, then the file, then options, then what `amend` changes.

    A word the command does not know ends the program with exit code 2 and the near matches; values out of
    bounds raise ConfigError.
    """
    settings = load_config(find_config(_config_option(words)))
    command: C = tyro.cli(
        type(default),
        args=list(words),
        prog=program,
        default=replace(default, settings=settings),  # type: ignore[type-var]  # commands are dataclasses
    )
    settings = amend(command, command.settings) if amend else command.settings
    return command, checked(as_values(settings), "command line")


def _config_option(words: Sequence[str]) -> Path | None:
    """The file of `--config`, needed before all the rest: its values are the options' defaults."""
    for word, following in pairwise([*words, ""]):
        if word == "--config" and following:
            return Path(following)
        if word.startswith("--config="):
            return Path(word.partition("=")[2])
    return None
