"""Understanding: the repair question, a new picture, nobody to ask, what stands beside the object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from py_trees.common import Status

from behaviours import keys
from behaviours.ground import AskVlm, ParseRegions, points_beside
from perception.errors import VlmError
from perception.options import GridOptions
from perception.types import HandoverRequest, Reply
from tests.bar import TABLE_Z_M, bar_mask, table_picture
from tests.behaviours.inputs import detection
from tests.bench import Bench
from tests.leaves import get, put, ready, tick
from tests.scripted import BAD_REPLY


def see(bench: Bench, stamp_s: float = 5.0) -> None:
    put(keys.REQUEST, HandoverRequest("bar"))
    put(keys.FRAME, replace(table_picture(), stamp_s=stamp_s))
    put(keys.OBJECT, detection())


def ask(bench: Bench) -> AskVlm:
    """The leaf after it asked and got its answer."""
    leaf = ready(AskVlm("Ask VLM", GridOptions()), bench)
    assert tick(leaf, bench, times=1) is Status.SUCCESS
    return leaf


def parse(bench: Bench) -> Status:
    return tick(ready(ParseRegions("Parse Regions", GridOptions()), bench), bench)


def test_the_next_question_about_the_same_picture_says_what_was_wrong() -> None:
    bench = Bench()
    see(bench)
    bench.vlm.script[0] = BAD_REPLY
    ask(bench)
    assert parse(bench) is Status.FAILURE
    fault = get(keys.VLM_ERROR)
    assert fault
    ask(bench)
    first, second = bench.vlm.asked
    assert second[: len(first)] == first
    assert second[len(first)].text == BAD_REPLY
    assert fault in second[-1].text
    assert get(keys.VLM_ERROR) is None, "the fault was mended; it must not be told twice"


def test_a_new_picture_is_a_new_conversation() -> None:
    bench = Bench()
    see(bench)
    bench.vlm.script[0] = BAD_REPLY
    ask(bench)
    parse(bench)
    see(bench, stamp_s=9.0)
    ask(bench)
    assert len(bench.vlm.asked[1]) == len(bench.vlm.asked[0])
    assert {p.stamp_s for message in bench.vlm.asked[1] for p in message.pictures} == {9.0}


def test_a_question_that_got_no_answer_is_asked_again_as_it_was() -> None:
    bench = Bench()
    see(bench)
    bench.vlm.script[0] = BAD_REPLY
    ask(bench)
    parse(bench)
    fault = get(keys.VLM_ERROR)
    bench.vlm.script[1] = VlmError("no answer")
    leaf = ready(AskVlm("Ask VLM", GridOptions()), bench)
    assert tick(leaf, bench) is Status.FAILURE
    assert get(keys.VLM_ERROR) == fault
    ask(bench)
    assert bench.vlm.asked[2] == bench.vlm.asked[1]


def test_without_a_model_nobody_is_asked() -> None:
    bench = Bench(vlm=False)
    see(bench)
    leaf = ready(AskVlm("Ask VLM", GridOptions()), bench)
    assert tick(leaf, bench) is Status.FAILURE
    assert leaf.feedback_message.startswith("no vision-language model is configured")


def test_a_reply_that_failed_leaves_no_regions_of_an_earlier_one() -> None:
    bench = Bench()
    see(bench)
    ask(bench)
    assert parse(bench) is Status.SUCCESS
    put(keys.VLM_REPLY, Reply(BAD_REPLY, "scripted model"))
    assert parse(bench) is Status.FAILURE
    assert get(keys.REGIONS) is None


def test_the_rim_of_the_object_is_no_obstacle() -> None:
    early = replace(detection(), mask=_eroded(bar_mask()))
    beside = points_beside(table_picture(), early, edge_m=0.015)
    assert len(beside) > 1000
    assert not np.any(beside[:, 2] > TABLE_Z_M + 0.01)


def test_its_neighbour_is_an_obstacle() -> None:
    frame = table_picture()
    depth = np.array(frame.depth_m)
    depth[:20, :30] = 0.30
    beside = points_beside(replace(frame, depth_m=depth), detection(), edge_m=0.015)
    assert np.any(beside[:, 2] > TABLE_Z_M + 0.1)


def _eroded(mask: np.ndarray) -> np.ndarray:
    """A mask that ends two pixels too early."""
    inner = mask.copy()
    for axis, step in ((0, 2), (0, -2), (1, 2), (1, -2)):
        inner &= np.roll(mask, step, axis)
    return inner
