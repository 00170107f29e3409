"""Builds the grounders of methods that find regions in a way of their own (`app.methods`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.methods import METHODS, Grounding
from app.order import Order
from perception.protocols import (
    MapNetwork,
    ObjectDetector,
    RegionGrounder,
    VisionLanguageModel,
)


@dataclass(frozen=True)
class Parts:
    """What a grounder is built from: the order, the run's detector (not to be loaded twice), and what builds
    the configured model.
    """

    order: Order
    detector: ObjectDetector
    vlm: Callable[[Order], VisionLanguageModel | None]


def own_grounder(parts: Parts) -> RegionGrounder | None:
    """The configured method's own grounder; None where it has none. Raises PerceptionError for what cannot be
    built.
    """
    build = GROUNDERS.get(METHODS[parts.order.config.method].grounding)
    return None if build is None else build(parts)


def _part_box(parts: Parts) -> RegionGrounder:
    from perception.part_box import PartBoxGrounder
    from perception.simulated_parts import SimulatedPartDetector, SimulatedPartVlm

    order, detector = parts.order, parts.detector
    options, names = order.config.perception, order.config.back_ends
    if names.detector == "simulated":
        detector = SimulatedPartDetector(options.simulated, order.rng.spawn(1)[0], options.detector)
    model: VisionLanguageModel | None
    if names.vlm == "simulated":
        model = SimulatedPartVlm(order.memory, options.simulated, order.rng.spawn(1)[0])
    else:
        model = parts.vlm(order)
    assert model is not None  # `method_faults` refuses a configuration without one
    return PartBoxGrounder(model, detector, options.grid.asks)


def _affordances(parts: Parts) -> RegionGrounder:
    from perception.affordances import AffordanceGrounder

    return AffordanceGrounder(MAPS[parts.order.config.back_ends.maps](parts.order))


def _contacts(parts: Parts) -> RegionGrounder:
    from perception.contact_map import ContactGrounder

    return ContactGrounder(MAPS[parts.order.config.back_ends.maps](parts.order))


def _whole(parts: Parts) -> RegionGrounder:
    from perception.whole_object import WholeObjectGrounder

    return WholeObjectGrounder()


GROUNDERS: Mapping[Grounding, Callable[[Parts], RegionGrounder]] = {
    "part_box": _part_box,
    "affordances": _affordances,
    "contacts": _contacts,
    "whole": _whole,
}


def _simulated_maps(order: Order) -> MapNetwork:
    from perception.simulated_maps import SimulatedMaps

    return SimulatedMaps()


def _served_maps(order: Order) -> MapNetwork:
    from perception.served_maps import ServedMaps

    return ServedMaps(order.config.perception.maps)


MAPS: Mapping[str, Callable[[Order], MapNetwork]] = {"simulated": _simulated_maps, "server": _served_maps}
