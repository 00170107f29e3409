"""MJCF shapes of the robot: collision capsules and boxes, and the meshes shown in their place.

Groups: 1 = meshes, which never collide; 2 = collision shapes that are seen; 3 = collision shapes hidden
behind a mesh.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

import numpy as np
from scipy.spatial.transform import Rotation

from hardware.types import FloatArray

LINK_RGBA = "0.82 0.83 0.85 1"
DARK_RGBA = "0.18 0.18 0.2 1"

Meshes = Mapping[str, str]
"""Part of the robot -> name of its mesh asset."""


def text(values: object) -> str:
    """Numbers as an MJCF attribute."""
    return " ".join(f"{float(v):.9g}" for v in np.ravel(np.asarray(values, dtype=np.float64)))


def quat(rotation: FloatArray) -> str:
    """A 3x3 rotation as MJCF's quaternion (w x y z)."""
    return text(Rotation.from_matrix(rotation).as_quat(scalar_first=True))


def add_mesh(
    body: ET.Element, part: str, meshes: Meshes, rgba: str = LINK_RGBA, at: object = (0, 0, 0)
) -> bool:
    """Show the mesh of `part` at `at` in the body's frame; False when there is none."""
    if part not in meshes:
        return False
    ET.SubElement(
        body,
        "geom",
        name=f"{part}_look",
        type="mesh",
        mesh=meshes[part],
        pos=text(at),
        group="1",
        contype="0",
        conaffinity="0",
        mass="0",
        rgba=rgba,
    )
    return True


def add_capsule(
    body: ET.Element,
    name: str,
    start: object,
    end: object,
    radius_m: float,
    rgba: str = LINK_RGBA,
    *,
    hidden: bool = False,
) -> ET.Element:
    """A collision capsule between two points of the body's frame."""
    return ET.SubElement(
        body,
        "geom",
        name=name,
        type="capsule",
        fromto=f"{text(start)} {text(end)}",
        size=f"{radius_m:g}",
        group="3" if hidden else "2",
        mass="0",
        rgba=rgba,
    )


def add_box(
    body: ET.Element, name: str, centre: object, size: object, rgba: str = DARK_RGBA, *, hidden: bool = False
) -> ET.Element:
    """A collision box of full `size` (3,) m along the body's axes."""
    return ET.SubElement(
        body,
        "geom",
        name=name,
        type="box",
        pos=text(centre),
        size=text(np.asarray(size) / 2.0),
        group="3" if hidden else "2",
        mass="0",
        rgba=rgba,
    )
