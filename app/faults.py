"""What can be wrong with configuration values: unknown keys, wrong types, values out of bounds, secrets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from app.methods import method_faults
from app.options import Config

Location = tuple[str | int, ...]
"""The keys from the root down to a value, with the index of a list item."""

BOUNDS: dict[str, tuple[float, float]] = {
    "run.tick_hz": (10.0, 200.0),
    "run.telemetry_hz": (0.1, 200.0),
    "run.doctor_max_age_h": (0.1, 720.0),
    "perception.grid.n": (2, 9),
    "perception.grid.cells_per_role": (1, 10),
    "perception.grid.crop_px": (256, 512),
    "perception.grid.min_cell_px": (16, 40),
    "perception.grid.asks": (1, 10),
    "perception.vlm.retries": (0, 5),
    "perception.vlm.call_s": (0.1, 600.0),
    "perception.vlm.total_s": (0.1, 3600.0),
    "perception.vlm.temperature": (0.0, 2.0),
    "perception.vlm.max_tokens": (16, 1_000_000),
    "perception.vlm.price_in_per_million": (0.0, math.inf),
    "perception.vlm.price_out_per_million": (0.0, math.inf),
    "perception.models.vlm.max_new_tokens": (16, 1_000_000),
    "perception.models.owlvit.runner_up_margin": (0.0, 1.0),
    "perception.models.person.max_people": (1, 10),
    "perception.models.person.search_every": (1, 100),
    "perception.remote.timeout_s": (0.1, 3600.0),
    "perception.detector.score_threshold": (0.0, 1.0),
    "perception.detector.cluster_gap_m": (0.001, 1.0),
    "perception.detector.min_cluster_points": (1, 1_000_000),
    "perception.detector.voxel_m": (0.0005, 0.05),
    "perception.tracker.rate_hz": (0.1, 90.0),
    "perception.tracker.min_cutoff_hz": (0.01, 100.0),
    "perception.tracker.derivative_cutoff_hz": (0.01, 100.0),
    "perception.tracker.beta": (0.0, 100.0),
    "perception.tracker.jump_repeats": (1, 100),
    "perception.tracker.arm_samples": (1, 1000),
    "perception.tracker.stature_m": (0.5, 2.5),
    "perception.simulated.mask_edge_noise": (0.0, 1.0),
    "perception.simulated.vlm_faulty_replies": (0, 1000),
    "planning.contact_graspnet.passes": (1, 16),
    "planning.contact_graspnet.min_region_m": (0.05, 2.0),
    "planning.contact_graspnet.max_region_m": (0.05, 2.0),
    "planning.antipodal.neighbourhood_m": (0.001, 1.0),
    "planning.antipodal.voxel_m": (0.0005, 0.05),
    "planning.antipodal.max_points": (50, 20_000),
    "planning.antipodal.max_width_m": (0.001, 0.085),
    "planning.antipodal.min_points": (1, 1000),
    "planning.antipodal.enough_grasps": (1, 10_000),
    "planning.selection.epsilon_m": (0.0, 1.0),
    "planning.selection.grown_epsilon_m": (0.0, 1.0),
    "planning.selection.alpha": (0.0, 1.0),
    "planning.selection.queue_length": (1, 1000),
    "planning.selection.per_group": (1, 1000),
    "planning.selection.separation_m": (0.0, 1.0),
    "planning.presentation.roll_step_deg": (1.0, 360.0),
    "planning.presentation.stature_m": (0.5, 2.5),
    "tree.budgets.acquire": (1, 100),
    "tree.budgets.grasps_per_region": (1, 1000),
    "tree.budgets.handover_poses": (1, 1000),
    "tree.grasp_samples": (1, 20_000),
    "tree.grown_samples": (1, 20_000),
    "kinova.tool_mass_kg": (0.1, 3.0),
    "kinova.tool_mass_centre_m": (0.0, 0.3),
    "realsense.rate_hz": (6, 90),
    "realsense.depth_unit_m": (0.0001, 0.01),
    "realsense.laser_mw": (0.0, 360.0),
    "realsense.warm_up_frames": (0, 1000),
    "realsense.farthest_m": (0.5, 10.0),
    "realsense.near_margin_m": (0.0, 0.5),
    "realsense.frame_s": (0.01, 5.0),
    "realsense.silent_s": (0.1, 60.0),
    "realsense.first_s": (0.1, 60.0),
    "realsense.reconnect_tries": (0, 100),
    "hand_eye.max_age_days": (0.0, math.inf),
    "hand_eye.max_error_m": (0.0, 0.005),
    "sim.clutter": (0, 4),
    "sim.timestep_s": (0.0005, 0.005),
}
"""Where a value outside cannot work; units with a natural range have theirs in `UNIT_BOUNDS`."""

NEVER_EMPTY = (
    "planning.antipodal.leans_deg",
    "planning.antipodal.gates",
    "tree.views.table_deg",
    "tree.views.sweep_deg",
    "tree.views.look_again_deg",
)
"""Lists without an item of which there is nothing to try."""

UNIT_BOUNDS: dict[str, tuple[float, float]] = {
    "_s": (0.0, math.inf),
    "_hz": (0.0, math.inf),
    "_n": (0.0, math.inf),
    "_kg": (0.0, math.inf),
    "_px": (0.0, math.inf),
    "_share": (0.0, 1.0),
    "_rate": (0.0, 1.0),
    "_score": (0.0, 1.0),
    "_iou": (0.0, 1.0),
    "_deg": (-360.0, 360.0),
}

SECRETS = {"api_key": "OPENAI_API_KEY", "password": "KINOVA_PASSWORD"}
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
SECRET_KEY = re.compile(r"(^|_)(api_?key|access_key|token|password|passwd|secret)$", re.IGNORECASE)

AGREE = (
    ("scene.table_top_z_m", "planning.presentation.table_top_z_m"),
    ("scene.table_x_m", "planning.presentation.table_x_m"),
    ("scene.table_y_m", "planning.presentation.table_y_m"),
)
"""The same thing under two keys: motions and handover poses must mean one table."""


def dotted(location: Location) -> str:
    """A location as people write it: tree.views.person_deg[3]."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _known(location: Sequence[str | int]) -> Location:
    """The location without what pydantic appends for the branches of a union."""
    return tuple(part for part in location if isinstance(part, int) or part.isidentifier())


