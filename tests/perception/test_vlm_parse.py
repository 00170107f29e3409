"""Any shape of a valid answer is read, anything else is refused with a fault the model can mend."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.errors import VlmParseError
from perception.types import RegionCells, Reply
from perception.vlm_parse import parse_regions

HUMAN, ROBOT = (4, 5, 10), (1, 2, 3)

READABLE = [
    '{"human": [4, 5, 10], "robot": [1, 2, 3]}',
    '```json\n{"human": [4,5,10],\n "robot": [1,2,3]}\n```',
    'Sure!\n{"answer": {"human_cells": ["4","5","10"], "robot_cells": "1, 2 and 3"}} That is all 6.',
    '{"regions":[{"role":"human","cells":[4,5,10]},{"role":"robot","cells":[1,2,3]}]}',
    '{"robot":[1,2,3]}\n{"human":[4,5,10]}',
    '{"human": {"reason": "handle, 12 cm", "cells": [4, 5, 10]}, "robot": {"cells": [1.0, 2, 3]}}',
    '{"human": [7, 8, 9], "robot": [1, 2, 3]} No, better: {"human": [4, 5, 10], "robot": [1, 2, 3]}',
    '{"human": [{"cell": 4, "why": "end"}, {"cell": 5}, {"cell": 10}], "robot": [1, 2, 3]}',
    "{'human': [4, 5, 10], 'robot': [1, 2, 3]}",
    "human: [4, 5, 10], robot: [1, 2, 3]",
    "**Human**: 4, 5, 10\n**Robot**: 1, 2, 3",
    "- Human cells = 4, 5 and 10\n- Robot cells = 1, 2 and 3",
    "Human (4, 5, 10); Robot (1, 2, 3)",
    "The person should hold 4, 5, 10. The gripper should grasp 1, 2, 3.",
    "1. Human: 4, 5, 10\n2. Robot: 1, 2, 3",
    "Human:\n- 4\n- 5\n- 10\n\nRobot:\n- 1\n- 2\n- 3\n",
    "Human:\n- 4: top of it\n- 5: middle, 2 cm wide\n- 10: end\nRobot:\n- 1: head\n- 2: head\n- 3: neck",
    "| Role | Cells |\n|---|---|\n| human | 4, 5, 10 |\n| robot | 1, 2, 3 |",
    "4, 5, 10 for the human and 1, 2, 3 for the robot",
    "Cells 4, 5, 10 are for the person; cells 1, 2, 3 are for the robot.",
    "4, 5, 10 (human), 1, 2, 3 (robot)",
    "For the human: 4,5,10; for the robot: 1,2,3",
    "For the human, 4, 5, 10; for the robot, 1, 2, 3",
    "Let me think. Human: 1, 2, 3? No, the handle is right.\nHuman: 4, 5, 10\nRobot: 1, 2, 3",
    "Human region: cell 4, cell 5, cell 10. Robot region: cell 1, cell 2, cell 3.",
    "human: 4 (handle top), 5 (handle), 10 (end)\nrobot: 1 (head), 2, 3",
    "Human: 3 cells: 4, 5, 10. Robot: 3 cells: 1-3",
    "## Human\n4, 5, 10\n## Robot\n1, 2, 3",
    "HUMAN -> 4,5,10\nROBOT → 1,2,3",
    "Human – 4, 5, 10\nRobot – 1, 2, 3",
    "The human would take the handle, in cells 4, 5 and 10, and the robot the head in cells 1, 2 and 3.",
    "Robot must avoid cells 4, 5, 10.\nhuman: 4,5,10\nrobot: 1,2,3",
    "<answer>human=[4;5;10] robot=[1;2;3]</answer>",
    "In this 5x5 grid with 25 cells, human: 4 5 10 robot: 1 2 3",
    "The receiver's cells are 4, 5, 10 while the giver's cells are 1, 2, 3.",
    "human: 4, 5, 10\nrobot: 1, 2, 3\nSo the robot stays clear of cells 4, 5, 10.",
    "human: 4, 5, 10\nrobot: 1, 2, 3\nThe human cells 4 and 5 lie on the handle.",
]

REFUSED = [
    ("", "empty"),
    (" \n\t ", "empty"),
    ("I'm sorry, but I can't help with that.", "declined"),
    ("The handle is for the person.", 'No cells are named for the human; give "human" a list of 3'),
    ("human: 1, 2, 3", "No cells are named for the robot"),
    ('{"robot": [1, 2, 3]}', "No cells are named for the human"),
    ("human: 1, 2\nrobot: 3, 4, 5", "for the human: 2 cells (1, 2); exactly 3"),
    ("human: 1, 2, 6, 7\nrobot: 3, 4, 5", "for the human: 4 cells (1, 2, 6, 7); exactly 3"),
    ('{"human": [], "robot": [1, 2, 3]}', "for the human: 0 cells; exactly 3"),
    ("human: 1,2,3 robot: 3,4,5", "both human and robot: 3"),
    ("human: 1,2,2 robot: 4,5,6", "Named twice for the human: 2"),
    ("human: 24,25,26 robot: 1,2,3", "not in the grid: 26; the cells are numbered 1 to 25"),
    ("human: 0,1,2 robot: 4,5,6", "not in the grid: 0"),
    ("human: [-1, 2, 3] robot: 4,5,6", "not in the grid: -1"),
    ("human: 4.5, 5, 6; robot: 1, 2, 3", "not in the grid: 4.5"),
    ('{"human":[1e400,2,3],"robot":[4,5,6]}', "not in the grid: inf"),
    ('{"human": [4, 5, 10], "robot": [1, 2', "for the robot: 2 cells"),
    ("human and robot: 1, 2, 3", "No cells are named"),
    ("Human: cells not for the robot: 1, 2, 3", "No cells are named for the robot"),
    ("human: 4, 5, 10. The robot holds what lies opposite the human, 1, 2, 3", "for the robot"),
    ("The human part is away from the robot, 4, 5, 10", "No cells are named for the human"),
]


@pytest.mark.parametrize("text", READABLE)
def test_a_valid_answer_is_read_in_any_shape(text: str) -> None:
    assert parse_regions(text) == RegionCells(HUMAN, ROBOT)


@pytest.mark.parametrize(("text", "fault"), REFUSED)
def test_an_unusable_answer_is_refused_with_what_to_mend(text: str, fault: str) -> None:
    with pytest.raises(VlmParseError) as refused:
        parse_regions(text)
    assert fault in refused.value.fault


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(VlmParseError) as refused:
        parse_regions("human: 1, 1, 99, 3; robot: 4, 5")
    for part in ("99", "twice for the human: 1", "4 cells (1, 1, 99, 3)", "2 cells (4, 5)"):
        assert part in refused.value.fault


def test_a_reply_is_read_like_its_text() -> None:
    assert parse_regions(Reply(READABLE[0], "model")) == RegionCells(HUMAN, ROBOT)


def test_grid_size_and_count_are_obeyed() -> None:
    assert parse_regions("human: 1 2\nrobot: 8 9", n=3, count=2) == RegionCells((1, 2), (8, 9))
    with pytest.raises(VlmParseError, match="1 to 9"):
        parse_regions("human: 1 2\nrobot: 8 10", n=3, count=2)


@pytest.mark.parametrize(
    "text", ["[{" * 5000, '{"a":' * 5000, "human 1," * 4000, "1-1-" * 5000, '{"human":[' + "9" * 9000 + "]}"]
)
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(VlmParseError):
        parse_regions(text)


WORDS = st.sampled_from(
    ["human", "robot", "person", "{", "}", "[", "]", ":", ",", "-", "1", "2", "7", "25", "99", "cells", "and",
     "for the", "not", "\n", "\n- ", "**", "```json", '"', "is", ".", "(", ")", " "]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(WORDS).map(" ".join), st.lists(WORDS).map("".join)))
def test_no_text_causes_anything_but_an_answer_or_a_refusal(text: str) -> None:
    try:
        cells = parse_regions(text)
    except VlmParseError:
        pass
    else:
        assert len(set(cells.human)) == len(set(cells.robot)) == 3
        assert not set(cells.human) & set(cells.robot)
        assert all(1 <= cell <= 25 for cell in (*cells.human, *cells.robot))


def _json(h: list[int], r: list[int]) -> str:
    return json.dumps({"human": h, "robot": r})


def _joined(numbers: list[int], word: str = ", ") -> str:
    return word.join(map(str, numbers))


SHAPES = [
    _json,
    lambda h, r: f"Thinking: robot {_joined(h)}? No.\n{_json(h, r)}",
    lambda h, r: f"```\n{json.dumps({'robot cells': _joined(r), 'person': [str(c) for c in h]})}\n```",
    lambda h, r: f"human: {_joined(h)}\nrobot: {_joined(r)}",
    lambda h, r: f"**Robot cells:** [{_joined(r)}]. **Human cells:** [{_joined(h)}].",
    lambda h, r: f"- Person = {_joined(h, ' and ')}\n- Gripper = {_joined(r, '; ')}",
    lambda h, r: f"Cells {_joined(r)} for the robot, and {_joined(h)} for the human.",
    lambda h, r: f"Human:\n\n* {_joined(h, chr(10) + '* ')}\n\nRobot:\n\n* {_joined(r, chr(10) + '* ')}",
]


@given(st.integers(2, 9), st.integers(1, 4), st.sampled_from(SHAPES), st.data())
def test_every_valid_answer_survives_the_round_trip(
    n: int, count: int, shape: object, data: st.DataObject
) -> None:
    count = min(count, n * n // 2)
    cells = data.draw(st.permutations(range(1, n * n + 1)))
    human, robot = list(cells[:count]), list(cells[count : 2 * count])
    if count == 1 and shape is SHAPES[6]:
        return
    text = shape(human, robot)  # type: ignore[operator]  # a table of functions
    assert parse_regions(text, n, count) == RegionCells(tuple(human), tuple(robot))
