"""What a server answers for each of the protocols, from any back end that has it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from perception.keypoints import KeypointEstimator
from perception.protocols import Interruptible, ObjectDetector, Segmenter, VisionLanguageModel
from perception.remote import coding
from perception.remote.errors import Malformed
from perception.remote.server import Endpoint
from perception.remote.wire import Parcel

SESSIONS = 8
T = TypeVar("T")


class Sessions(Generic[T]):
    """Something of its own for each of the last few callers."""

    def __init__(self, new: Callable[[], T]) -> None:
        self._new = new
        self._known: OrderedDict[str, T] = OrderedDict()

    def of(self, session: str) -> T:
        """What belongs to a caller; new for one not heard of for long."""
        if session not in self._known:
            self._known[session] = self._new()
        self._known.move_to_end(session)
        while len(self._known) > SESSIONS:
            self._known.popitem(last=False)
        return self._known[session]


def detector_endpoint(detector: ObjectDetector) -> Endpoint:
    """Finds the object a request names in its frame."""

    def answer(parcel: Parcel, session: str) -> Parcel:
        label = parcel.plain.get("label")
        if not isinstance(label, str):
            raise Malformed("a label is needed")
        return Parcel({"detection": coding.detection_plain(detector.detect(coding.frame_of(parcel), label))})

    return Endpoint(detector.name, answer)


def segmenter_endpoint(segmenter: Segmenter) -> Endpoint:
    """Cuts a request's detection out of its frame."""

    def answer(parcel: Parcel, session: str) -> Parcel:
        detection = coding.detection_of(parcel.plain.get("detection"))
        return coding.segmented_parcel(segmenter.segment(coding.frame_of(parcel), detection))

    return Endpoint(segmenter.name, answer)


def keypoints_endpoint(name: str, new: Callable[[], KeypointEstimator]) -> Endpoint:
    """Follows a person for each caller: `new` makes an estimator that follows nobody yet, over the same
    networks.
    """
    estimators = Sessions(new)

    def answer(parcel: Parcel, session: str) -> Parcel:
        return coding.keypoints_parcel(estimators.of(session).estimate(coding.frame_of(parcel)))

    return Endpoint(name, answer)


def vlm_endpoint(vlm: VisionLanguageModel) -> Endpoint:
    """Answers a request's question."""

    def answer(parcel: Parcel, session: str) -> Parcel:
        return coding.reply_parcel(vlm.ask(coding.question_of(parcel)))

    def interrupt() -> None:
        if isinstance(vlm, Interruptible):
            vlm.interrupt()

    return Endpoint(vlm.name, answer, interrupt)
