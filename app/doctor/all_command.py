"""`handover doctor all`: robot, camera, models and vision-language model, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.arguments import parse
from app.doctor.robot_command import RobotCommand, agree

if TYPE_CHECKING:
    from app.doctor.findings import Finding

SECONDS = 5.0
"""How long the camera is watched."""


@dataclass(frozen=True)
class AllCommand(RobotCommand):
    """Examine the arm, the camera, the learned models and the vision-language model."""


def main(arguments: Sequence[str]) -> int:
    """Examine everything, whatever fails on the way; returns the exit code."""
    command, config = parse(AllCommand(), arguments, "handover doctor all")
    if command.move:
        agree(config, command.yes, command.json)

    from app.doctor import camera, models, robot, vlm
    from app.doctor.findings import guarded, report
    from app.doctor.passes import keep, now

    def examined(device: str, findings: Iterable[Finding]) -> list[Finding]:
        return list(guarded(device, "broken off", findings))

    arm = examined(robot.DEVICE, robot.robot_findings(config, move=command.move))
    eye = examined(camera.DEVICE, camera.camera_findings(config, SECONDS, now()))
    rest = examined(models.DEVICE, models.models_findings(config))
    rest += examined(vlm.DEVICE, vlm.vlm_findings(config))
    notes = [*keep(robot.DEVICE, config, arm, moved=command.move), *keep(camera.DEVICE, config, eye)]
    return report([*arm, *eye, *rest], as_json=command.json, notes=notes)
