"""Leaves that find the object and decide which part of it is for the person and which for the robot."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from py_trees.common import Status
from scipy.spatial import cKDTree

from behaviours import keys
from behaviours.base import WorkerLeaf
from behaviours.keys import Outcome, SecondOpinion, Unanswered
from hardware.types import FloatArray, RGBDFrame
from perception.cross_check import check_agreement, second_cells
from perception.errors import RegionsNotFound, VlmError, VlmParseError
from perception.grid import grid_cells
from perception.grounding import (
    backward_messages,
    first_messages,
    numbered_grid,
    regions_from_reply,
    repair_messages,
)
from perception.options import GridOptions
from perception.pointcloud import masked_points, without_outliers
from perception.protocols import Interruptible, RegionGrounder, VisionLanguageModel
from perception.types import Detection, HandoverRequest, Message, Regions, Reply
from planning.motion.options import SceneOptions
from planning.scene import clutter_cuboids
from planning.types import Cuboid


class DetectObject(WorkerLeaf):
    """Finds the object asked for, cuts it out, and boxes everything else near it as obstacles."""

    READS = {keys.REQUEST: HandoverRequest, keys.FRAME: RGBDFrame}
    WRITES = {keys.OBJECT: Detection, keys.OBSTACLES: tuple}
    OUTCOME = Outcome.NOT_FOUND

    def __init__(self, name: str, scene: SceneOptions, edge_m: float) -> None:
        super().__init__(name)
        self._scene = scene
        self._edge_m = edge_m

    def job(self) -> Callable[[], tuple[Detection, tuple[Cuboid, ...]]]:
        request: HandoverRequest = self.read(keys.REQUEST)
        frame: RGBDFrame = self.read(keys.FRAME)
        services, scene, edge_m = self.services, self._scene, self._edge_m

        def detect() -> tuple[Detection, tuple[Cuboid, ...]]:
            found = services.segmenter.segment(frame, services.detector.detect(frame, request.label))
            others = points_beside(frame, found, edge_m)
            return found, clutter_cuboids(others, scene.table_top_z_m, scene)

        return detect

    def finish(self, result: tuple[Detection, tuple[Cuboid, ...]]) -> Status:
        detection, obstacles = result
        self.write(keys.OBJECT, detection)
        self.write(keys.OBSTACLES, obstacles)
        return self.succeed(
            f"{detection.label}, score {detection.score:.2f}, {len(obstacles)} obstacles ({detection.source})"
        )


def points_beside(frame: RGBDFrame, detection: Detection, edge_m: float) -> FloatArray:
    """What the frame shows (N, 3) farther than `edge_m` from the object, base frame, flying pixels taken out.

    A mask never ends exactly where the object does; its own rim would stand there as an obstacle.
    """
    assert detection.mask is not None  # what a segmenter promises
    others = masked_points(frame, np.logical_not(detection.mask))
    others = others[without_outliers(others)]
    distance_m, _ = cKDTree(masked_points(frame, detection.mask)).query(others, distance_upper_bound=edge_m)
    return np.asarray(others[np.isinf(distance_m)])


class AskVlm(WorkerLeaf):
    """Shows the numbered grid to the vision-language model; after a bad reply on this frame, says what was
    wrong with it.
    """

    READS = {
        keys.REQUEST: HandoverRequest,
        keys.FRAME: RGBDFrame,
        keys.OBJECT: Detection,
    }
    UPDATES = {
        keys.VLM_PROMPT: tuple,
        keys.VLM_REPLY: Reply,
        keys.VLM_ERROR: str,
        keys.VLM_UNANSWERED: Unanswered,
    }

    def __init__(self, name: str, options: GridOptions) -> None:
        super().__init__(name)
        self._options = options

    def job(self) -> Callable[[], tuple[tuple[Message, ...], Reply | VlmError]]:
        vlm = self.services.vlm
        if vlm is None:
            raise VlmError("no vision-language model is configured; set one or build the tree without it")
        request: HandoverRequest = self.read(keys.REQUEST)
        frame, detection = self.read(keys.FRAME), self.read(keys.OBJECT)
        prompt, reply = self.read_if_set(keys.VLM_PROMPT), self.read_if_set(keys.VLM_REPLY)
        fault = self.read_if_set(keys.VLM_ERROR)
        repair = prompt is not None and reply is not None and fault is not None and _shows(prompt, frame)

        def ask() -> tuple[tuple[Message, ...], Reply | VlmError]:
            if repair:
                messages = repair_messages(prompt, reply, fault)
            else:
                grid = numbered_grid(frame, detection, self._options.n, options=self._options)
                messages = first_messages(request.label, grid, self._options)
            try:
                return messages, vlm.ask(messages)
            except VlmError as error:
                return messages, error

        return ask

    def cancel(self) -> None:
        super().cancel()
        _interrupt(self.services.vlm)

    def finish(self, result: tuple[tuple[Message, ...], Reply | VlmError]) -> Status:
        messages, reply = result
        if isinstance(reply, VlmError):  # a repair goes on from the last reply, so that one stays
            self.write(keys.VLM_UNANSWERED, Unanswered(messages, str(reply), reply.bytes_sent))
            return self.fail(str(reply))
        self.write(keys.VLM_PROMPT, messages)
        self.write(keys.VLM_REPLY, reply)
        self.unset([keys.VLM_ERROR])
        return self.succeed(f"{len(reply.text)} characters from {reply.source}")


def _interrupt(asked: VisionLanguageModel | RegionGrounder | None) -> None:
    """Free the worker, which would wait for the answer though nobody wants it any more."""
    if isinstance(asked, Interruptible):
        asked.interrupt()


def _shows(prompt: tuple[Message, ...], frame: RGBDFrame) -> bool:
    """Whether a conversation is about this frame."""
    return any(picture.stamp_s == frame.stamp_s for message in prompt for picture in message.pictures)


class ParseRegions(WorkerLeaf):
    """Turns the reply into two masks; a fault is kept for the next question."""

    READS = {keys.FRAME: RGBDFrame, keys.OBJECT: Detection, keys.VLM_REPLY: Reply}
    WRITES = {keys.REGIONS: Regions}
    UPDATES = {keys.VLM_ERROR: str}

    def __init__(self, name: str, options: GridOptions) -> None:
        super().__init__(name)
        self._options = options

    def job(self) -> Callable[[], Regions | VlmParseError]:
        frame, detection, reply = self.read(keys.FRAME), self.read(keys.OBJECT), self.read(keys.VLM_REPLY)

        def parse() -> Regions | VlmParseError:
            grid = numbered_grid(frame, detection, self._options.n, options=self._options)
            try:
                return regions_from_reply(reply, grid, detection, self._options)
            except VlmParseError as error:
                return error

        return parse

    def finish(self, result: Regions | VlmParseError) -> Status:
        if isinstance(result, VlmParseError):
            self.write(keys.VLM_ERROR, result.fault)
            return self.fail(str(result))
        self.write(keys.REGIONS, result)
        return self.succeed(_described(result))


class CrossCheck(WorkerLeaf):
    """Asks once more with the labels running backward; regions that do not agree are taken back, and the next
    question says so. A second opinion that cannot be had is no disagreement.
    """

    READS = {keys.REQUEST: HandoverRequest, keys.FRAME: RGBDFrame, keys.OBJECT: Detection}
    UPDATES = {keys.REGIONS: Regions, keys.VLM_ERROR: str, keys.VLM_SECOND: SecondOpinion}

    def __init__(self, name: str, options: GridOptions) -> None:
        super().__init__(name)
        self._options = options

    def job(self) -> Callable[[], SecondOpinion | VlmError]:
        vlm, options = self.services.vlm, self._options
        if vlm is None:
            raise VlmError("no vision-language model is configured; set one or build the tree without it")
        request: HandoverRequest = self.read(keys.REQUEST)
        frame, detection = self.read(keys.FRAME), self.read(keys.OBJECT)
        self._regions: Regions = self.read(keys.REGIONS)
        known: SecondOpinion | None = self.read_if_set(keys.VLM_SECOND)

        def ask() -> SecondOpinion | VlmError:
            if known is not None and _shows(known.question, frame):
                return known
            question = backward_messages(request.label, frame, detection, options)
            try:
                return SecondOpinion(question, vlm.ask(question))
            except VlmError as error:
                return error

        return ask

    def cancel(self) -> None:
        super().cancel()
        _interrupt(self.services.vlm)

    def finish(self, result: SecondOpinion | VlmError) -> Status:
        if isinstance(result, VlmError):
            return self.succeed(f"not checked: {result}")
        self.write(keys.VLM_SECOND, result)
        first, options = self._regions.cells, self._options
        if first is None:
            return self.succeed(f"not checked: {self._regions.source} used no grid")
        try:
            second = second_cells(result.reply.text, options.n, options.cells_per_role)
        except VlmParseError as error:
            return self.succeed(f"not checked: {error}")
        try:
            cells = grid_cells(result.question[-1].pictures[0].source_box, options.n)
            check_agreement(first, second, cells)
        except VlmParseError as error:
            self.unset([keys.REGIONS])
            self.write(keys.VLM_ERROR, error.fault)
            return self.fail(error.fault)
        return self.succeed(f"asked again with other numbers, {result.reply.source} means the same places")


class GroundByShape(WorkerLeaf):
    """Decides from the object's shape alone; needs no model."""

    READS = {keys.FRAME: RGBDFrame, keys.OBJECT: Detection}
    WRITES = {keys.REGIONS: Regions}
    OUTCOME = Outcome.NOT_GRASPABLE

    def job(self) -> Callable[[], Regions]:
        return partial(self.services.shape_grounder.ground, self.read(keys.FRAME), self.read(keys.OBJECT))

    def finish(self, result: Regions) -> Status:
        self.write(keys.REGIONS, result)
        return self.succeed(_described(result))


class GroundByMethod(WorkerLeaf):
    """Asks the configured method's own grounder; there is no fallback, or it would be another method."""

    READS = {keys.FRAME: RGBDFrame, keys.OBJECT: Detection}
    WRITES = {keys.REGIONS: Regions}
    OUTCOME = Outcome.NOT_GRASPABLE

    def job(self) -> Callable[[], Regions]:
        grounder = self.services.grounder
        if grounder is None:
            raise RegionsNotFound("the method has no grounder of its own; build the tree without it")
        return partial(grounder.ground, self.read(keys.FRAME), self.read(keys.OBJECT))

    def cancel(self) -> None:
        super().cancel()
        _interrupt(self.services.grounder)

    def finish(self, result: Regions) -> Status:
        self.write(keys.REGIONS, result)
        return self.succeed(_described(result))


def _described(regions: Regions) -> str:
    return (
        f"robot {int(regions.robot_mask.sum())} px, person {int(regions.human_mask.sum())} px "
        f"({regions.source})"
    )
