"""Grasps from a network on another machine: what it may look at, and what it proposes, as parcels.

Everything of a grasp view travels but the colour, which no grasp network here looks at.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from hardware.types import FloatArray
from perception.remote import coding
from perception.remote.connection import GRASPS, Connection
from perception.remote.errors import Malformed
from perception.remote.server import Endpoint
from perception.remote.wire import Parcel, packed_mask, unpacked_mask
from planning import errors as _planning  # noqa: F401  # failures travel as their classes
from planning.protocols import GraspGenerator
from planning.types import Grasp, GraspView

CLOUDS = ("object_points", "scene_points", "robot_points", "human_points")
COLUMNS = 3
LARGEST_SEED = 2**63 - 1
MOST_SAMPLES = 100_000


class RemoteGrasps:
    """A GraspGenerator; a number drawn from the caller's generator seeds the one there, so that the same
    inputs and seed give the same grasps.
    """

    def __init__(self, connection: Connection) -> None:
        """Raises RemoteError when the server cannot be reached or serves no grasps."""
        self.name = connection.name_of(GRASPS)
        self._connection = connection

    def generate(self, view: GraspView, rng: np.random.Generator, count: int) -> tuple[Grasp, ...]:
        """Grasps on the whole visible object, as the network there proposes them. Raises RemoteError, and
        what the generator raises there.
        """
        seed = int(rng.integers(LARGEST_SEED))
        answer, _ = self._connection.call(GRASPS, view_parcel(view, seed, count))
        return grasps_of(answer)


def grasps_endpoint(generator: GraspGenerator) -> Endpoint:
    """Proposes grasps on a request's view."""

    def answer(parcel: Parcel, session: str) -> Parcel:
        view, seed, count = view_of(parcel)
        return grasps_parcel(generator.generate(view, np.random.default_rng(seed), count))

    return Endpoint(generator.name, answer)


def view_parcel(view: GraspView, seed: int, count: int) -> Parcel:
    """A grasp view with the seed and the number of samples."""
    frame = coding.frame_parcel(view.frame, colour="none", depth=True)
    clouds = {name: np.asarray(getattr(view, name), dtype=np.float64) for name in CLOUDS}
    plain = {**frame.plain, "table_z_m": view.table_z_m, "seed": seed, "count": count}
    return Parcel(plain, {**frame.arrays, **clouds, "object_mask": packed_mask(view.object_mask)})


def view_of(parcel: Parcel) -> tuple[GraspView, int, int]:
    """The view, the seed and the number of samples again. Raises Malformed."""

    def build() -> tuple[GraspView, int, int]:
        frame = coding.frame_of(parcel)
        mask = unpacked_mask(parcel.array("object_mask", "u"), frame.depth_m.shape)
        clouds = {name: _cloud(parcel, name) for name in CLOUDS}
        seed, count = int(parcel.plain["seed"]), int(parcel.plain["count"])
        if not (0 <= seed <= LARGEST_SEED and 0 <= count <= MOST_SAMPLES):
            raise Malformed(f"seed {seed} or count {count} is out of bounds")
        view = GraspView(frame=frame, object_mask=mask, table_z_m=float(parcel.plain["table_z_m"]), **clouds)
        return view, seed, count

    return coding.sound("grasp view", build)


def _cloud(parcel: Parcel, name: str) -> FloatArray:
    points = parcel.array(name, "f")
    if points.ndim != 2 or points.shape[1] != COLUMNS:
        raise Malformed(f"{name} has the shape {points.shape}, (N, {COLUMNS}) is needed")
    return points.astype(np.float64)


def grasps_parcel(grasps: tuple[Grasp, ...]) -> Parcel:
    """Grasps, each field as one array with a row per grasp."""
    arrays = {
        field.name: np.array([getattr(grasp, field.name) for grasp in grasps], dtype=np.float64)
        for field in fields(Grasp)
    }
    return Parcel({"count": len(grasps)}, arrays)


def grasps_of(parcel: Parcel) -> tuple[Grasp, ...]:
    """The grasps again. Raises Malformed."""

    def build() -> tuple[Grasp, ...]:
        columns = {field.name: parcel.array(field.name, "f") for field in fields(Grasp)}
        count = int(parcel.plain["count"])
        if any(len(column) != count for column in columns.values()):
            raise Malformed(f"{count} grasps were announced")
        return tuple(
            Grasp(
                base_from_tcp=columns["base_from_tcp"][i],
                contact=columns["contact"][i],
                width_m=float(columns["width_m"][i]),
                score=float(columns["score"][i]),
                lean_rad=float(columns["lean_rad"][i]),
            )
            for i in range(count)
        )

    return coding.sound("grasps", build)
