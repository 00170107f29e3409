"""Reads statements like "Human cells: 4, 5 and 10" out of free text, in the shapes language models write.

A statement ties a role to a run of numbers. It is strong when little but a colon, a bracket or a verb
stands between them ("**Robot**: [1, 2, 3]", "1, 2, 3 for the robot"), weak when prose does. Sentences
that tell where not to hold, or that name both roles before a number, are no statements: a swapped region
is worse than none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from perception.vlm_clean import plain, with_digits

Role = Literal["human", "robot"]
Cell = int | str
"""A cell as named: a whole number, or the words that are none."""

_ROLE_WORDS: dict[Role, str] = {
    "human": "human|person|receiver|recipient|user|mensch(?:en)?|humain|personne|humano|persona|人类|人",
    "robot": "robot|gripper|manipulator|giver|roboter|greifer|机器人|夹爪",
}
_NUMBER = r"(?:(?<![0-9a-z])-)?[0-9]+(?:\.[0-9]+)?"
_CELLS = "cells?|zellen?|cellules?|celdas?"
_BETWEEN = rf"(?:[\s,;&/()\[\]]|-(?=\s)|(?<=[0-9])-|\b(?:and|und|et|y|{_CELLS}|number)\b)+"
_RUN = re.compile(rf"{_NUMBER}(?:{_BETWEEN}{_NUMBER})*")
_TOKEN = re.compile(
    rf"\b(?:(?P<human>(?:{_ROLE_WORDS['human']})s?)|(?P<robot>(?:{_ROLE_WORDS['robot']})s?|robotic))\b"
    rf"|(?P<run>{_RUN.pattern})"
)
_ONLY_LIST = re.compile(r"(?:[\s,;&/()\[\]{}.#_\-]|[0-9]|and|cells?|to|number)*")

_LINKS = (
    f"{_CELLS}|numbers?|grid|regions?|area|part|labels?|squares?|ids?|index|indices|should|can|will|must|would|may|the|for|"
    "is|are|holds?|grasps?|grips?|takes?|gets?|receives?|uses?|at|on|in|by|hand|arm|hold|choose|chosen|selected"
)
_STRONG = re.compile(
    rf"(?=.*(?:[:=\[({{-]|\b(?:is|are|gets?|takes?|holds?)\b))(?:[\s:=\[({{,-]|\b(?:{_LINKS})\b)*"
)
_BEFORE = re.compile(
    r"[\s\]),]*(?:cells?\s*)?(?:[:=(-]\s*"
    r"|(?:(?:are|is|goes?|belongs?|should|must|can|be|left|kept|free|reserved|meant|best)\s+){0,4}(?:for|to)\s+)"
    r"(?:the\s+)?"
)
_NEGATION = re.compile(
    r"\b(?:not|never|avoid\w*|without|except|away|far|free|clear|leaves?|leaving|no|gives?|offers?|presents?|nicht|nie|kein\w*|ohne|frei|weg"
    r"|pas|jamais|sans|loin|évite\w*|nunca|sin|lejos|evita\w*)\b|[不别避勿]"
)
_NEGATED_ROLE = re.compile(
    r"\b(?:not|never|avoid\w*|without|away from|far from)(?: (?:for|to|by))?(?: the)? $"
)
_LONGEST_GAP = 80

_CLEANING: tuple[tuple[str, str], ...] = (
    (rf"<((?:{_ROLE_WORDS['human']}|{_ROLE_WORDS['robot']})\w*)>", r"\n\1: "),
    (r"</?(?:cells?|numbers?|ids?|items?)>", ","),
    (r"</?(?:tr|li|ul|ol|br|p)\b[^<>0-9]*>|</\w+>", r"\n"),
    (r"<[a-z]\w*>", " "),
    (r"(?m)^[^\w\n]*h ?(?=[:=])", "human"),
    (r"(?m)^[^\w\n]*r ?(?=[:=])", "robot"),
    (r"\b(?:no|nr|n[º°o])\. ?(?=[0-9])", " "),
    (r"'s\b", ""),
    (r"n't\b", " not"),
    (r"[‐-―−]", "-"),
    (r"[→⇒]|[=-]>", ":"),
    (r"[*`_#|\"']", " "),
    (r"\((?!(?:for )?(?:the )?(?:human|person|receiver|user|robot|gripper|giver)\))[^()0-9]*\)", " "),
    (r"\b(?:robot[- ]to[- ]human|human[- ]robot|human and (?:the )?robot|robot and (?:the )?human)\b", " "),
    (r"\b[0-9]+ ?(?:x|×|by) ?[0-9]+\b", " "),
    (r"\b[0-9]{1,6}(?:\.[0-9]{1,6})? ?(?:cm|mm|m|%|px|pixels?|percent|degrees?)(?![a-z])", " "),
    (r"\b(?:rows?|columns?|step|steps) [0-9]+(?:(?:, | and |-)[0-9]+)*", " "),
    (r"\b([0-9]+) ?(?:to|through|bis|à|\.{2,3}) ?([0-9]+)\b", r"\1-\2"),
    (r"(?<![0-9,;&/] )(?<!and )\b[0-9]+ (?:\w+ )?(?:cells|squares|numbers|labels)\b", " cells"),
    (r"(?m)^[ \t]*[0-9]+[.)][ \t]+(?=[a-z])", ""),
    (r"(?m)^[ \t]*[-•·+>][ \t]+", ""),
)


@dataclass(frozen=True)
class Statement:
    """One role's cells as somewhere stated."""

    role: Role
    cells: tuple[Cell, ...]
    strong: bool


