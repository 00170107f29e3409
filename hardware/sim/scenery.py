"""Floor, table, riser, light, onlooker's camera and physics settings: the root of the scene's MJCF.

World frame = robot base frame: the base stands on a riser, 0.08 m above the table top (a base 0.05 to 0.10 m
above the table reaches every pick region and every person from 0.9 to 1.4 m).
Contacts hold by friction alone with: elliptic cone, impratio 100, implicitfast at 2 ms. With impratio 10
an object held by a tapering part creeps out of the pads at 0.9 mm/s, unlike dry friction; with 100 at 0.2.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np

from hardware.gen3.mjcf_shapes import text
from hardware.geometry import unit
from hardware.sim.options import SimOptions
from hardware.types import FloatArray

TABLE_TOP_Z_M = -0.08
TABLE_X_M = (-0.25, 0.65)
TABLE_Y_M = (-0.5, 0.5)
TABLE_HEIGHT_M = 0.75
TABLE_THICKNESS_M = 0.03
FLOOR_Z_M = TABLE_TOP_Z_M - TABLE_HEIGHT_M
RISER_SIZE_M = (0.18, 0.18)

SCENE_CAMERA = "scene"
SCENE_FOVY_DEG = 40.0
SUN = "sun"
FLOOR, TABLE = "floor", "table_top"

_SUN_XYZ = (0.2, -1.6, 3.0)
_EYE_XYZ = (1.35, -2.45, 0.95)
_LOOK_AT_XYZ = (0.52, 0.0, 0.18)


def scenery_xml(options: SimOptions) -> ET.Element:
    """The `<mujoco>` element with everything that is there before robot, objects and person come."""
    root = ET.Element("mujoco", model="handover")
    ET.SubElement(root, "compiler", angle="radian", autolimits="true")
    ET.SubElement(
        root,
        "option",
        timestep=f"{options.timestep_s:g}",
        integrator="implicitfast",
        cone="elliptic",
        impratio="100",
    )
    visual = ET.SubElement(root, "visual")
    ET.SubElement(visual, "global", offwidth="1920", offheight="1080")
    ET.SubElement(visual, "headlight", ambient="0.35 0.35 0.37", diffuse="0.25 0.25 0.25", specular="0 0 0")
    ET.SubElement(visual, "map", znear="0.01", zfar="10")
    ET.SubElement(root, "statistic", extent="2", center=text((0.4, 0.0, 0.2)))
    for section in ("asset", "contact", "equality", "tendon", "actuator", "sensor"):
        ET.SubElement(root, section)
    world = ET.SubElement(root, "worldbody")
    ET.SubElement(
        world,
        "light",
        name=SUN,
        pos=text(_SUN_XYZ),
        dir=text(unit(np.subtract(_LOOK_AT_XYZ, _SUN_XYZ))),
        diffuse="0.6 0.6 0.58",
        castshadow="true",
    )
    ET.SubElement(
        world,
        "camera",
        name=SCENE_CAMERA,
        pos=text(_EYE_XYZ),
        xyaxes=text(_view_axes(np.subtract(_LOOK_AT_XYZ, _EYE_XYZ))),
        fovy=f"{SCENE_FOVY_DEG:g}",
    )
    _add_furniture(world)
    return root


def _view_axes(forward: FloatArray) -> FloatArray:
    """Right and up of a level camera that looks along `forward`, as MJCF's xyaxes (6,)."""
    right = unit(np.cross(forward, (0.0, 0.0, 1.0)))
    return np.concatenate([right, unit(np.cross(right, forward))])


def _add_furniture(world: ET.Element) -> None:
    ET.SubElement(
        world,
        "geom",
        name=FLOOR,
        type="plane",
        size="4 4 0.1",
        pos=text((0.0, 0.0, FLOOR_Z_M)),
        rgba="0.62 0.64 0.66 1",
    )
    middle = np.array([np.mean(TABLE_X_M), np.mean(TABLE_Y_M)])
    half = np.array([np.ptp(TABLE_X_M), np.ptp(TABLE_Y_M)]) / 2.0
    top_centre_z = TABLE_TOP_Z_M - TABLE_THICKNESS_M / 2.0
    _add_box(world, TABLE, (*middle, top_centre_z), (*half, TABLE_THICKNESS_M / 2.0), "0.80 0.69 0.53 1")
    leg_half_z = (TABLE_HEIGHT_M - TABLE_THICKNESS_M) / 2.0
    for i, (x, y) in enumerate([(-1, -1), (-1, 1), (1, -1), (1, 1)]):
        foot = middle + (half - 0.04) * (x, y)
        centre = (*foot, FLOOR_Z_M + leg_half_z)
        _add_box(world, f"table_leg_{i}", centre, (0.025, 0.025, leg_half_z), "0.35 0.34 0.33 1")
    riser_half_z = -TABLE_TOP_Z_M / 2.0
    riser_half = (RISER_SIZE_M[0] / 2.0, RISER_SIZE_M[1] / 2.0, riser_half_z)
    _add_box(world, "riser", (0.0, 0.0, -riser_half_z), riser_half, "0.28 0.29 0.31 1")


def _add_box(world: ET.Element, name: str, centre: object, half: object, rgba: str) -> None:
    ET.SubElement(world, "geom", name=name, type="box", pos=text(centre), size=text(half), rgba=rgba)
