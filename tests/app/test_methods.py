"""`method:` in the configuration: what each needs, and what the program is built from then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest

from app.cli import main
from app.config import checked
from app.errors import ConfigError
from app.factory import VLMS, build, mission_options
from app.method_factory import GROUNDERS, MAPS, Parts, own_grounder
from app.methods import METHODS, Grounding, Method, explained
from app.options import BackEnds, Config, MethodName
from app.order import Order
from hardware.sim.options import PersonOptions, SimOptions, WristCameraOptions
from perception.protocols import RegionGrounder
from perception.types import HandoverRequest
from planning.ranking_rules import _ORDERS
from planning.rule_names import RankingRule
from trees.handover import create_root

SMALL = SimOptions(
    camera=WristCameraOptions(width=424, height=240, focal_px=302.9), person=PersonOptions(present=False)
)
OWN = [name for name, method in METHODS.items() if method.grounding not in ("grid", "shape")]


def config(method: MethodName, **sections: Any) -> Config:
    return checked({"method": method, **sections}, "test")


def test_every_name_has_its_method_and_every_method_its_parts() -> None:
    assert set(METHODS) == set(get_args(MethodName))
    assert {method.grounding for method in METHODS.values()} == set(get_args(Grounding))
    assert set(GROUNDERS) == set(get_args(Grounding)) - {"grid", "shape"}
    assert {method.ranking for method in METHODS.values()} == set(get_args(RankingRule))
    assert set(MAPS) == set(get_args(get_type_hints(BackEnds)["maps"]))
    assert set(_ORDERS) == set(get_args(RankingRule)) - {"deliverable"}


def test_help_says_of_each_what_is_faithful_and_what_stands_in() -> None:
    text = " ".join(explained().split())
    for name, method in METHODS.items():
        for words in (f"{name}: {method.title}", method.faithful, method.stands_in):
            assert words
            assert words in text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"method": "lan-grasp"}, "did you mean lan_grasp"),
        ({"method": "lan_grasp", "back_ends": {"vlm": "none"}}, "set back_ends.vlm to openai or local"),
        ({"method": "lan_grasp", "back_ends": {"detector": "tabletop"}}, "back_ends.detector to owlvit"),
        ({"method": "affnet_dr", "back_ends": {"maps": "server"}}, "perception.maps.url: affnet_dr needs"),
        ({"method": "contact_handover", "back_ends": {"robot": "kinova"}}, "maps of the real picture"),
        (
            {
                "method": "affnet_dr",
                "back_ends": {"maps": "server"},
                "perception": {"maps": {"url": "http://127.0.0.1:8200/", "timeout_s": 45.0}},
            },
            "answers would be lost",
        ),
        ({"perception": {"maps": {"url": "ftp://host/maps"}}}, "perception.maps.url: an address is needed"),
        ({"perception": {"maps": {"url": "http://me:secret@host/"}}}, "secrets stay out of files"),
    ],
)
def test_what_a_method_needs_is_asked_for(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        checked(values, "test")
    assert words in str(refused.value)


def test_what_another_method_needs_is_not() -> None:
    assert config("ours", back_ends={"vlm": "none", "maps": "server"}).method == "ours"
    assert config("random", back_ends={"vlm": "none", "detector": "tabletop"}).method == "random"


@pytest.mark.parametrize("name", get_args(MethodName))
def test_the_program_is_built_with_the_methods_parts_and_asks_no_other(name: MethodName) -> None:
    method: Method = METHODS[name]
    assembly = build(replace(config(name), sim=SMALL), HandoverRequest("hammer"), 1)
    assert (assembly.services.vlm is not None) == (method.grounding == "grid")
    assert (assembly.services.grounder is not None) == (name in OWN)
    assert ("fallback" in assembly.back_ends) == (name not in OWN)
    if name in OWN:
        assert isinstance(assembly.services.grounder, RegionGrounder)
        assert assembly.back_ends["regions"] == assembly.services.grounder.name
        if name != "random":
            assert "simulated" in assembly.services.grounder.name
    root = create_root(assembly.mission, vlm=assembly.services.vlm is not None)
    leaves = {node.name for node in root.iterate()}
    assert ("Ground By Method" in leaves) == (name in OWN)
    assert ("Ask VLM" in leaves) == (method.grounding == "grid")
    assert ("Ground By Shape" in leaves) == (name not in OWN)


def test_the_tree_ranks_by_the_methods_rule() -> None:
    assert {name: mission_options(Config(method=name)).ranking for name in METHODS} == {
        "ours": "deliverable",
        "ours_paper": "paper",
        "lan_grasp": "random",
        "affnet_dr": "quality",
        "contact_handover": "contacts",
        "aleotti": "quality",
        "meng": "opposite_hand",
        "random": "random",
    }


def test_real_parts_are_those_configured() -> None:
    """The run's own detector and model for LAN-grasp, the network's server for the maps."""

    class Detector:
        name = "open words"

    served = {"maps": {"url": "http://127.0.0.1:8200/maps"}}
    real = config("affnet_dr", back_ends={"maps": "server"}, perception=served)
    order = Order(real, HandoverRequest("hammer"), np.random.default_rng(0))
    detector: Any = Detector()
    grounder = own_grounder(Parts(order, detector, VLMS["none"]))
    assert grounder is not None
    assert grounder.name == "affordances by network at http://127.0.0.1:8200/maps"
    local = config("lan_grasp", back_ends={"vlm": "openai", "detector": "owlvit"})
    order = Order(local, HandoverRequest("hammer"), np.random.default_rng(0))
    grounder = own_grounder(Parts(order, detector, lambda order: detector))
    assert grounder is not None
    assert grounder.name == "part named by open words, box by open words"


@pytest.mark.parametrize("name", get_args(MethodName))
def test_every_method_plans_in_the_program_itself(
    name: MethodName, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "hammer", "--seed", "7", "--method", name, "--plan-only", "--view", "none"]
    words += ["--sim.camera.width", "424", "--sim.camera.height", "240", "--sim.camera.focal-px", "302.9"]
    assert main([*words, "--runs-dir", str(tmp_path)]) == 0
    (folder,) = tmp_path.iterdir()
    run = json.loads((folder / "run.json").read_text())
    assert run["outcome"] == "planned"
    assert run["config"]["method"] == name
    assert ("regions" in run["back_ends"]) == (name in OWN)


def test_a_class_the_network_does_not_know_ends_the_run_in_one_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "torch", "--seed", "7", "--method", "affnet_dr", "--plan-only", "--view", "none"]
    assert main([*words, "--runs-dir", str(tmp_path)]) == 1
    assert "'torch' is of no class" in " ".join(capsys.readouterr().out.split())
    (folder,) = tmp_path.iterdir()
    run = json.loads((folder / "run.json").read_text())
    assert (run["outcome"], run["leaf"]) == ("not_graspable", "Ground By Method")