def _value(config: Config, location: Location) -> Any:
    """The value or section at `location`; None where there is none."""
    value: Any = config
    for part in location:
        value = getattr(value, str(part), None)
    return value


def _default(location: Location) -> Any:
    return _value(Config(), location)


def _keys(location: Location) -> list[str]:
    section = _default(location)
    return [field.name for field in fields(section)] if is_dataclass(section) else []


def explain(error: Mapping[str, Any]) -> tuple[Location, str]:
    """Where one of pydantic's faults is, and what it says in this program's words."""
    location, value, kind = _known(error["loc"]), error.get("input"), error["type"]
    message = f"{error['msg']}, got {value!r}"
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        message = "there is no such key" + _choices(str(location[-1]), _keys(location[:-1]))
    elif kind == "literal_error":
        valid = [part.strip(" '") for part in re.split(r",| or ", error["ctx"]["expected"])]
        message = f"{value!r} is not valid" + _choices(str(value), valid)
    elif kind in ("dataclass_type", "dataclass_exact_type"):
        message = "a section with keys is needed" + _choices("", _keys(location))
    elif kind.startswith(("float_", "finite_")):
        message = f"{value!r} is not a number"
    elif kind.startswith("int_"):
        message = f"{value!r} is not a whole number"
    elif kind.startswith("bool_"):
        message = f"{value!r} is neither true nor false"
    elif kind == "tuple_type":
        message = f"{value!r} is not a list"
    elif kind == "missing" and isinstance(location[-1], int):
        location, message = location[:-1], "the list is too short"
    elif kind == "too_long":
        message = f"the list has more than {error['ctx']['max_length']} items"
    return location, message


