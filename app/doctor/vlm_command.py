"""`handover doctor vlm`: is the key there, does the model answer, in time, and what does that cost?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.options import Config


@dataclass(frozen=True)
class VlmCommand:
    """Ask the configured vision-language model one small question; it is sent, and may cost a little."""

    json: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Print the findings as JSON."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Examine; returns the exit code."""
    command, config = parse(VlmCommand(), arguments, "handover doctor vlm")

    from app.doctor.findings import guarded, report
    from app.doctor.vlm import DEVICE, vlm_findings

    return report(guarded(DEVICE, "broken off", vlm_findings(config)), as_json=command.json)
