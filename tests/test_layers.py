"""The house rules, read from the source: which way imports go, who may import what, who may ask the time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("hardware", "perception", "planning", "behaviours", "trees", "app")
VENDOR = {"kortex_api", "pyrealsense2", "torch", "transformers", "segment_anything", "openai", "open3d"}
CONCRETE = {
    "hardware.sim.build",
    "hardware.sim.world",
    "perception.simulated",
    "perception.simulated_vlm",
    "perception.human",
    "perception.models.alphapose",
    "perception.models.owlvit",
    "perception.models.person",
    "perception.models.sam",
    "perception.models.vitpose",
    "perception.remote.client",
    "planning.motion.planner",
    "planning.antipodal",
    "planning.remote_grasps",
    "planning.contact_graspnet.generator",
}
"""Back ends: only the factory builds them, beside what plans on recordings and what films the simulation."""
MAY_BUILD = {
    "app/calibrate/devices.py",
    "app/factory.py",
    "app/model_factory.py",
    "app/robot_factory.py",
    "app/order.py",
    "app/plan/command.py",
    "app/remote_factory.py",
    "app/serve_command.py",
}
NETWORKS = {
    "app/bench/graspnet_reference.py",
    "perception/models/fastpose.py",
    "planning/contact_graspnet/layers.py",
    "planning/contact_graspnet/network.py",
    "planning/contact_graspnet/sampling.py",
    "planning/contact_graspnet/workers.py",
}
"""Modules of torch networks: torch is their vocabulary, and only their back end imports them, when built."""
CLOCK = "hardware/clock.py"
MAX_LINES = 290

FILES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))


def imports(path: Path, *, at_the_top: bool = False) -> Iterator[str]:
    """Full names of what a file imports; at_the_top: only what happens when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if at_the_top else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_one_way(path: Path) -> None:
    own = LAYERS.index(name(path).split("/")[0])
    above = {module for module in imports(path) if module.split(".")[0] in LAYERS[own + 1 :]}
    assert not above, f"{name(path)} imports from a layer above: {sorted(above)}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_factory_knows_back_ends_of_other_layers(path: Path) -> None:
    if name(path) in MAY_BUILD:
        return
    own = name(path).split("/")[0]
    used = {module for module in imports(path) if module in CONCRETE and module.split(".")[0] != own}
    assert not used, f"{name(path)} imports a back end: {sorted(used)}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_vendor_packages_are_imported_when_needed(path: Path) -> None:
    early = {module for module in imports(path, at_the_top=True) if module.split(".")[0] in VENDOR}
    if name(path) in NETWORKS:
        early = {module for module in early if module.split(".")[0] != "torch"}
    else:
        network = {module.removesuffix(".py").replace("/", ".") for module in NETWORKS}
        early |= set(imports(path, at_the_top=True)) & network
    assert not early, f"{name(path)} imports {sorted(early)} when it is imported itself"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_clock_asks_the_machine_for_the_time(path: Path) -> None:
    if name(path) != CLOCK:
        assert not {module for module in imports(path) if module.split(".")[0] == "time"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_dangerous_is_called(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for forbidden in ("import pickle", "allow_pickle=True", "yaml.load(", "trust_remote_code", "0.0.0.0"):
        assert forbidden not in text


def test_files_have_one_job() -> None:
    long = {name(path): lines for path in FILES if (lines := len(path.read_text().splitlines())) > MAX_LINES}
    assert not long
    assert not [name(path) for path in FILES if path.stem in ("utils", "common", "helpers", "misc")]


def test_leaves_and_trees_do_not_know_that_there_is_a_simulation() -> None:
    for path in FILES:
        if name(path).split("/")[0] in ("behaviours", "trees"):
            assert "simulat" not in path.read_text(encoding="utf-8").lower(), name(path)
