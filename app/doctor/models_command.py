"""`handover doctor models`: is here, or on their server, what the configured learned models load?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.options import Config


@dataclass(frozen=True)
class ModelsCommand:
    """Examine packages and weights of the configured learned models, or ask the server that has them."""

    json: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Print the findings as JSON."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Examine; returns the exit code."""
    command, config = parse(ModelsCommand(), arguments, "handover doctor models")

    from app.doctor.findings import guarded, report
    from app.doctor.models import DEVICE, models_findings

    return report(guarded(DEVICE, "broken off", models_findings(config)), as_json=command.json)
