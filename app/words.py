"""Commands of several words (`handover bench stops`): the second names the module that carries it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

from hardware.errors import UnknownName

Words = Mapping[str, tuple[str, str]]
"""Word -> (module with `main(arguments) -> exit code`, what it does)."""


def carry_out(arguments: Sequence[str], words: Words, usage: str, kind: str) -> int:
    """Run the word's module with what follows it; returns its exit code.

    Without a word, or asked for help, prints `usage` with the list of words in it. Raises UnknownName, which
    calls a word a `kind`.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        width = max(map(len, words))
        lines = [f"  {word:{width}}  {purpose}" for word, (_, purpose) in words.items()]
        print(usage.format(commands="\n".join(lines)), end="")
        return 0
    if arguments[0] not in words:
        raise UnknownName(kind, arguments[0], words)
    return int(import_module(words[arguments[0]][0]).main(arguments[1:]))
