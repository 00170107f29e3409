"""From the words of a command line to a command and its checked configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, make_dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, TypeVar

import tyro

from app.config import as_values, checked, find_config, load_config
from app.options import Config

HELP, HELP_ALL = {"-h", "--help"}, "--help-all"
POINTER = """\
Every value of config.yaml is an option too, for example --planning.selection.epsilon-m 0.03.
{program} --help-all lists them all.
"""

UNSET = tyro.conf.arg(help_behavior_hint="")
"""Marks an option that is not set unless given: its help then does not say "(default: None)"."""


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
    bounds raise ConfigError. `--help` lists the command's own options, `--help-all` those of the
    configuration too; both end the program.
    """
    if HELP & set(words):
        _help(type(default), program)
    words = ["--help" if word == HELP_ALL else word for word in words]
    settings = load_config(find_config(_config_option(words)))
    command: C = tyro.cli(
        type(default),
        args=words,
        prog=program,
        default=replace(default, settings=settings),  # type: ignore[type-var]  # commands are dataclasses
    )
    settings = amend(command, command.settings) if amend else command.settings
    return command, checked(as_values(settings), "command line")


def _help(kind: type[Any], program: str) -> None:
    """Print the command's own options, then where the others are; ends the program."""
    hidden = tyro.conf.Suppress[Config]
    short = make_dataclass(
        kind.__name__, [("settings", hidden, field(default=Config()))], bases=(kind,), frozen=True
    )
    short.__doc__ = kind.__doc__
    try:
        tyro.cli(short, args=["--help"], prog=program)
    finally:
        print(POINTER.format(program=program), end="")


def _config_option(words: Sequence[str]) -> Path | None:
    """The file of `--config`, needed before all the rest: its values are the options' defaults."""
    for word, following in pairwise([*words, ""]):
        if word == "--config" and following:
            return Path(following)
        if word.startswith("--config="):
            return Path(word.partition("=")[2])
    return None
