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
from hardware.sim.lockstep import CHUNK_S, LEAD_S
from hardware.sim.options import SimOptions, WristCameraOptions
from perception.types import HandoverRequest
from trees.handover import create_root

SMALL = WristCameraOptions(width=424, height=240, focal_px=302.9, tracking_width=80, tracking_height=45)
"""Pictures of half the size each way: what is tested here is what moves the arm."""
CONFIG = replace(
    Config(),
    sim=SimOptions(camera=SMALL),
    back_ends=BackEnds(robot="kinova"),
    kinova=KinovaOptions(address="loopback", client="stand_in", max_joint_speed_deg_s=70.0),
)


@pytest.mark.timeout(600)
def test_a_hammer_is_handed_over_through_the_driver_process_and_the_real_protocol() -> None:
    """Everybody lives by the simulated time, so how fast or busy the machine is does not matter.

    Messages still come a reading sooner or later than in the run before. So what counts is what physics says:
    how the tree judges a hammer that hangs on a finger, or is taken on its way, is tested where all is exact.
    """
    request = HandoverRequest("hammer")
    assembly = build(CONFIG, request, 7)
    root = partial(create_root, assembly.mission, vlm=True)
    result = run_handover(assembly, root, request, CONFIG.run)
    assert result.outcome is not Outcome.ERROR, result.reason
    assert result.score is not None
    facts = {name: result.score[name] for name in ("outcome", "drops", "held_part")}
    assert facts == {"outcome": "handed_over", "drops": 0, "held_part": "handle"}, (
        result.outcome,
        result.reason,
    )


def test_the_first_reading_is_of_the_beginning_and_none_is_old() -> None:
    robot = build(CONFIG, HandoverRequest("hammer"), 7).services.robot
    with robot:
        assert robot.clock.now() == 0.0
        for _ in range(20):
            robot.clock.sleep(0.02)
            assert robot.clock.now() - robot.arm.state().stamp_s <= LEAD_S + CHUNK_S
