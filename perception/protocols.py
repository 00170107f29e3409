"""What every perception back end must do; each call may take seconds and runs in the worker, never in a
tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from hardware.types import FloatArray, RGBDFrame
from perception.types import Affordances, Detection, HumanPose, Message, Regions, Reply


@runtime_checkable
class ObjectDetector(Protocol):
    """Finds one named object."""

    name: str

    def detect(self, frame: RGBDFrame, label: str) -> Detection:
        """The best match with its box (mask None). Raises NotFound with the best score seen."""
        ...


@runtime_checkable
class Segmenter(Protocol):
    """Cuts the object out of its box."""

    name: str

    def segment(self, frame: RGBDFrame, detection: Detection) -> Detection:
        """The same detection with its mask. Raises SegmentationFailed."""
        ...


@runtime_checkable
class VisionLanguageModel(Protocol):
    """Answers questions about pictures in text."""

    name: str

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's answer. Raises VlmError when it could not be had."""
        ...


@runtime_checkable
class Interruptible(Protocol):
    """A back end whose call can be ended early; not every back end can."""

    def interrupt(self) -> None:
        """Make the call that runs raise at once; without one nothing happens. Any thread; does not wait."""
        ...


@runtime_checkable
class RegionGrounder(Protocol):
    """Decides where a person and where the robot would hold the object."""

    name: str

    def ground(self, frame: RGBDFrame, detection: Detection) -> Regions:
        """Two disjoint regions on the object. Raises RegionsNotFound (or VlmError, VlmParseError)."""
        ...


@runtime_checkable
class AffordanceSegmenter(Protocol):
    """Says pixel by pixel what the parts of an object are good for."""

    name: str

    def affordances(self, frame: RGBDFrame, detection: Detection) -> Affordances:
        """Class and masks of the segmented object. Raises UnknownClass, or PerceptionError without an
        answer.
        """
        ...


@runtime_checkable
class ContactMapper(Protocol):
    """Says where on an object a person's hand goes."""

    name: str

    def contacts(self, frame: RGBDFrame, detection: Detection) -> FloatArray:
        """How surely, 0..1, (H, W) of the frame; only pixels of the object count. Raises PerceptionError
        without an answer.
        """
        ...


class MapNetwork(AffordanceSegmenter, ContactMapper, Protocol):
    """Draws whichever of both a method asks for."""


@runtime_checkable
class HumanTracker(Protocol):
    """Follows the person who asked."""

    name: str

    def latest(self, max_age_s: float) -> HumanPose:
        """The newest pose; never blocks long. Raises HumanLost when nobody was seen within `max_age_s`."""
        ...
