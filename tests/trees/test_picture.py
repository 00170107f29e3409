"""The tree as text: the golden picture, and what the pictures in the docstrings promise."""

from __future__ import annotations

from pathlib import Path

import py_trees
import pytest
from py_trees.behaviour import Behaviour
from py_trees.common import ParallelPolicy
from py_trees.composites import Composite, Parallel, Selector, Sequence
from py_trees.decorators import Decorator

from behaviours.base import Leaf
from behaviours.conditions import Safe
from behaviours.decorators import Deadline
from behaviours.observe import ReadRobot, TrackHuman
from trees.handover import create_root

GOLDEN = Path(__file__).parent / "golden" / "handover.txt"


def test_the_tree_is_as_drawn() -> None:
    drawn = py_trees.display.ascii_tree(create_root())
    assert drawn == GOLDEN.read_text(encoding="utf-8"), (
        f"the tree changed; if that is meant, write display.ascii_tree(create_root()) to {GOLDEN}"
    )


def test_without_a_model_nobody_asks_it() -> None:
    names = {node.name for node in create_root(vlm=False).iterate()}
    assert "Ground By Shape" in names
    assert not names & {"Ask VLM", "Parse Regions", "Ground Regions"}


def test_proposals_ahead_add_their_leaf_and_nothing_else() -> None:
    """The tree of a generator that needs the regions first is the same but for three nodes."""
    plain = [node.name for node in create_root().iterate()]
    ahead = [node.name for node in create_root(ahead=True).iterate()]
    added = ["Propose Grasps", "Propose Ahead", "Understand"]
    assert [name for name in ahead if name not in added] == plain
    assert sorted(set(ahead) - set(plain)) == sorted(added)


def test_with_nobody_to_wait_for_nothing_is_proposed_ahead() -> None:
    alone = [node.name for node in create_root(vlm=False, ahead=True).iterate()]
    assert alone == [node.name for node in create_root(vlm=False).iterate()]


@pytest.fixture(params=[False, True], ids=["plain", "ahead"])
def nodes(request: pytest.FixtureRequest) -> list[Behaviour]:
    return list(create_root(ahead=request.param).iterate())


def test_no_composite_is_empty(nodes: list[Behaviour]) -> None:
    assert all(node.children for node in nodes if isinstance(node, Composite | Decorator))


def test_sequences_without_memory_are_a_condition_before_one_subtree(nodes: list[Behaviour]) -> None:
    for node in nodes:
        if isinstance(node, Sequence) and not node.memory:
            *conditions, subtree = node.children
            assert conditions
            assert all(condition.name.endswith("?") for condition in conditions), node.name
            assert subtree.children, node.name
        assert not (isinstance(node, Selector) and not node.memory), node.name


def test_parallels_wait_for_their_last_child_only(nodes: list[Behaviour]) -> None:
    for node in nodes:
        if isinstance(node, Parallel) and node.name != "Understand":
            assert isinstance(node.policy, ParallelPolicy.SuccessOnSelected)
            assert node.policy.children == [node.children[-1]]
            assert not node.policy.synchronise
            assert all(isinstance(child, ReadRobot | TrackHuman) for child in node.children[:-1])


def test_understanding_waits_for_both_parts() -> None:
    (both,) = (node for node in create_root(ahead=True).iterate() if node.name == "Understand")
    assert isinstance(both, Parallel)
    assert isinstance(both.policy, ParallelPolicy.SuccessOnAll)
    assert both.policy.synchronise, "what has ended must not start again while the other runs"


# What can run for ever: observers, and what ends by its own clock or in the worker.
UNBOUNDED = {"Read Robot", "Track Human"}
BOUNDED_BY_THEMSELVES = {"Hold Still", "Say So", "Ask To Step Into View", "Ask To Come Closer"}


def test_every_wait_for_the_world_has_a_deadline(nodes: list[Behaviour]) -> None:
    for node in nodes:
        waits = isinstance(node, Leaf) and type(node).poll is not Leaf.poll and not _ends_at_once(node)
        if waits and node.name not in UNBOUNDED | BOUNDED_BY_THEMSELVES:
            assert isinstance(node.parent, Deadline), f"{node.name} may wait for ever"


def _ends_at_once(leaf: Behaviour) -> bool:
    from behaviours.base import WorkerLeaf
    from behaviours.conditions import ObjectInHand

    # Jobs have time limits of their own, except a model's answer.
    worker = isinstance(leaf, WorkerLeaf) and leaf.name != "Ask VLM"
    condition = leaf.name.endswith("?") and leaf.name != "Object Left?"
    return worker or condition or isinstance(leaf, ObjectInHand) or leaf.name.startswith("Next ")


def test_the_guard_stands_before_mission_and_return(nodes: list[Behaviour]) -> None:
    guarded = [node.children[0] for node in nodes if node.name in ("Guarded Mission", "Guarded Return")]
    assert len(guarded) == 2
    assert all(isinstance(guard, Safe) for guard in guarded)


def test_every_picture_names_nodes_that_exist() -> None:
    """Each line of a docstring's picture starts with a node's name (budgets are drawn as xN)."""
    import re

    import trees.acquire
    import trees.deliver
    import trees.grasp
    import trees.ground
    import trees.handover
    import trees.look
    import trees.recover

    names = {re.sub(r" x\d+$", " xN", node.name) for node in create_root(ahead=True).iterate()}
    names |= {re.sub(r" xN$", " x3", name) for name in names}
    for module in (
        trees.acquire,
        trees.deliver,
        trees.grasp,
        trees.ground,
        trees.handover,
        trees.look,
        trees.recover,
    ):
        for factory in vars(module).values():
            if getattr(factory, "__module__", "") != module.__name__:
                continue
            for line in (factory.__doc__ or "").splitlines():
                drawn = re.search(r"(?:\{-\}|\[-\]|\{o\}|/_/|-\^-|-->) (.+?)(?:\s{2,}.*)?$", line)
                if drawn:
                    assert drawn[1] in names, f"{factory.__name__} draws {drawn[1]!r}, which is nowhere"
