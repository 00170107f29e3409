"""Where back ends are chosen: from the configuration to everything a run needs.

A back end is imported when it is chosen, so that a run loads only what it uses. Each table below lists the
back ends of one step under the names `back_ends` of the configuration allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app import model_factory, remote_factory
from app.assembly import Assembly, DrawnCamera, Voice
from app.errors import UsageError
from app.gate import is_real
from app.jobs import JobLog, Lane
from app.method_factory import Parts, own_grounder
from app.methods import METHODS, asks_grid, has_own_grounder
from app.options import Config
from app.order import Devices, Order
from app.remote_factory import here_or_there
from app.robot_factory import ROBOTS, within_limits
from behaviours.governed import GovernedArm
from behaviours.services import Services
from hardware.executor import InlineExecutor, ThreadExecutor
from hardware.protocols import JobExecutor
from perception.keypoints import KeypointEstimator
from perception.models.pose import PoseModel
from perception.options import PerceptionOptions
from perception.protocols import HumanTracker, ObjectDetector, Segmenter, VisionLanguageModel
from perception.types import HandoverRequest
from planning.protocols import GraspGenerator, MotionPlanner
from trees.options import MissionOptions

EYES = ("detector", "segmenter", "vlm", "human")
"""The back ends that look at pictures."""


def build(
    config: Config,
    request: HandoverRequest,
    seed: int,
    *,
    realtime: bool = False,
    object_file: Path | None = None,
    journal: Path | None = None,
) -> Assembly:
    """Everything of one run. Raises HandoverError for what cannot be built: an unknown object, a bad file,
    a real arm with eyes that look into the simulation.

    seed drives everything random; realtime and object_file are for the simulation. journal: file of the
    arm's driver process; its folder must exist when the run begins.
    """
    _check_eyes(config)
    config = within_limits(config)
    order = Order(config, request, np.random.default_rng(seed), realtime, object_file, journal)
    names, jobs = config.back_ends, JobLog()
    devices = ROBOTS[names.robot](order)
    executors = {lane: _executor(devices.live, jobs, lane) for lane in Lane}
    voice = Voice(devices.robot.announcer)
    workers = tuple(worker for worker in executors.values() if isinstance(worker, ThreadExecutor))
    plain = devices.robot
    arm = GovernedArm(plain.arm, plain.gripper, plain.clock, config.planning.safety, plain.watch)
    robot = replace(plain, arm=arm, announcer=voice, connections=(*plain.connections, *workers))
    if not devices.live:
        robot = replace(robot, camera=DrawnCamera(robot.camera, jobs))
    detector = DETECTORS[names.detector](order)
    services = Services(
        robot=robot,
        detector=detector,
        segmenter=SEGMENTERS[names.segmenter](order),
        vlm=VLMS[names.vlm](order) if asks_grid(config) else None,
        shape_grounder=_shape_grounder(),
        human=HUMANS[names.human](order, devices, executors[Lane.TRACKER]),
        grasps=GRASPS[names.grasps](order),
        planner=PLANNERS[names.planner](order, devices),
        executor=executors[Lane.TREE],
        beside=executors[Lane.BESIDE],
        rng=order.rng,
        grounder=own_grounder(Parts(order, detector, VLMS[names.vlm])),
    )
    regions = services.grounder or services.shape_grounder
    return Assembly(
        services=services,
        mission=mission_options(config),
        back_ends={
            "robot": names.robot,
            "detector": services.detector.name,
            "segmenter": services.segmenter.name,
            "vlm": services.vlm.name if services.vlm else "none",
            "regions" if services.grounder else "fallback": regions.name,
            "grasps": services.grasps.name,
            "human": services.human.name,
            "planner": services.planner.name,
        },
        live=devices.live,
        voice=voice,
        jobs=jobs,
        score=devices.score,
        world=devices.world,
    )


def _check_eyes(config: Config) -> None:
    """A real arm sees by its camera: what reads the simulator's truth would find nothing, nor anybody."""
    names = config.back_ends
    blind = [step for step in EYES if getattr(names, step) == "simulated"]
    if is_real(config) and blind:
        raise UsageError(
            f"the real arm cannot go by simulated perception ({', '.join(blind)}): choose back_ends that "
            "look at its camera's pictures, such as {detector: owlvit, segmenter: sam, vlm: openai, "
            "human: vitpose}; `handover doctor` tells which can run here"
        )


def mission_options(config: Config) -> MissionOptions:
    """What the tree is built from."""
    return MissionOptions(
        tree=config.tree,
        grid=config.perception.grid,
        planning=config.planning,
        scene=config.scene,
        motion=config.motion,
        ranking=METHODS[config.method].ranking,
        own_grounder=has_own_grounder(config),
    )


def _executor(live: bool, jobs: JobLog, lane: Lane) -> JobExecutor:
    """For one lane's jobs: the person is followed while a plan is being made."""
    record = jobs.recorder(lane)
    return ThreadExecutor(record) if live else InlineExecutor(record)