def _choices(given: str, valid: Sequence[str]) -> str:
    near = get_close_matches(given, valid, n=2, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"{hint} (valid: {', '.join(valid)})" if valid else hint


def _grounding(config: Config) -> Iterator[tuple[Location, str]]:
    grid, vlm, waits_s = config.perception.grid, config.perception.vlm, config.tree.deadlines.vlm_s
    if 2 * grid.cells_per_role > grid.n**2:
        yield (
            ("perception", "grid", "cells_per_role"),
            f"two roles of {grid.cells_per_role} cells do not fit into {grid.n} x {grid.n} cells",
        )
    if config.back_ends.vlm in ("openai", "local") and waits_s <= vlm.call_s:
        yield (
            ("tree", "deadlines", "vlm_s"),
            f"{waits_s:g} s is no longer than perception.vlm.call_s, {vlm.call_s:g} s: answers would be lost",
        )
    if not VARIABLE.fullmatch(vlm.key_variable):
        yield (
            ("perception", "vlm", "key_variable"),
            "the name of an environment variable is needed, such as OPENAI_API_KEY; never the key itself",
        )
    for key, url in (("vlm", vlm.base_url), ("maps", config.perception.maps.url)):
        if url is not None and (fault := _url_fault(url)):
            yield ("perception", key, "base_url" if key == "vlm" else "url"), fault


def _url_fault(url: str) -> str:
    """What keeps `url` from being a server's address in a file that others may read; empty when nothing."""
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.port is None or parts.port >= 0 else None
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.username or parts.password or parts.query:
        return "secrets stay out of files; set the environment variable named by key_variable instead"
    if parts.scheme not in ("http", "https") or not host:
        return "an address is needed, such as http://127.0.0.1:8000/v1"
    return ""


def secrets(values: Mapping[str, Any], location: Location = ()) -> Iterator[tuple[Location, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from secrets(value, (*location, key))
        elif SECRET_KEY.search(str(key)):
            variable = SECRETS.get(str(key).lower(), "OPENAI_API_KEY")
            yield (
                (*location, key),
                f"secrets stay out of files; delete it and set the environment variable {variable}",
            )


def out_of_bounds(given: Mapping[str, Any], location: Location = ()) -> Iterator[tuple[Location, str]]:
    """Numbers that are not finite or out of their bounds, and truth values where a number is meant."""
    for key, value in given.items():
        inner = (*location, key)
        default = _default(inner)
        if isinstance(value, Mapping):
            yield from out_of_bounds(value, inner)
        elif isinstance(value, bool) and isinstance(default, int | float) and not isinstance(default, bool):
            yield inner, f"{'true' if value else 'false'} is not a number"
        elif is_dataclass(_default(location)) and key in _keys(location):
            if isinstance(value, tuple | list) and not value and dotted(inner) in NEVER_EMPTY:
                yield inner, "the list is empty; it needs at least one item"
            lower, upper = _bounds(dotted(inner))
            for number in _numbers(value):
                if not math.isfinite(number):
                    yield inner, f"{number} is not a finite number"
                elif not lower <= number <= upper:
                    span = f"{lower:g} to {upper:g}" if math.isfinite(upper) else f"{lower:g} or more"
                    yield inner, f"{number:g} is out of bounds ({span})"


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, tuple | list):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def _bounds(key: str) -> tuple[float, float]:
    if key in BOUNDS:
        return BOUNDS[key]
    suffixes = [suffix for suffix in UNIT_BOUNDS if key.endswith(suffix) and not key.endswith("_m_s")]
    return UNIT_BOUNDS[max(suffixes, key=len)] if suffixes else (-math.inf, math.inf)


def disagreements(config: Config) -> Iterator[tuple[Location, str]]:
    """Keys that must have one value and have two, and values that leave no room for each other."""
    yield from _grounding(config)
    yield from method_faults(config, config.method)
    for one, other in AGREE:
        first, second = (_value(config, tuple(key.split("."))) for key in (one, other))
        if first != second:
            yield tuple(one.split(".")), f"{first} differs from {other}, which is {second}; change both"
