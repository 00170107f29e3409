"""The back ends' protocols, answered by the models of another machine; nothing here needs PyTorch."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace

from hardware.types import RGBDFrame
from perception.errors import VlmError
from perception.keypoints import Keypoints2D
from perception.models import errors as _models  # noqa: F401  # failures travel as their classes
from perception.remote import coding
from perception.remote.connection import DETECTOR, KEYPOINTS, SEGMENTER, VLM, Connection
from perception.remote.errors import RemoteError
from perception.remote.wire import Parcel
from perception.types import Detection, Message, Reply
from perception.vlm import errors as _vlm  # noqa: F401  # these too
from perception.vlm.waiting import Waiting


class RemoteDetector:
    """An ObjectDetector; only colour travels."""

    def __init__(self, connection: Connection) -> None:
        """Raises RemoteError when the server cannot be reached or does not serve a detector."""
        self.name = connection.name_of(DETECTOR)
        self._connection = connection

    def detect(self, frame: RGBDFrame, label: str) -> Detection:
        """The best match. Raises NotFound with the best score seen, or RemoteError."""
        parcel = coding.frame_parcel(frame, colour=self._connection.options.colour, depth=False)
        answer, _ = self._connection.call(DETECTOR, Parcel({**parcel.plain, "label": label}, parcel.arrays))
        return replace(coding.detection_of(answer.plain.get("detection")), source=self.name)


class RemoteSegmenter:
    """A Segmenter; only colour travels."""

    def __init__(self, connection: Connection) -> None:
        """Raises RemoteError when the server cannot be reached or does not serve a segmenter."""
        self.name = connection.name_of(SEGMENTER)
        self._connection = connection

    def segment(self, frame: RGBDFrame, detection: Detection) -> Detection:
        """The same detection with its mask. Raises SegmentationFailed, or RemoteError."""
        parcel = coding.frame_parcel(frame, colour=self._connection.options.colour, depth=False)
        plain = {**parcel.plain, "detection": coding.detection_plain(detection)}
        answer, _ = self._connection.call(SEGMENTER, Parcel(plain, parcel.arrays))
        return coding.segmented_of(answer)


class RemoteKeypoints:
    """A KeypointEstimator; depth travels too, it tells people apart."""

    def __init__(self, connection: Connection) -> None:
        """Raises RemoteError when the server cannot be reached or does not serve keypoints."""
        self.name = connection.name_of(KEYPOINTS)
        self._connection = connection

    def estimate(self, frame: RGBDFrame) -> Keypoints2D | None:
        """The person's keypoints or None. Raises HumanLost with the reason, or RemoteError."""
        parcel = coding.frame_parcel(frame, colour=self._connection.options.colour, depth=True)
        answer, _ = self._connection.call(KEYPOINTS, parcel)
        found = coding.keypoints_of(answer)
        return None if found is None else replace(found, source=self.name)


class RemoteVlm:
    """A VisionLanguageModel that can be interrupted; its time and its cache are the server's affair."""

    def __init__(self, connection: Connection) -> None:
        """Raises RemoteError when the server cannot be reached or does not serve a VLM."""
        self.name = connection.name_of(VLM)
        self._connection, self._waiting = connection, Waiting(self.name)
        self._call = ""

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's answer. Raises VlmError, whatever went wrong on the way."""
        call = self._call = secrets.token_hex(8)
        parcel = coding.question_parcel(messages)
        try:
            answer, size = self._waiting.run(
                lambda: self._connection.call(VLM, parcel, call), self._connection.options.timeout_s
            )
            reply = coding.reply_of(answer)
        except RemoteError as error:
            raise VlmError(str(error)) from error
        return replace(reply, source=f"{reply.source} at {self._connection.host}", bytes_sent=size)

    def interrupt(self) -> None:
        """Give up the question that runs, here and there; without one nothing happens."""
        self._waiting.interrupt()
        threading.Thread(target=self._connection.interrupt, args=(VLM, self._call), daemon=True).start()
