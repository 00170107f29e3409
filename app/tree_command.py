"""`handover tree`: draws the behaviour tree as configured, without a robot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.options import Config


@dataclass(frozen=True)
class TreeCommand:
    """Draw the behaviour tree, built from the configuration; no robot, no simulation."""

    ascii: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Plain ASCII, for terminals without unicode."""
    dot: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Graphviz source instead: handover tree --dot | dot -Tsvg > tree.svg"""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Print the tree; returns the exit code."""
    command, config = parse(TreeCommand(), arguments, "handover tree")

    from py_trees.display import dot_tree
    from rich.console import Console

    from app.factory import AHEAD, mission_options
    from app.methods import asks_grid
    from app.views.drawing import ASCII, marks_for, tree_lines
    from app.watcher import TreeWatcher
    from trees.handover import create_root

    names = config.back_ends
    ahead = names.grasps in AHEAD and config.perception.remote.url is None
    root = create_root(mission_options(config), vlm=asks_grid(config), ahead=ahead)
    console = Console()
    if command.dot:
        print(dot_tree(root).to_string())
        return 0
    marks = ASCII if command.ascii else marks_for(console)
    for line in tree_lines(TreeWatcher(root).nodes, {}, marks):
        console.print(line, soft_wrap=True)
    return 0
