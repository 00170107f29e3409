"""A language model and a detector of parts, both played from the truth of simulated frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hardware.types import InstanceTruth, RGBDFrame, SceneTruth
from perception.errors import NotFound, VlmError
from perception.options import DetectorOptions, SimulatedPerceptionOptions
from perception.part_box import OF, asked_object
from perception.prompt import plain_name
from perception.simulated import box_of, plain, truth_of
from perception.simulated_vlm import CANNED, FrameMemory, part_ids
from perception.types import Box, Detection, Message, Reply

_PHRASES = ('{{"part": "{part}"}}', '```json\n{{"part": "{part}"}}\n```', "The {part}.", "Part: {part}")


class SimulatedPartVlm:
    """A VisionLanguageModel that knows which parts the robot may hold, and names the one that shows most."""

    name = "simulated language model"

    def __init__(
        self, memory: FrameMemory, options: SimulatedPerceptionOptions, rng: np.random.Generator
    ) -> None:
        self._memory, self._options, self._rng = memory, options, rng
        self._asked = 0

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The part, in words; the person's instead, or none, when told to be wrong. Raises VlmError for an
        object it never saw.
        """
        self._asked += 1
        fault = self._options.vlm_fault if self._asked <= self._options.vlm_faulty_replies else "none"
        if fault == "unreachable":
            raise VlmError("the simulated model was told not to answer")
        if fault in CANNED:
            return Reply(CANNED[fault], self.name)
        label, truth = asked_object(messages), self._memory.newest()
        if label is None or truth is None:
            raise VlmError("the simulated language model is asked for parts of simulated objects only")
        number, thing = _named(truth, label)
        role = thing.human_part if fault == "swapped" else thing.robot_part
        seen = truth.parts[truth.instances == number]
        part = max(_names(role), key=lambda name: np.count_nonzero(np.isin(seen, part_ids(thing, name))))
        phrase = _PHRASES[int(self._rng.integers(len(_PHRASES)))]
        return Reply(phrase.format(part=part), self.name)


class SimulatedPartDetector:
    """An ObjectDetector that knows where "part of the object" is."""

    name = "simulated part detector"

    def __init__(
        self, options: SimulatedPerceptionOptions, rng: np.random.Generator, limits: DetectorOptions
    ) -> None:
        self._options, self._rng, self._limits = options, rng, limits

    def detect(self, frame: RGBDFrame, label: str) -> Detection:
        """The box of the part's visible pixels, jittered. Raises NotFound."""
        truth = truth_of(frame, self.name)
        part, _, whole = label.partition(OF)
        number, thing = _named(truth, whole)
        mask = (truth.instances == number) & np.isin(truth.parts, part_ids(thing, part))
        if not mask.any():
            known = tuple(f"{name}{OF}{thing.label}" for name in thing.parts.values())
            raise NotFound(label, 0.0, self._limits.score_threshold, known)
        sides = np.array(box_of(mask)) + self._rng.normal(0.0, self._options.box_jitter_px, 4)
        return Detection(label, 0.8, _ordered(sides), None, self.name)


def _ordered(sides: np.ndarray) -> Box:
    x0, y0, x1, y1 = (float(side) for side in sides)
    return (x0, y0, max(x1, x0 + 1.0), max(y1, y0 + 1.0))


def _names(role: str) -> list[str]:
    return [name.strip() for name in role.split(",")]


def _named(truth: SceneTruth, label: str) -> tuple[int, InstanceTruth]:
    """The object called `label` that shows most. Raises VlmError."""
    wanted = plain(plain_name(label))
    numbers = [n for n, thing in truth.objects.items() if plain(plain_name(thing.label)) == wanted]
    if not numbers:
        raise VlmError(f"no simulated object is called {label!r}")
    number = max(numbers, key=lambda n: (np.count_nonzero(truth.instances == n), -n))
    return number, truth.objects[number]
