"""Builds the learned back ends of perception; each loads its packages and weights when it is built.

All raise a PerceptionError that says what to install, pull or set.
"""

from __future__ import annotations

from collections.abc import Callable

from hardware.clock import SystemClock
from perception.keypoints import KeypointEstimator
from perception.models.person import PersonFinder
from perception.models.pose import PoseModel
from perception.options import PerceptionOptions
from perception.protocols import ObjectDetector, Segmenter, VisionLanguageModel


def owlvit(options: PerceptionOptions) -> ObjectDetector:
    """OWL-ViT or OWLv2."""
    from perception.models.owlvit import OwlVitDetector

    return OwlVitDetector(options.models.owlvit, options.detector, options.weights)


def sam(options: PerceptionOptions) -> Segmenter:
    """Segment Anything from a file of segment-anything."""
    from perception.models.sam import SamSegmenter

    return SamSegmenter(options.models.sam, options.detector, options.weights)


def sam_transformers(options: PerceptionOptions) -> Segmenter:
    """Segment Anything from a folder of transformers."""
    from perception.models.sam import SamTransformersSegmenter

    return SamTransformersSegmenter(options.models.sam_transformers, options.detector, options.weights)


def person_detector(options: PerceptionOptions) -> PersonFinder:
    """RT-DETR, or another detector of fixed classes."""
    from perception.models.person import PersonDetector

    return PersonDetector(options.models.person, options.weights)


def vitpose(options: PerceptionOptions) -> PoseModel:
    """ViTPose."""
    from perception.models.vitpose import VitPose

    return VitPose(options.models.vitpose, options.weights)


def alphapose(options: PerceptionOptions) -> PoseModel:
    """AlphaPose's FastPose."""
    from perception.models.alphapose import AlphaPose

    return AlphaPose(options.models.alphapose, options.weights)


def keypoints(
    pose: Callable[[PerceptionOptions], PoseModel], options: PerceptionOptions
) -> KeypointEstimator:
    """The pose model on the people a detector finds, one of whom is followed."""
    return followers(pose, options)()


def followers(
    pose: Callable[[PerceptionOptions], PoseModel], options: PerceptionOptions
) -> Callable[[], KeypointEstimator]:
    """Makes estimators over the same networks, each following a person of its own."""
    from perception.models.pose import PersonKeypoints

    finder, network = person_detector(options), pose(options)
    return lambda: PersonKeypoints(finder, network, options.models.person, options.tracker)


def server_vlm(options: PerceptionOptions) -> VisionLanguageModel:
    """A vision-language model behind OpenAI's interface, with the replies it gave before."""
    from perception.vlm.cache import remembering
    from perception.vlm.openai_server import OpenAiServer, server_identity

    def build() -> VisionLanguageModel:
        return OpenAiServer(options.vlm, options.grid.asks, SystemClock())

    return remembering(build, server_identity(options.vlm), options.vlm)


def local_vlm(options: PerceptionOptions) -> VisionLanguageModel:
    """A vision-language model in this process, with the replies it gave before."""
    from perception.vlm.cache import remembering
    from perception.vlm.local import LocalVlm, local_identity

    def build() -> VisionLanguageModel:
        return LocalVlm(options, SystemClock())

    return remembering(build, local_identity(options), options.vlm)
