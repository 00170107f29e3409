"""`handover doctor camera`: does it deliver, with depth and in time, and does its calibration fit?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.errors import UsageError
from app.options import Config


@dataclass(frozen=True)
class CameraCommand:
    """Examine the RealSense for some seconds; nothing moves. realsense.recording plays one in its place."""

    seconds: float = 5.0
    """How long pictures are counted."""
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Print the findings as JSON."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Examine the camera; returns the exit code."""
    command, config = parse(CameraCommand(), arguments, "handover doctor camera")
    if not 0.5 <= command.seconds <= 600.0:
        raise UsageError(f"--seconds {command.seconds:g}: 0.5 to 600 are needed")

    from app.doctor.camera import DEVICE, camera_findings
    from app.doctor.findings import guarded, report
    from app.doctor.passes import keep, now

    findings = list(guarded(DEVICE, "broken off", camera_findings(config, command.seconds, now())))
    return report(findings, as_json=command.json, notes=keep(DEVICE, config, findings))
