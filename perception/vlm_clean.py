"""Brings replies into one shape before they are read: no thoughts, one kind of comma, digits for words."""

from __future__ import annotations

import re
import unicodedata

_THOUGHT = re.compile(r"[<◁](think\w*|reasoning|thought)[>▷].*?(?:[<◁]/\1[>▷]|\Z)", re.DOTALL | re.IGNORECASE)
_END_OF_THOUGHT = re.compile(r"\A.*[<◁]/(?:think\w*|reasoning|thought)[>▷]", re.DOTALL | re.IGNORECASE)

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("、،；·•+", ","),
        **dict.fromkeys("【「『〔〈《", "["),
        **dict.fromkeys("】」』〕〉》", "]"),
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("\N{COMBINING ENCLOSING KEYCAP}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH SPACE}", None),
    }
)

_UNITS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty")
_WORD = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<more>{'|'.join(_UNITS[:9])}))?"
    rf"|(?P<unit>{'|'.join(reversed(_UNITS))}))\b"
)
_FEW = ("one", "two")
"""Seldom a cell: "one end", "two fingers"."""


def spoken(text: str) -> str:
    """`text` without what a thinking model thought before it answered."""
    return _END_OF_THOUGHT.sub("", _THOUGHT.sub(" ", text))


def plain(text: str) -> str:
    """Full-width digits and signs, typographic quotes and brackets as their ASCII forms."""
    text = text.replace("…", "..").translate(_TYPOGRAPHY)
    return unicodedata.normalize("NFKC", text)


def with_digits(text: str) -> str:
    """Number words as digits, in a lower-case text without any digit; one and two only after "cell"."""
    if re.search("[0-9]", text):
        return text
    text = re.sub(r"(?<=[a-z]) ?[-‐-―] ?(?=one|two|three|four|five|six|seven|eight|nine)", "-", text)
    return _WORD.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    if match["tens"]:
        number = 10 * (_TENS.index(match["tens"]) + 2)
        return str(number + (_UNITS.index(match["more"]) + 1 if match["more"] else 0))
    before = match.string[: match.start()]
    if match["unit"] in _FEW and not re.search(r"\bcells? \Z", before):
        return match[0]
    return str(_UNITS.index(match["unit"]) + 1)
