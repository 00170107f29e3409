"""A vision-language model played from the truth of simulated frames: it answers in text, wrongly on
request.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from hardware.types import BoolArray, FloatArray, InstanceTruth, IntArray, RGBDFrame, SceneTruth
from perception.errors import VlmError
from perception.grid import backward_label, cell_shares, grid_cells
from perception.options import SimulatedPerceptionOptions, VlmFault
from perception.prompt import asked_count, listed_cells
from perception.types import Message, Picture, Reply

DEFAULT_COUNT = 3
_PHRASES = (
    '{{"human": [{human}], "robot": [{robot}]}}',
    '```json\n{{"human": [{human}], "robot": [{robot}]}}\n```',
    "The person should use the object right away.\n\n**Human cells:** {human}\n**Robot cells:** {robot}",
    "Human: {human}. Robot: {robot}.",
)
CANNED: dict[VlmFault, str] = {
    "malformed": "The handle is for the person and the other end is for the robot.",
    "refusal": "I'm sorry, but I can't help with choosing regions in this picture.",
    "empty": "",
}


class FrameMemory:
    """The last frames that passed by, found again by their stamps."""

    def __init__(self, size: int = 16) -> None:
        self._frames: OrderedDict[float, RGBDFrame] = OrderedDict()
        self._size = size

    def remember(self, frame: RGBDFrame) -> None:
        """Keep a frame; the oldest is dropped when there are too many."""
        self._frames[frame.stamp_s] = frame
        self._frames.move_to_end(frame.stamp_s)
        while len(self._frames) > self._size:
            self._frames.popitem(last=False)

    def newest(self) -> SceneTruth | None:
        """The truth of the frame that passed by last."""
        return next(reversed(self._frames.values())).truth if self._frames else None

    def truth_at(self, stamp_s: float) -> SceneTruth | None:
        """The truth of the frame taken at `stamp_s`; None for an unknown frame or one without truth."""
        frame = self._frames.get(stamp_s)
        return frame.truth if frame else None


class SimulatedVlm:
    """A VisionLanguageModel that knows the parts of the object in the picture it is shown."""

    name = "simulated vlm"

    def __init__(
        self, memory: FrameMemory, options: SimulatedPerceptionOptions, rng: np.random.Generator
    ) -> None:
        self._memory, self._options, self._rng = memory, options, rng
        self._asked = 0

    def ask(self, messages: Sequence[Message]) -> Reply:
        """An answer about the last picture in `messages`. Raises VlmError without one or without its
        truth.
        """
        self._asked += 1
        fault: VlmFault = "none"
        if self._asked <= self._options.vlm_faulty_replies:
            fault = self._options.vlm_fault
        if fault == "unreachable":
            raise VlmError("the simulated model was told not to answer")
        picture, listed = _last_picture(messages)
        count = next((n for message in messages if (n := asked_count(message.text))), DEFAULT_COUNT)
        truth = self._memory.truth_at(picture.stamp_s)
        if truth is None:
            raise VlmError(f"the simulated model never saw the frame of {picture.stamp_s:.3f} s")
        if fault in CANNED:
            return Reply(CANNED[fault], self.name)
        n = picture.grid_n
        if picture.backward:
            listed = _backward(listed, n)
        human, robot = self._faulty(fault, *choose_cells(truth, picture, listed, count), listed, n)
        if picture.backward:
            human, robot = list(_backward(human, n)), list(_backward(robot, n))
        phrase = _PHRASES[int(self._rng.integers(len(_PHRASES)))]
        text = phrase.format(human=", ".join(map(str, human)), robot=", ".join(map(str, robot)))
        return Reply(text, self.name)

    def _faulty(
        self, fault: VlmFault, human: list[int], robot: list[int], listed: tuple[int, ...], n: int
    ) -> tuple[list[int], list[int]]:
        if fault == "overlapping":
            return human, [human[0], *robot[1:]]
        if fault == "out_of_range":
            return [*human[:-1], n * n + 1 + int(self._rng.integers(n * n))], robot
        if fault == "background":
            empty = [label for label in range(1, n * n + 1) if label not in listed]
            return [*human[:-1], int(self._rng.choice(empty or [n * n + 1]))], robot
        if fault == "swapped":
            return robot, human
        return human, robot


def _backward(labels: Sequence[int], n: int) -> tuple[int, ...]:
    return tuple(backward_label(label, n) for label in labels)


def choose_cells(
    truth: SceneTruth, picture: Picture, allowed: tuple[int, ...], count: int
) -> tuple[list[int], list[int]]:
    """The labels of the cells that show most of the human part and of the robot part, disjoint, among
    `allowed` (all when empty).

    Cells without any of a part come last, the nearest to it first. Raises VlmError when the picture shows
    no object or too few cells are allowed.
    """
    cells = grid_cells(picture.source_box, picture.grid_n)
    number, instance = _shown(truth, cells)
    seen = truth.instances == number
    usable = [label - 1 for label in allowed] or list(np.flatnonzero(cell_shares(cells, seen) > 0.0))
    if len(usable) < 2 * count:
        raise VlmError(f"the simulated model sees {instance.label!r} in {len(usable)} cells only")
    masks = [
        seen & np.isin(truth.parts, part_ids(instance, names))
        for names in (instance.human_part, instance.robot_part)
    ]
    human_share, robot_share = (cell_shares(cells, mask) for mask in masks)
    human = _best(human_share - 0.5 * robot_share, masks[0], cells, usable, count)
    left = [i for i in usable if i not in human]
    robot = _best(robot_share - 0.5 * human_share, masks[1], cells, left, count)
    return [i + 1 for i in human], [i + 1 for i in robot]


def part_ids(instance: InstanceTruth, names: str) -> list[int]:
    """The part ids of a comma-separated list of part names."""
    wanted = {name.strip() for name in names.split(",")}
    return [number for number, name in instance.parts.items() if name in wanted]


def _best(score: FloatArray, mask: BoolArray, cells: IntArray, usable: list[int], count: int) -> list[int]:
    """The `count` usable cells with the highest score; the nearest to the part's middle first where it is not
    seen.
    """
    pixels = np.argwhere(mask)[:, ::-1]
    middle = pixels.mean(axis=0) if len(pixels) else (cells[0, :2] + cells[-1, 2:]) / 2.0
    away = np.linalg.norm((cells[:, :2] + cells[:, 2:]) / 2.0 - middle, axis=1)
    return sorted(usable, key=lambda i: (-max(float(score[i]), 0.0), float(away[i]), i))[:count]


def _shown(truth: SceneTruth, cells: IntArray) -> tuple[int, InstanceTruth]:
    """The object the box of `cells` fits best."""
    x0, y0, x1, y1 = (int(v) for v in (*cells[0, :2], *cells[-1, 2:]))
    inside = truth.instances[max(y0, 0) : y1, max(x0, 0) : x1]
    fits = {
        number: np.count_nonzero(inside == number)
        / np.count_nonzero(truth.instances == number)
        * np.count_nonzero(inside == number)
        for number in truth.objects
        if np.any(inside == number)
    }
    if not fits:
        raise VlmError("the simulated model sees no object in the picture")
    number = max(fits, key=lambda key: (fits[key], -key))
    return number, truth.objects[number]


def _last_picture(messages: Sequence[Message]) -> tuple[Picture, tuple[int, ...]]:
    for message in reversed(messages):
        if message.pictures:
            return message.pictures[-1], listed_cells(message.text)
    raise VlmError("the simulated model was asked without a picture")
