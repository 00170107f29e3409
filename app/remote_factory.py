"""Builds back ends that are on another machine (`perception.remote`).

The rule: with a url, every back end that would load weights in this process is that machine's. Simulated and
geometric ones stay here, and so does a VLM behind OpenAI's interface, which is on another machine as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from app.order import Order
from perception.keypoints import KeypointEstimator
from perception.options import PerceptionOptions
from perception.protocols import ObjectDetector, Segmenter, VisionLanguageModel
from perception.remote.options import RemoteOptions
from planning.protocols import GraspGenerator

T = TypeVar("T")


def here_or_there(
    here: Callable[[PerceptionOptions], T], there: Callable[[RemoteOptions], T]
) -> Callable[[Order], T]:
    """A builder that follows the rule."""
    return lambda order: choose(order.config.perception, here, there)


def choose(
    options: PerceptionOptions, here: Callable[[PerceptionOptions], T], there: Callable[[RemoteOptions], T]
) -> T:
    """What one of both builds. Raises PerceptionError."""
    return here(options) if options.remote.url is None else there(options.remote)


def detector(options: RemoteOptions) -> ObjectDetector:
    """The detector of another machine."""
    from perception.remote.client import RemoteDetector
    from perception.remote.connection import Connection

    return RemoteDetector(Connection(options))


def segmenter(options: RemoteOptions) -> Segmenter:
    """The segmenter of another machine."""
    from perception.remote.client import RemoteSegmenter
    from perception.remote.connection import Connection

    return RemoteSegmenter(Connection(options))


def keypoints(options: RemoteOptions) -> KeypointEstimator:
    """The pose models of another machine."""
    from perception.remote.client import RemoteKeypoints
    from perception.remote.connection import Connection

    return RemoteKeypoints(Connection(options))


def vlm(options: RemoteOptions) -> VisionLanguageModel | None:
    """The vision-language model of another machine."""
    from perception.remote.client import RemoteVlm
    from perception.remote.connection import Connection

    return RemoteVlm(Connection(options))


def grasps(options: RemoteOptions) -> GraspGenerator:
    """The grasp network of another machine."""
    from perception.remote.connection import Connection
    from planning.remote_grasps import RemoteGrasps

    return RemoteGrasps(Connection(options))
