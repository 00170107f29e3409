"""From a segmented object to two masks: the grid view, the conversation, the checks, and asking again."""

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from perception.errors import RegionsNotFound, VlmError, VlmParseError
from perception.grounding import (
    GridGrounder,
    first_messages,
    grid_box,
    numbered_grid,
    regions_from_reply,
    repair_messages,
)
from perception.options import GridOptions
from perception.types import Detection, Message, Reply
from tests.perception.scenes import hammer, object_mask, table_frame

FRAME = table_frame(hammer(), stamp_s=7.5)


def detection(mask: np.ndarray) -> Detection:
    rows, columns = np.nonzero(mask)
    box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    return Detection("hammer", 0.9, box, mask, "test")


HAMMER = detection(object_mask(FRAME))
GOOD = '{"human": [13, 18, 23], "robot": [1, 3, 5]}'


class ScriptedVlm:
    """Answers in order; keeps the questions."""

    name = "scripted"

    def __init__(self, *texts: str) -> None:
        self.texts, self.asked = list(texts), list[tuple[Message, ...]]()

    def ask(self, messages: Sequence[Message]) -> Reply:
        self.asked.append(tuple(messages))
        text = self.texts.pop(0)
        if text == "unreachable":
            raise VlmError("no line")
        return Reply(text, self.name)


def test_the_grid_tells_where_it_was_taken() -> None:
    grid = numbered_grid(FRAME, HAMMER, 5)
    assert grid.picture.stamp_s == 7.5
    assert grid.picture.grid_n == 5
    assert grid.picture.source_box == HAMMER.box
    assert Image.open(io.BytesIO(grid.picture.png)).format == "PNG"


def test_cells_beside_the_object_are_told_apart() -> None:
    labels = numbered_grid(FRAME, HAMMER, 5).labels
    assert {1, 3, 5, 13, 23} <= set(labels)
    assert not {21, 25, 16, 20} & set(labels)


def test_a_thin_tool_across_its_box_keeps_enough_cells() -> None:
    mask = np.zeros((240, 320), dtype=bool)
    for i in range(100):
        mask[50 + i, 60 + i : 63 + i] = True
    assert len(numbered_grid(FRAME, detection(mask), 5).labels) >= 6


@pytest.mark.parametrize(
    "box", [(10.2, 10.7, 12.1, 90.0), (-5.0, -5.0, 3.0, 2.0), (318.0, 238.0, 330.0, 250.0)]
)
def test_a_small_box_is_widened_inside_the_picture(box: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = grid_box(box, (240, 320), 5)
    assert x1 - x0 >= 5
    assert y1 - y0 >= 5
    assert 0 <= x0 < x1 <= 320
    assert 0 <= y0 < y1 <= 240


def test_an_object_in_too_few_cells_is_not_asked_about() -> None:
    mask = np.zeros((240, 320), dtype=bool)
    mask[100:104, 100:140] = True
    sparse = Detection("bar", 0.9, (100.0, 60.0, 140.0, 140.0), mask, "test")
    with pytest.raises(RegionsNotFound, match="covers 5 of 25 cells, 6 are needed"):
        first_messages("bar", numbered_grid(FRAME, sparse))


def test_regions_are_cells_and_mask() -> None:
    grid = numbered_grid(FRAME, HAMMER, 5)
    regions = regions_from_reply(Reply(GOOD, "model x"), grid, HAMMER)
    assert regions.source == "model x"
    assert regions.cells is not None
    assert regions.cells.human == (13, 18, 23)
    assert regions.human_mask.any()
    assert regions.robot_mask.any()
    assert not (regions.human_mask & regions.robot_mask).any()
    assert not (regions.human_mask & ~HAMMER.mask).any()
    x0, y0, x1, y1 = grid.cells[12]
    inside = regions.human_mask[y0:y1, x0:x1]
    assert np.array_equal(inside, HAMMER.mask[y0:y1, x0:x1])


def test_a_cell_of_background_is_refused_with_the_cells_that_are_not() -> None:
    grid = numbered_grid(FRAME, HAMMER, 5)
    with pytest.raises(VlmParseError) as refused:
        regions_from_reply(Reply("human: 13, 18, 21\nrobot: 1, 3, 5", "m"), grid, HAMMER)
    assert "For the human you named 21, which shows only background." in refused.value.fault
    assert ", ".join(map(str, grid.labels)) in refused.value.fault


def test_a_repair_keeps_the_conversation_and_names_the_fault() -> None:
    first = first_messages("hammer", numbered_grid(FRAME, HAMMER))
    again = repair_messages(first, Reply("human: 1", "m"), "Too few cells.")
    assert again[:2] == first
    assert [m.role for m in again] == ["system", "user", "assistant", "user"]
    assert again[2].text == "human: 1"
    assert "Too few cells." in again[3].text
    assert first[1].pictures[0].grid_n == 5


def test_the_model_is_asked_again_until_it_answers_well() -> None:
    vlm = ScriptedVlm("no idea", "human: 13, 18, 21\nrobot: 1, 3, 5", GOOD)
    regions = GridGrounder(vlm).ground(FRAME, HAMMER)
    assert regions.cells is not None
    assert regions.cells.robot == (1, 3, 5)
    assert [len(messages) for messages in vlm.asked] == [2, 4, 6]
    assert "background" in vlm.asked[2][-1].text


def test_the_model_is_asked_no_more_than_allowed() -> None:
    vlm = ScriptedVlm(*["?"] * 5)
    with pytest.raises(VlmParseError):
        GridGrounder(vlm, GridOptions(asks=2)).ground(FRAME, HAMMER)
    assert len(vlm.asked) == 2


def test_a_silent_model_is_not_asked_again() -> None:
    vlm = ScriptedVlm("unreachable", GOOD)
    with pytest.raises(VlmError):
        GridGrounder(vlm).ground(FRAME, HAMMER)
    assert len(vlm.asked) == 1
