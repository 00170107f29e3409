"""The leaves that understand and choose: ground, grasp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.grasp import GenerateGrasps, NextGrasp, PlanGrasp, RankGrasps
from behaviours.ground import (
    AskVlm,
    CrossCheck,
    DetectObject,
    GroundByMethod,
    GroundByShape,
    ParseRegions,
)
from behaviours.keys import Outcome
from behaviours.options import PersonAges
from behaviours.propose import ProposeGrasps
from perception.errors import NotFound, RegionsNotFound, SegmentationFailed, VlmError
from perception.options import GridOptions
from perception.types import HandoverRequest, RegionCells, Reply
from planning.errors import NoGrasp
from planning.motion.options import MotionOptions, SceneOptions
from planning.options import PresentationOptions, SelectionOptions
from planning.selection import Region, mark_regions
from tests.bar import TABLE_Z_M, bar_regions
from tests.behaviours.case import Case, Trouble
from tests.behaviours.inputs import detection, grasps, view
from tests.bench import Bench
from tests.leaves import get, put
from tests.scripted import BAD_REPLY, GOOD_REPLY

ALWAYS = range(99)
QUICK = PresentationOptions(roll_step_deg=180.0, yaws_deg=(20.0,), tips_deg=())


def not_found(bench: Bench) -> None:
    bench.detector.script.update(dict.fromkeys(ALWAYS, NotFound("bar", 0.04, 0.15)))


def no_mask(bench: Bench) -> None:
    bench.segmenter.script.update(dict.fromkeys(ALWAYS, SegmentationFailed("bar", 3, 80)))


def no_answer(bench: Bench) -> None:
    bench.vlm.script.update(dict.fromkeys(ALWAYS, VlmError("no answer in 60 s")))


def bad_reply(bench: Bench) -> None:
    put(keys.VLM_REPLY, Reply(BAD_REPLY, "scripted model"))


def same_places(bench: Bench) -> None:
    """Regions by the cells of GOOD_REPLY, and a second opinion that means the same ones."""
    if get(keys.REGIONS) is not None:
        put(keys.REGIONS, replace(bar_regions(), cells=RegionCells((11, 12, 6), (15, 14, 10))))
    bench.vlm.script.update(dict.fromkeys(ALWAYS, '{"human": [15, 14, 20], "robot": [11, 12, 16]}'))


def other_places(bench: Bench) -> None:
    """The same numbers, though they run backward."""
    bench.vlm.script.update(dict.fromkeys(ALWAYS, GOOD_REPLY))


def no_cells_again(bench: Bench) -> None:
    bench.vlm.script.update(dict.fromkeys(ALWAYS, BAD_REPLY))


def round_as_a_ball(bench: Bench) -> None:
    bench.shape.script.update(dict.fromkeys(ALWAYS, RegionsNotFound("as round as a ball")))


def no_grasps(bench: Bench) -> None:
    bench.grasps.script.update(dict.fromkeys(ALWAYS, ()))


def nothing_around(bench: Bench) -> None:
    fault = NoGrasp("only 3% of the 900 points around the object are something else than it")
    bench.grasps.ahead.update(dict.fromkeys(ALWAYS, fault))


def not_segmented(bench: Bench) -> None:
    put(keys.OBJECT, replace(detection(), mask=None))


def scissors_without_an_end(bench: Bench) -> None:
    put(keys.REQUEST, HandoverRequest("scissors"))
    put(keys.GRASP_VIEW, replace(view(), human_points=np.empty((0, 3))))


def only_at_the_persons_end(bench: Bench) -> None:
    put(keys.GRASPS, mark_regions(grasps(0.035, 0.055), view(), "scripted"))


def no_candidate_left(bench: Bench) -> None:
    put(keys.GRASP_QUEUE, ())


def blocked(bench: Bench) -> None:
    bench.planner.refuse = lambda call: "38 mm short"


def cases() -> Iterator[Case]:
    yield Case(
        build=lambda: DetectObject("Detect Object", SceneOptions(), edge_m=0.015),
        says=r"^bar, score 0.90, 0 obstacles \(scripted detector\)$",
        troubles=(
            Trouble(not_found, "^no 'bar' found: best score 0.04", Outcome.NOT_FOUND),
            Trouble(no_mask, "^the mask of 'bar' has 3 pixels", Outcome.NOT_FOUND),
        ),
    )
    yield Case(
        build=lambda: AskVlm("Ask VLM", GridOptions()),
        says="^[0-9]+ characters from scripted model$",
        optional=frozenset({keys.VLM_PROMPT, keys.VLM_REPLY, keys.VLM_ERROR, keys.VLM_UNANSWERED}),
        troubles=(Trouble(no_answer, "^no answer in 60 s$"),),
    )
    yield Case(
        build=lambda: ParseRegions("Parse Regions", GridOptions()),
        says=r"^robot [1-9]\d* px, person [1-9]\d* px \(scripted model\)$",
        optional=frozenset({keys.VLM_ERROR}),
        troubles=(Trouble(bad_reply, "in the reply 'I would take it by the handle.'$"),),
    )
    yield Case(
        build=lambda: CrossCheck("Cross-Check", GridOptions(ask_twice=True)),
        says="^asked again with other numbers, scripted model means the same places$",
        optional=frozenset({keys.VLM_ERROR, keys.VLM_SECOND}),
        prepare=same_places,
        troubles=(
            Trouble(other_places, "^Asked again with other numbers, you meant 15, 14, 20 for the human"),
            Trouble(no_answer, "^not checked: no answer in 60 s$", status=Status.SUCCESS),
            Trouble(no_cells_again, "^not checked: No cells are named", status=Status.SUCCESS),
        ),
    )
    yield Case(
        build=lambda: GroundByShape("Ground By Shape"),
        says=r"^robot [1-9]\d* px, person [1-9]\d* px \(scripted shape\)$",
        troubles=(Trouble(round_as_a_ball, "^as round as a ball$", Outcome.NOT_GRASPABLE),),
    )
    yield Case(
        build=lambda: GroundByMethod("Ground By Method"),
        says=r"^robot [1-9]\d* px, person [1-9]\d* px \(scripted shape\)$",
        troubles=(Trouble(round_as_a_ball, "^as round as a ball$", Outcome.NOT_GRASPABLE),),
    )
    yield Case(
        build=lambda: ProposeGrasps("Propose Grasps", TABLE_Z_M),
        says=r"^6 contacts on the object \(scripted grasps\)$",
        troubles=(
            Trouble(nothing_around, "^only 3% of the 900 points around the object"),
            Trouble(not_segmented, "^'bar' was detected but not segmented"),
        ),
    )
    yield Case(
        build=lambda: GenerateGrasps("Generate Grasps", 9, 0.02, TABLE_Z_M),
        says=r"^6 grasps, 3 in the robot's region, 3 in the person's \(scripted grasps\)$",
        optional=frozenset({keys.PROPOSALS}),
        troubles=(Trouble(no_grasps, "proposes no grasp from 9 samples$", Outcome.NOT_GRASPABLE),),
    )
    yield Case(
        build=lambda: RankGrasps("Rank Grasps", Region.ROBOT, SelectionOptions()),
        says="^2 candidates in the queue$",
        troubles=(
            Trouble(
                only_at_the_persons_end,
                "^none of 2 grasps lies in the robot's region",
                Outcome.NOT_GRASPABLE,
            ),
            Trouble(
                scissors_without_an_end,
                "^scissors: it has a blade or a tip, and which end a person takes is not known$",
                Outcome.NOT_GRASPABLE,
            ),
        ),
    )
    yield Case(
        build=lambda: NextGrasp("Next Grasp"),
        says="^at x 0.450, y -0.055, z -0.050 m, 1 left$",
        troubles=(Trouble(no_candidate_left, "^every candidate was tried$"),),
    )
    yield Case(
        build=lambda: PlanGrasp("Plan Grasp", QUICK, SceneOptions(), MotionOptions(), PersonAges()),
        says="^approach 0.4 s, lift 0.2 s, deliverable$",
        optional=frozenset({keys.OBSTACLES, keys.HUMAN, keys.GRASPS_REJECTED}),
        troubles=(Trouble(blocked, "^the grasp pose is not reachable: 38 mm short$", Outcome.NOT_REACHABLE),),
    )
