"""The house rules, read from the source: which way imports go, who may import what, who may ask the time."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAYERS = ("hardware", "perception", "planning", "behaviours", "trees", "app")
VENDOR = {"kortex_api", "pyrealsense2", "torch", "transformers", "segment_anything", "openai", "open3d"}
CONCRETE = {
    "hardware.sim.build",
    "hardware.sim.world",
    "perception.served_maps",
    "perception.simulated",
    "perception.simulated_maps",
    "perception.simulated_parts",
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
    "app/method_factory.py",
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


@cache
def imports(path: Path, *, at_the_top: bool = False) -> frozenset[str]:
    """Full names of what a file imports; at_the_top: only what happens when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body if at_the_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def top(module: str) -> str:
    return module.split(".")[0]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def layer(path: Path) -> str:
    return name(path).split("/")[0]


def test_imports_go_one_way() -> None:
    above = {
        name(path): upward
        for path in FILES
        if (upward := {m for m in imports(path) if top(m) in LAYERS[LAYERS.index(layer(path)) + 1 :]})
    }
    assert not above, "these import from a layer above"


def test_only_the_factory_knows_back_ends_of_other_layers() -> None:
    used = {
        name(path): foreign
        for path in FILES
        if name(path) not in MAY_BUILD
        if (foreign := {m for m in imports(path) & CONCRETE if top(m) != layer(path)})
    }
    assert not used, "these import a back end"


def test_vendor_packages_are_imported_when_needed() -> None:
    networks = {module.removesuffix(".py").replace("/", ".") for module in NETWORKS}
    early = {}
    for path in FILES:
        begun = imports(path, at_the_top=True)
        if name(path) in NETWORKS:
            early[name(path)] = {m for m in begun if top(m) in VENDOR - {"torch"}}
        else:
            early[name(path)] = {m for m in begun if top(m) in VENDOR} | (begun & networks)
    assert not {path: modules for path, modules in early.items() if modules}


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    asking = [name(path) for path in FILES if "time" in map(top, imports(path))]
    assert asking == [CLOCK]


def test_nothing_dangerous_is_called() -> None:
    forbidden = ("import pickle", "allow_pickle=True", "yaml.load(", "trust_remote_code", "0.0.0.0")
    found = [
        (name(path), words)
        for path in FILES
        for words in forbidden
        if words in path.read_text(encoding="utf-8")
    ]
    assert not found


def test_files_have_one_job() -> None:
    long = {name(path): lines for path in FILES if (lines := len(path.read_text().splitlines())) > MAX_LINES}
    assert not long
    assert not [name(path) for path in FILES if path.stem in ("utils", "common", "helpers", "misc")]


def test_leaves_and_trees_do_not_know_that_there_is_a_simulation() -> None:
    for path in FILES:
        if layer(path) in ("behaviours", "trees"):
            assert "simulat" not in path.read_text(encoding="utf-8").lower(), name(path)
