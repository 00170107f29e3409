"""The methods of the field that this program can hand over by: how each finds regions and ranks grasps.

Everything else is the same for all: detector, cut-out, the grasp generator with its gates, the tree with its
fallbacks to a grown region and to all but the person's part, motion planning, delivery, release and safety. A
grasp counts only if it can be reached and delivered, which none of the originals asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from app.options import Config, MethodName
from planning.rule_names import RankingRule

Grounding = Literal["grid", "shape", "part_box", "affordances", "contacts", "whole"]
"""How regions are found: the model and the numbered grid, the shape rule, or a grounder of the method's own
(`app.method_factory`)."""
FINDS_PARTS = ("simulated", "owlvit")
"""Detectors that find what they are told in words, and not only the one thing on the table."""


@dataclass(frozen=True)
class Method:
    """One method; title, faithful and stands_in are what the benchmark says of it."""

    grounding: Grounding
    ranking: RankingRule
    title: str
    faithful: str
    stands_in: str


METHODS: Mapping[MethodName, Method] = {
    "ours": Method(
        "grid",
        "deliverable",
        "both regions, deliverable ranking",
        "this program as it is: the surest grasps first, room for the hand, the person's part beyond the "
        "fingertips, Eqs. 2-4, other places and leans next",
        "nothing",
    ),
    "ours_paper": Method(
        "grid",
        "paper",
        "both regions, Eqs. 1-4 as printed",
        "arXiv 2409.17621: both regions from grid and model, the rank by distance and approach angle alone",
        "the configured detector, segmenter and grasp generator; the antipodal one offers no approach that "
        "leans away from the person's part, which Eqs. 2-4, having no sign, would take as readily",
    ),
    "lan_grasp": Method(
        "part_box",
        "random",
        "a named part's box, random grasp",
        "LAN-grasp: a language model names one part, a detector finds its box, any grasp in it; no region "
        "for the person, no direction",
        "the question is put for a handover; model and detector are the configured ones",
    ),
    "affnet_dr": Method(
        "affordances",
        "quality",
        "affordance masks, best grasp quality",
        "AffNet-DR's handover: masks by pixel for a closed set of classes, what works is the robot's, "
        "'grasp' the person's, erosion and largest piece; a class that is not known fails",
        "the masks (your network's server, or simulated ones, perfect on the classes of the UMD data); the"
        " grasp sampler is this program's, its score the order",
    ),
    "contact_handover": Method(
        "contacts",
        "contacts",
        "grasp quality less blocked human contacts",
        "ContactHandover: every grasp of the object is ranked, punished for the human contacts it blocks",
        "the contact map (your network's server, or the person's part of the simulation, blurred); what "
        "counts as blocked (planning.selection.hand_room_m) and the delivery are this program's",
    ),
    "aleotti": Method(
        "shape",
        "quality",
        "shape alone, best grasp quality",
        "Aleotti et al.: parts come from the shape, without language, classes or pictures",
        "the shape rule of this program for their segmentation of a full 3-D model and their table of "
        "which part people take",
    ),
    "meng": Method(
        "grid",
        "opposite_hand",
        "approach opposite to the predicted hand",
        "Meng et al.: the robot approaches opposite to the hand that the person is predicted to reach out",
        "the prediction: a hand over the middle of the person's region, reaching toward the robot's; known "
        "from descriptions of the method only. To approach along that line is nearly what the paper's metric "
        "measures, so that metric flatters it",
    ),
    "random": Method(
        "whole",
        "random",
        "no regions, random grasp",
        "any grasp on the object that the generator proposes",
        "nothing",
    ),
}


def asks_grid(config: Config) -> bool:
    """Whether a model is shown the numbered grid; without one, methods of the grid go by shape."""
    return METHODS[config.method].grounding == "grid" and config.back_ends.vlm != "none"


def has_own_grounder(config: Config) -> bool:
    """Whether the method finds regions neither by grid nor by the shape rule."""
    return METHODS[config.method].grounding not in ("grid", "shape")


def method_faults(config: Config, name: MethodName) -> Iterator[tuple[tuple[str, ...], str]]:
    """What a method needs and the configuration lacks: (location, what to do)."""
    names = config.back_ends
    grounding = METHODS[name].grounding
    if grounding == "part_box":
        if names.vlm == "none":
            yield ("method",), f"{name} asks a language model: set back_ends.vlm to openai or local"
        if names.detector not in FINDS_PARTS:
            yield (
                ("method",),
                f"{name} needs a detector that finds a part by its name, which {names.detector} does not: "
                "set back_ends.detector to owlvit",
            )
    if grounding in ("affordances", "contacts"):
        if names.maps == "server" and config.perception.maps.url is None:
            yield ("perception", "maps", "url"), f"{name} needs the address of your network's server"
        waits_s, answers_s = config.tree.deadlines.vlm_total_s, config.perception.maps.timeout_s
        if names.maps == "server" and waits_s <= answers_s:
            yield (
                ("tree", "deadlines", "vlm_total_s"),
                f"{waits_s:g} s is no longer than perception.maps.timeout_s, {answers_s:g} s: answers would "
                "be lost",
            )
        if names.maps == "simulated" and names.robot != "simulated":
            yield (
                ("method",),
                f"{name} needs maps of the real picture: set back_ends.maps to server and "
                "perception.maps.url",
            )


def explained(width: int = 100) -> str:
    """Every method with what is faithful and what stands in, for --help."""
    lines = []
    for name, method in METHODS.items():
        lines.append(f"{name}: {method.title}")
        for what, words in (("faithful", method.faithful), ("stands in", method.stands_in)):
            lines += wrap(f"{what}: {words}", width, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)
