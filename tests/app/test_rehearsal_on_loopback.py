"""The whole handover through the Gen3's driver: process, protocol, controller, the simulated arm behind."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from app.factory import build
from app.options import BackEnds, Config
from app.runner import run_handover
from behaviours.keys import Outcome
from hardware.driver.options import DriverOptions
from hardware.kinova.options import KinovaOptions
from perception.types import HandoverRequest
from trees.handover import create_root


def patient_config() -> Config:
    """A loopback rehearsal for a machine that is busy with other tests: ages and beats with room."""
    config = Config()
    return replace(
        config,
        back_ends=BackEnds(robot="kinova"),
        kinova=KinovaOptions(
            address="loopback",
            client="stand_in",
            max_joint_speed_deg_s=70.0,
            driver=DriverOptions(beat_limit_s=1.0, loop_limit_s=2.0, silent_s=3.0),
        ),
        planning=replace(config.planning, safety=replace(config.planning.safety, robot_age_s=1.5)),
    )


TRIES = 3
"""The run takes real time: on a machine that stalls, what the person does meets the arm at another moment."""


@pytest.mark.timeout(600)
def test_a_hammer_is_handed_over_through_the_driver_process_and_the_real_protocol() -> None:
    request, ended = HandoverRequest("hammer"), list[str]()
    for _ in range(TRIES):
        assembly = build(patient_config(), request, 7)
        root = partial(create_root, assembly.mission, vlm=True)
        result = run_handover(assembly, root, request, patient_config().run)
        ended.append(f"{result.outcome.value} {result.reason}")
        assert result.outcome is not Outcome.ERROR, ended
        if result.outcome is Outcome.HANDED_OVER:
            assert result.score is not None
            assert result.score["drops"] == 0
            return
    pytest.fail(f"not handed over: {ended}")
