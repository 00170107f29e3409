"""From a picture to two regions, with whatever is configured that needs no depth and no simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from app.factory import DETECTORS, SEGMENTERS, VLMS
from app.models.needed import LEARNED
from app.options import Config
from app.order import Order
from app.record.conversation import Conversation
from hardware.types import RGBDFrame
from perception.errors import PerceptionError
from perception.grounding import GridGrounder, GridView, first_messages, numbered_grid
from perception.protocols import ObjectDetector, Segmenter, VisionLanguageModel
from perception.types import Box, Detection, HandoverRequest, Message, Regions, Reply

NO_DETECTOR = (
    "no detector for pictures without depth is configured, so the grid lies on the whole picture; set "
    "--back-ends.detector owlvit (weights: `handover models pull owlvit`), or say --box X0 Y0 X1 Y1"
)
NO_SEGMENTER = (
    "no segmenter for pictures without depth is configured, so all of the box counts as the object; set "
    "--back-ends.segmenter sam (weights: `handover models pull sam_vit_b`)"
)
NO_VLM = (
    "no vision-language model for real pictures is configured, so there are no regions; set --back-ends.vlm "
    "openai (key in OPENAI_API_KEY, or --perception.vlm.base-url of a server of your own) or local (weights: "
    "`handover models pull vlm_local`)"
)


@dataclass
class Grounding:
    """What was found so far; failure says what ended it early, notes what is not configured."""

    frame: RGBDFrame
    label: str
    detection: Detection | None = None
    grid: GridView | None = None
    regions: Regions | None = None
    replies: list[Reply] = field(default_factory=list)
    back_ends: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failure: str = ""


class Recorded:
    """A VisionLanguageModel whose conversation is kept."""

    def __init__(self, vlm: VisionLanguageModel, conversation: Conversation, replies: list[Reply]) -> None:
        self.name = vlm.name
        self._vlm, self._conversation, self._replies = vlm, conversation, replies

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's answer. Raises VlmError."""
        self._conversation.asked(tuple(messages))
        try:
            reply = self._vlm.ask(messages)
        except PerceptionError as error:
            self._conversation.refused(str(error))
            raise
        self._conversation.answered(reply)
        self._replies.append(reply)
        return reply


def ground(
    frame: RGBDFrame, request: HandoverRequest, box: Box | None, config: Config, conversation: Conversation
) -> Grounding:
    """Box, mask, grid and regions of the object asked for.

    Raises HandoverError for a back end that cannot be built; what a back end does not find ends up in
    `failure`.
    """
    found, options = Grounding(frame, request.label), config.perception.grid
    order = Order(config, request, np.random.default_rng(0))
    detector = None if box is not None else _detector(order)
    segmenter, vlm = _segmenter(order), _vlm(order)
    found.back_ends = {
        "detector": detector.name if detector else "none",
        "segmenter": segmenter.name if segmenter else "none",
        "vlm": vlm.name if vlm else "none",
    }
    found.notes = [
        note
        for note, lacking in (
            (NO_DETECTOR, detector is None and box is None),
            (NO_SEGMENTER, segmenter is None),
            (NO_VLM, vlm is None),
        )
        if lacking
    ]
    try:
        boxed = detector.detect(frame, found.label) if detector else _given(frame, found.label, box)
        found.detection = segmenter.segment(frame, boxed) if segmenter else _filled(frame, boxed)
        found.grid = numbered_grid(frame, found.detection, options.n, options=options)
        if vlm is None:
            conversation.asked(first_messages(request.label, found.grid, options))
        else:
            recorded = Recorded(vlm, conversation, found.replies)
            found.regions = GridGrounder(recorded, options).ground(frame, found.detection)
    except PerceptionError as error:
        found.failure = str(error)
    return found


def _detector(order: Order) -> ObjectDetector | None:
    name = order.config.back_ends.detector
    return DETECTORS[name](order) if ("detector", name) in LEARNED else None


def _segmenter(order: Order) -> Segmenter | None:
    name = order.config.back_ends.segmenter
    return SEGMENTERS[name](order) if ("segmenter", name) in LEARNED else None


def _vlm(order: Order) -> VisionLanguageModel | None:
    name = order.config.back_ends.vlm
    return VLMS[name](order) if name == "openai" or ("vlm", name) in LEARNED else None


def _given(frame: RGBDFrame, label: str, box: Box | None) -> Detection:
    """The box the user gave, or else the whole picture."""
    if box is not None:
        return Detection(label, 1.0, box, None, "the box as given")
    width, height = frame.intrinsics.width, frame.intrinsics.height
    return Detection(label, 1.0, (0.0, 0.0, float(width), float(height)), None, "the whole picture")


def _filled(frame: RGBDFrame, boxed: Detection) -> Detection:
    """The detection with all of its box as mask."""
    mask = np.zeros(frame.rgb.shape[:2], dtype=np.bool_)
    x0, y0, x1, y1 = boxed.box
    mask[int(np.floor(y0)) : int(np.ceil(y1)), int(np.floor(x0)) : int(np.ceil(x1))] = True
    return replace(boxed, mask=mask)
