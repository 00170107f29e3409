"""Any shape of a valid answer is read, anything else is refused with a fault the model can mend."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perception.errors import VlmParseError
from perception.types import RegionCells, Reply
from perception.vlm_parse import parse_regions
from tests.perception.replies import HUMAN, OTHER_SIZES, READABLE, REFUSED, ROBOT


def test_the_corpus_is_large_and_has_no_doubles() -> None:
    texts = [text for text, *_ in (*READABLE, *OTHER_SIZES, *REFUSED)]
    assert len(texts) == len(set(texts)) > 250


@pytest.mark.parametrize(("text", "human", "robot"), READABLE)
def test_a_valid_answer_is_read_in_any_shape(
    text: str, human: tuple[int, ...], robot: tuple[int, ...]
) -> None:
    assert parse_regions(text) == RegionCells(human, robot)


@pytest.mark.parametrize(("text", "n", "count", "human", "robot"), OTHER_SIZES)
def test_grid_size_and_count_are_obeyed(
    text: str, n: int, count: int, human: tuple[int, ...], robot: tuple[int, ...]
) -> None:
    assert parse_regions(text, n=n, count=count) == RegionCells(human, robot)
    with pytest.raises(VlmParseError):
        parse_regions(text, n=n, count=count + 1)


@pytest.mark.parametrize(("text", "fault"), REFUSED)
def test_an_unusable_answer_is_refused_with_what_to_mend(text: str, fault: str) -> None:
    with pytest.raises(VlmParseError) as refused:
        parse_regions(text)
    assert fault in refused.value.fault


SWAP = {
    "human": "robot",
    "robot": "human",
    "Human": "Robot",
    "Robot": "Human",
    "HUMAN": "ROBOT",
    "ROBOT": "HUMAN",
}
SWAPPABLE = [
    entry
    for entry in READABLE
    if not re.search(r"(?i)person|gripper|giver|receiver|recipient|user|mani|humain|humano|^[hr]:", entry[0])
    and len(re.findall("(?i)human", entry[0])) == len(re.findall("(?i)robot", entry[0])) > 0
]


@pytest.mark.parametrize(("text", "human", "robot"), SWAPPABLE)
def test_exchanging_the_roles_exchanges_the_answer(
    text: str, human: tuple[int, ...], robot: tuple[int, ...]
) -> None:
    swapped = re.sub("|".join(SWAP), lambda match: SWAP[match[0]], text)
    assert parse_regions(swapped) == RegionCells(robot, human)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(VlmParseError) as refused:
        parse_regions("human: 1, 1, 99, 3; robot: 4, 5")
    for part in ("99", "twice for the human: 1", "4 cells (1, 1, 99, 3)", "2 cells (4, 5)"):
        assert part in refused.value.fault


def test_a_reply_is_read_like_its_text() -> None:
    assert parse_regions(Reply(READABLE[0][0], "model")) == RegionCells(HUMAN, ROBOT)


HOSTILE = (
    "[{", '{"a":', '{"human":', "human 1,", "1-1-", "8..", "9", "<think", "<think>", "<p ",
    "| human | robot |\n", "1, 2, 3 for ", "four five ", "a\n",
    "-\n", "h: ", "…", "(a ", "4️⃣", "人", "row 1, ", "human 1 robot 2 ",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.timeout(5)  # 0.75 s at most; a pattern whose time grew with the square of the length took 7 s
def test_hostile_text_is_refused_at_once(piece: str) -> None:
    with pytest.raises(VlmParseError):
        parse_regions(piece * (60_000 // len(piece)))


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


PIECES = st.sampled_from([*re.findall(r"\w+|\W", " ".join(text for text, *_ in READABLE))])


@given(st.sampled_from([text for text, *_ in (*READABLE, *REFUSED)]), st.data())
def test_a_damaged_answer_is_read_or_refused(text: str, data: st.DataObject) -> None:
    n, count = data.draw(st.integers(2, 9)), data.draw(st.integers(1, 4))
    for _ in range(data.draw(st.integers(1, 3))):
        start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
        text = (
            text[:start]
            + data.draw(st.one_of(PIECES, st.just(""), st.just(text[start:end] * 2)))
            + text[end:]
        )
    try:
        cells = parse_regions(text, n, count)
    except VlmParseError:
        return
    assert len(set(cells.human)) == len(set(cells.robot)) == count == len(cells.human) == len(cells.robot)
    assert not set(cells.human) & set(cells.robot)
    assert all(1 <= cell <= n * n for cell in (*cells.human, *cells.robot))


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
