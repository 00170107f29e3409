"""What to show where not everything has room: of a tree what runs and what stands beside it, and few keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.ticks import Node, NodeState
from behaviours import keys

SHOWN_KEYS = (
    keys.PHASE,
    keys.ROBOT,
    keys.HUMAN,
    keys.GRASP,
    keys.HANDOVER,
    keys.REGIONS,
    keys.OBJECT,
    keys.GRASPS,
)
"""Most telling first: a low terminal shows the first ones only."""
BOARD_SHARE = 0.25
"""Of the rows, at most, for these keys."""


def fitting_nodes(nodes: Sequence[Node], states: Mapping[int, NodeState], rows: int) -> list[Node]:
    """At most `rows` of `nodes`, in their order.

    While something runs: the branches that run, deepest first, then their neighbours, nearest first. When
    nothing runs: the tree down to the depth that has room.
    """
    if len(nodes) <= rows:
        return list(nodes)
    running = [node for node in nodes if states.get(node.id, _NOTHING).status == "RUNNING"]
    if not running:
        depth = max((d for d in range(len(nodes)) if sum(n.depth <= d for n in nodes) <= rows), default=0)
        return [node for node in nodes if node.depth <= depth][:rows]
    ids = {node.id for node in running}
    path = sorted(running, key=lambda node: (-node.depth, node.id))
    beside = [node for node in nodes if node.parent in ids and node.id not in ids]

    def away(node: Node) -> tuple[int, int]:
        brothers = [other.id for other in running if other.parent == node.parent]
        return -node.depth, min((abs(node.id - brother) for brother in brothers), default=0)

    return sorted([*path, *sorted(beside, key=away)][:rows], key=lambda node: node.id)


def fitting_keys(board: Mapping[str, object], rows: int) -> list[str]:
    """The most telling keys of `board`, at most a quarter of `rows`."""
    return [key for key in SHOWN_KEYS if key in board][: max(3, int(BOARD_SHARE * rows))]


_NOTHING = NodeState("INVALID", "")