def role_of(name: str) -> Role | None:
    """The role a key or heading speaks of; None for none and for both."""
    others = re.sub(_ROLE_WORDS["robot"], "", name.lower())  # which may hold a word for the human: 机器人
    human, robot = bool(re.search(_ROLE_WORDS["human"], others)), others != name.lower()
    return None if human == robot else "human" if human else "robot"


def named_cells(run: str) -> tuple[Cell, ...]:
    """The cells of a run of numbers; "7-9" is a range, "7-8-9" a list."""
    run = re.sub(r"(?<=[0-9])\s*-\s*(?=[0-9])", "-", run)
    cells: list[Cell] = []
    for first, last, single in re.findall(rf"(?<![0-9-])([0-9]+)-([0-9]+)(?![0-9.-])|({_NUMBER})", run):
        if single:
            cells.append(whole(single))
        elif len(first) <= 3 and len(last) <= 3 and 0 < int(last) - int(first) < 50:
            cells.extend(range(int(first), int(last) + 1))
        else:
            cells.extend((whole(first), whole(last)))
    return tuple(cells)


def whole(number: str) -> Cell:
    """A whole number of at most six digits, or the (shortened) words as they stood."""
    return int(number) if re.fullmatch(r"-?[0-9]{1,6}", number) else number[:12]


def cells_in(words: str) -> tuple[Cell, ...] | None:
    """The cells of a text that is nothing but a list of numbers; None when it says anything else."""
    lowered = words.lower()
    return named_cells(lowered) if re.search("[0-9]", lowered) and _ONLY_LIST.fullmatch(lowered) else None


def statements(text: str) -> list[Statement]:
    """All statements in the order they stand."""
    cleaned = with_digits(plain(text).lower())
    for pattern, replacement in _CLEANING:
        cleaned = re.sub(pattern, replacement, cleaned)
    return [statement for block in _blocks(cleaned) for statement in _read(block)]


def _blocks(text: str) -> list[str]:
    """Lines cut into sentences, with the lists that stand below a heading drawn up to it."""
    blocks: list[str] = []
    heading = False
    for line in filter(None, map(str.strip, text.splitlines())):
        item = re.match(rf"(?:cells? ?)?[(\[]?({_RUN.pattern})", line)
        if heading and item and blocks:
            blocks[-1] += f" {item[1]},"
            continue
        parts = re.split(r"(?<=[.!?;])\s+(?=[a-z])", line)
        blocks.extend(parts)
        events = list(_TOKEN.finditer(parts[-1]))
        heading = len(events) == 1 and not events[0]["run"] and (line.endswith(":") or len(line.split()) <= 6)
    return blocks


def _read(block: str) -> list[Statement]:
    found: list[Statement] = []
    events = list(_TOKEN.finditer(block))
    pairs = list(pairwise(events))
    if pairs and _stands_before(block, *pairs[0]) and len(named_cells(pairs[0][0]["run"])) > 1:
        return [
            Statement(_role(role), named_cells(run["run"]), strong=True)
            for run, role in pairs
            if _stands_before(block, run, role)
        ]
    taken: re.Match[str] | None = None
    for i, (first, second) in enumerate(pairs):
        if statement := _after(block, events, i, taken):
            found.append(statement)
            taken = second
        elif first is not taken and _closes(block, events, i):
            found.append(Statement(_role(second), named_cells(first["run"]), strong=True))
    return found


def _after(block: str, events: list[re.Match[str]], i: int, taken: re.Match[str] | None) -> Statement | None:
    """What event i and the next one state, if they are a role and its numbers, as in "robot: 1, 2, 3".

    taken: the numbers that already are a role's.
    """
    role, run = events[i], events[i + 1]
    before = block[max(role.start() - _LONGEST_GAP, 0) : role.start()]
    if role["run"] or not run["run"] or _NEGATED_ROLE.search(before):
        return None
    gap = block[role.end() : run.start()]
    strong = bool(_STRONG.fullmatch(gap))
    earlier = events[i - 1] if i else None
    torn = earlier is not None and (
        _stands_before(block, earlier, role) and (earlier is not taken or bool(re.search(r"\w", gap)))
        if earlier["run"]
        else _role(earlier) != _role(role)
    )
    prose = events[0]["run"] is None and not torn and len(gap) <= _LONGEST_GAP and not _NEGATION.search(gap)
    return Statement(_role(role), named_cells(run["run"]), strong) if strong or prose else None


def _closes(block: str, events: list[re.Match[str]], i: int) -> bool:
    """Whether event i + 1 is a role that ends a clause about the numbers before it: "..., 1, 2, 3 for the
    human."
    """
    run, role = events[i], events[i + 1]
    ends = i + 2 == len(events) or not events[i + 2]["run"]
    return ends and _stands_before(block, run, role) and len(named_cells(run["run"])) > 1


def _stands_before(block: str, run: re.Match[str], role: re.Match[str]) -> bool:
    """Whether a run of numbers is tied to the role after it, as in "1, 2, 3 for the robot"."""
    return bool(run["run"] and not role["run"] and _BEFORE.fullmatch(block[run.end() : role.start()]))


def _role(event: re.Match[str]) -> Role:
    return "human" if event["human"] else "robot"
