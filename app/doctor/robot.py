"""Examines the arm: at rest through a process of its own, then, where asked, moving through its driver."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict

from app.doctor.clocks import ClockWatch
from app.doctor.findings import Finding
from app.doctor.moves import gripper_findings, stop_finding
from app.options import Config
from app.robot_factory import LoneArm, arm_to_examine
from hardware.driver.client import environment
from hardware.driver.remote import RemoteArm, RemoteGripper
from hardware.errors import HardwareError
from hardware.kinova.options import KinovaOptions

DEVICE = "robot"
WITHIN_S = 30.0
"""The arm is looked at within this time, or it hangs."""


def robot_findings(config: Config, *, move: bool) -> Iterator[Finding]:
    """All checks of the arm; `move` moves it a little, but not where a check before has failed.

    Raises HardwareError.
    """
    watch, failed = ClockWatch(), False
    with arm_to_examine(config) as arm:
        for finding in still_findings(arm.options):
            failed |= finding.state == "FAIL"
            yield finding
        yield watch.finding(DEVICE)
        if move and failed:
            yield Finding(DEVICE, "moving", "FAIL", "not tried: mend first what failed above")
        elif move:
            yield from moving_findings(arm)


def still_findings(options: KinovaOptions) -> Iterator[Finding]:
    """What `hardware.kinova.report` says in the interpreter that has Kinova's client."""
    words = [options.driver.python or sys.executable, "-m", "hardware.kinova.report"]
    try:
        done = subprocess.run(
            [*words, json.dumps(asdict(options))],
            env=environment(foreign=options.driver.python is not None),
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HardwareError(f"looking at the arm took more than {WITHIN_S:g} s; restart the arm") from None
    except OSError as error:
        raise HardwareError(
            f"the interpreter of the driver cannot be started ({error}); see kinova.driver.python"
        ) from error
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for line in lines:
        yield Finding(DEVICE, line["subject"], line["state"], line["detail"])
    if done.returncode != 0 or not lines:
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        raise HardwareError(f"looking at the arm ended with exit code {done.returncode}: {last}")


def moving_findings(arm: LoneArm) -> Iterator[Finding]:
    """The gripper opens and closes, the arm stops in mid-motion: through the driver process, as in a run."""
    with arm.driver as driver:
        yield Finding(DEVICE, "driver", "OK", driver.name)
        yield from gripper_findings(DEVICE, RemoteGripper(driver), arm.clock)
        yield stop_finding(DEVICE, RemoteArm(driver), arm.clock)
