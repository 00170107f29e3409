"""Which nodes of a tree to show where not all of them have room: what runs, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.ticks import Node, NodeState


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


_NOTHING = NodeState("INVALID", "")