# Perception -----------------------------------------------------------------------------------------------


def _simulated_detector(order: Order) -> ObjectDetector:
    from perception.simulated import SimulatedDetector

    options = order.config.perception
    return SimulatedDetector(options.simulated, order.rng.spawn(1)[0], order.memory, options.detector)


def _tabletop_detector(order: Order) -> ObjectDetector:
    from perception.tabletop import TabletopDetector

    return TabletopDetector(order.rng.spawn(1)[0], order.config.perception.detector)


def _simulated_segmenter(order: Order) -> Segmenter:
    from perception.simulated import SimulatedSegmenter

    options = order.config.perception
    return SimulatedSegmenter(options.simulated, order.rng.spawn(1)[0], order.memory, options.detector)


def _cluster_segmenter(order: Order) -> Segmenter:
    from perception.cutout import ClusterSegmenter

    return ClusterSegmenter(order.rng.spawn(1)[0], order.config.perception.detector)


def _simulated_vlm(order: Order) -> VisionLanguageModel:
    from perception.simulated_vlm import SimulatedVlm

    return SimulatedVlm(order.memory, order.config.perception.simulated, order.rng.spawn(1)[0])


def _shape_grounder() -> Any:
    from perception.shape_regions import ShapeGrounder

    return ShapeGrounder()


def _simulated_keypoints(order: Order, devices: Devices, executor: JobExecutor) -> HumanTracker:
    from perception.simulated import SimulatedKeypoints

    estimator = SimulatedKeypoints(order.config.perception.simulated, order.rng.spawn(1)[0])
    return _tracker(estimator, order, devices, executor)


def _learned_keypoints(
    pose: Callable[[PerceptionOptions], PoseModel],
    order: Order,
    devices: Devices,
    executor: JobExecutor,
) -> HumanTracker:
    here = partial(model_factory.keypoints, pose)
    estimator = remote_factory.choose(order.config.perception, here, remote_factory.keypoints)
    return _tracker(estimator, order, devices, executor)


def _tracker(
    estimator: KeypointEstimator, order: Order, devices: Devices, executor: JobExecutor
) -> HumanTracker:
    from perception.human import KeypointTracker

    options = order.config.perception.tracker
    return KeypointTracker(devices.tracking_camera, estimator, devices.robot.clock, executor, options)


# Planning -------------------------------------------------------------------------------------------------


def _antipodal_grasps(order: Order) -> GraspGenerator:
    from planning.antipodal import AntipodalGenerator

    return AntipodalGenerator(order.config.planning.antipodal)


def _contact_graspnet(order: Order) -> GraspGenerator:
    def here(options: PerceptionOptions) -> GraspGenerator:
        from planning.contact_graspnet.generator import ContactGraspNetGenerator

        return ContactGraspNetGenerator(order.config.planning.contact_graspnet, options.weights)

    return remote_factory.choose(order.config.perception, here, remote_factory.grasps)


def _roboplan_planner(order: Order, devices: Devices) -> MotionPlanner:
    from planning.motion.planner import RoboplanPlanner

    return RoboplanPlanner(order.config.motion, devices.flange_from_camera)


DETECTORS: Mapping[str, Callable[[Order], ObjectDetector]] = {
    "simulated": _simulated_detector,
    "tabletop": _tabletop_detector,
    "owlvit": here_or_there(model_factory.owlvit, remote_factory.detector),
}
SEGMENTERS: Mapping[str, Callable[[Order], Segmenter]] = {
    "simulated": _simulated_segmenter,
    "cluster": _cluster_segmenter,
    "sam": here_or_there(model_factory.sam, remote_factory.segmenter),
    "sam_transformers": here_or_there(model_factory.sam_transformers, remote_factory.segmenter),
}
VLMS: Mapping[str, Callable[[Order], VisionLanguageModel | None]] = {
    "simulated": _simulated_vlm,
    "none": lambda order: None,
    "openai": lambda order: model_factory.server_vlm(order.config.perception),
    "local": here_or_there(model_factory.local_vlm, remote_factory.vlm),
}
HUMANS: Mapping[str, Callable[[Order, Devices, JobExecutor], HumanTracker]] = {
    "simulated": _simulated_keypoints,
    "vitpose": partial(_learned_keypoints, model_factory.vitpose),
    "alphapose": partial(_learned_keypoints, model_factory.alphapose),
}
GRASPS: Mapping[str, Callable[[Order], GraspGenerator]] = {
    "antipodal": _antipodal_grasps,
    "contact_graspnet": _contact_graspnet,
}
AHEAD = frozenset({"contact_graspnet"})
"""The grasp back ends that are GraspProposers: the tree is drawn without building one. On
another machine they take both steps at once."""
PLANNERS: Mapping[str, Callable[[Order, Devices], MotionPlanner]] = {"roboplan": _roboplan_planner}
