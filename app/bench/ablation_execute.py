"""Carries out one grasp on the simulated robot: approach, close, lift, hold; friction alone keeps it."""

from __future__ import annotations

from app.bench.trials import Trial
from app.options import Config
from hardware.protocols import Clock, Motion
from planning.errors import PlanningError
from planning.held import held_object
from planning.pick import plan_grasp
from planning.types import Grasp, GraspView

HELD, SLIPPED, MISSED, UNREACHABLE, BROKEN_OFF = "held", "slipped", "missed", "unreachable", "broken off"
HOLD_S = 1.0
_POLL_S = 0.02
_LONGEST_S = 30.0


def execute(trial: Trial, config: Config, grasp: Grasp, view: GraspView) -> str:
    """The outcome in the same scene built anew: held after `HOLD_S`, slipped after the lift had begun,
    missed, unreachable (no collision-free way there or up), or broken off by arm or gripper.

    config: that of the trial. The delivery is not asked for: this is about the grasp.
    """
    from app.factory import build
    from perception.types import HandoverRequest

    assembly = build(config, HandoverRequest(trial.label), trial.seed)
    services, grip = assembly.services, config.tree.grip
    robot, score = services.robot, assembly.score
    assert score is not None  # what a simulated robot has
    with robot:
        held = held_object(trial.label, grasp, view)
        start = robot.arm.state().joints
        try:
            plan = plan_grasp(services.planner, grasp, held, start, config.scene, (), None, (), config.motion)
        except PlanningError:
            return UNREACHABLE
        steps = (
            lambda: robot.gripper.move(grip.open_m, grip.force_n),
            lambda: robot.arm.follow(plan.approach),
            lambda: robot.gripper.move(0.0, grip.force_n),
            lambda: robot.arm.follow(plan.lift),
        )
        for step in steps:
            if not _succeeds(step(), robot.clock):
                return BROKEN_OFF
        robot.clock.sleep(HOLD_S)
        report = score()
    if report["outcome"] == "in_gripper" and report["lifted_s"] is not None:
        return HELD
    return SLIPPED if report["lifted_s"] is not None else MISSED


def _succeeds(motion: Motion, clock: Clock) -> bool:
    deadline_s = clock.now() + _LONGEST_S
    while (status := motion.poll()).running:
        if clock.now() > deadline_s:
            motion.cancel()
            return False
        clock.sleep(_POLL_S)
    return status.state.name == "SUCCEEDED"
