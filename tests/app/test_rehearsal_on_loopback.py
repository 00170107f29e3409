"""The whole handover through the Gen3's driver: process, protocol, controller, the simulated arm behind."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from app.factory import build
from app.options import BackEnds, Config
from app.runner import run_handover
from behaviours.keys import Outcome
from hardware.kinova.options import KinovaOptions
from perception.types import HandoverRequest
from trees.handover import create_root

CONFIG = replace(
    Config(),
    back_ends=BackEnds(robot="kinova"),
    kinova=KinovaOptions(address="loopback", client="stand_in", max_joint_speed_deg_s=70.0),
)


@pytest.mark.timeout(600)
def test_a_hammer_is_handed_over_through_the_driver_process_and_the_real_protocol() -> None:
    """Everybody lives by the simulated time, so how fast or busy the machine is does not matter."""
    request = HandoverRequest("hammer")
    assembly = build(CONFIG, request, 7)
    root = partial(create_root, assembly.mission, vlm=True)
    result = run_handover(assembly, root, request, CONFIG.run)
    assert result.outcome is Outcome.HANDED_OVER, result.reason
    assert result.score is not None
    assert result.score["drops"] == 0
