"""The supplied objects are what they claim to be, lie still, can be held; faulty files are refused."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hardware.errors import BadFile, UnknownName
from hardware.gen3 import gripper
from hardware.sim.objects import (
    FOLDER,
    INSTANCES,
    categories,
    load_object,
    object_file,
    part_of,
    resolve_category,
)
from hardware.sim.resting import PREFIX, resting, table_world

EXAMPLE = FOLDER / "examples" / "ice_scraper.xml"
ALL = [(category, instance) for category in categories() for instance in INSTANCES]
EVERY_OBJECT = pytest.mark.parametrize(("category", "instance"), ALL)

MASS_RANGE_KG = {
    "bottle": (0.30, 0.80),
    "frying_pan": (0.35, 0.90),
    "hair_brush": (0.05, 0.20),
    "hammer": (0.35, 0.80),
    "kitchen_knife": (0.12, 0.30),
    "ladle": (0.08, 0.30),
    "mug": (0.20, 0.45),
    "paint_brush": (0.03, 0.15),
    "pliers": (0.12, 0.35),
    "scissors": (0.06, 0.25),
    "screwdriver": (0.06, 0.25),
    "spatula": (0.05, 0.25),
    "torch": (0.12, 0.50),
    "trowel": (0.15, 0.40),
    "wrench": (0.15, 0.40),
}


def state_at_rest(category: str, instance: int) -> tuple[mujoco.MjModel, mujoco.MjData]:
    model = load_object(object_file(category, instance))
    rest = resting(model)
    world = table_world(model)
    data = mujoco.MjData(world)
    data.qpos[:3] = 0.0, 0.0, rest.height_m
    data.qpos[3:] = rest.quaternion
    mujoco.mj_forward(world, data)
    return world, data


def solid_geoms(world: mujoco.MjModel, parts: tuple[str, ...]) -> list[int]:
    return [
        g
        for g in range(1, world.ngeom)
        if part_of(world.geom(g).name.removeprefix(PREFIX)) in parts and world.geom_contype[g]
    ]


def corners(world: mujoco.MjModel, data: mujoco.MjData, g: int) -> np.ndarray:
    """The geom's mesh vertices, or the corners of its box, in the world."""
    if world.geom_type[g] == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = world.geom_dataid[g]
        local = world.mesh_vert[world.mesh_vertadr[mesh] :][: world.mesh_vertnum[mesh]]
    else:
        signs = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T
        local = world.geom_aabb[g, :3] + signs * world.geom_aabb[g, 3:]
    return local @ data.geom_xmat[g].reshape(3, 3).T + data.geom_xpos[g]


def test_fifteen_categories_in_two_instances() -> None:
    assert set(categories()) == set(MASS_RANGE_KG)
    assert len(list(FOLDER.glob("*.xml"))) == len(ALL) == 30


@EVERY_OBJECT
def test_lies_still(category: str, instance: int) -> None:
    world, data = state_at_rest(category, instance)
    assert data.ncon
    assert min(contact.dist for contact in data.contact) > -1e-3
    before = data.qpos.copy()
    mujoco.mj_step(world, data, nstep=1000)  # two seconds
    turned = (
        Rotation.from_quat(data.qpos[3:], scalar_first=True)
        * Rotation.from_quat(before[3:], scalar_first=True).inv()
    )
    assert np.linalg.norm(data.qpos[:3] - before[:3]) < 0.001
    assert np.degrees(turned.magnitude()) < 0.5


@EVERY_OBJECT
def test_settles_from_the_air_within_a_second(category: str, instance: int) -> None:
    world, data = state_at_rest(category, instance)
    data.qpos[2] += 0.005
    mujoco.mj_step(world, data, nstep=500)
    before = data.qpos.copy()
    mujoco.mj_step(world, data, nstep=1000)
    turned = 2.0 * np.arccos(min(1.0, abs(float(data.qpos[3:] @ before[3:]))))
    assert np.linalg.norm(data.qpos[:3] - before[:3]) < 0.003
    assert np.degrees(turned) < 3.0


@EVERY_OBJECT
def test_mass_and_label_fit_the_category(category: str, instance: int) -> None:
    model = load_object(object_file(category, instance))
    lightest, heaviest = MASS_RANGE_KG[category]
    assert lightest <= model.mass_kg <= heaviest
    assert model.label == category.replace("_", " ")


@EVERY_OBJECT
def test_a_gripper_can_close_on_the_robot_part(category: str, instance: int) -> None:
    """Some solid piece is narrower than the stroke and high enough for 6 mm of pad 3 mm off the table."""
    world, data = state_at_rest(category, instance)
    robot_parts = load_object(object_file(category, instance)).robot_parts
    headings = np.linspace(0.0, np.pi, 36, endpoint=False)
    across = np.stack([np.cos(headings), np.sin(headings)])
    fits = []
    for g in solid_geoms(world, robot_parts):
        points = corners(world, data, g)
        narrowest = np.ptp(points[:, :2] @ across, axis=0).min()
        fits.append(narrowest <= 0.075 < gripper.MAX_WIDTH_M and points[:, 2].max() >= 0.009)
    assert any(fits)


@EVERY_OBJECT
def test_the_human_part_has_room_for_a_hand(category: str, instance: int) -> None:
    world, data = state_at_rest(category, instance)
    human_parts = load_object(object_file(category, instance)).human_parts
    points = np.concatenate([corners(world, data, g) for g in solid_geoms(world, human_parts)])
    assert np.ptp(points, axis=0).max() >= 0.065


@EVERY_OBJECT
def test_looks_never_touch_and_weigh_nothing(category: str, instance: int) -> None:
    spec = load_object(object_file(category, instance)).spec
    world = spec.compile()
    for g in range(world.ngeom):
        if world.geom(g).name:
            assert (world.geom_contype[g] == 0) == (world.geom_conaffinity[g] == 0)
    assert world.body_mass.sum() == pytest.approx(load_object(object_file(category, instance)).mass_kg)


def test_what_has_a_blade_or_holds_liquid_says_so() -> None:
    models = {name: load_object(object_file(name, 1)) for name in categories()}
    assert {name for name, model in models.items() if model.upright} == {"mug", "bottle", "frying_pan"}
    assert {name for name, model in models.items() if model.pointed} == {
        "kitchen_knife",
        "scissors",
        "screwdriver",
        "trowel",
    }


@pytest.mark.parametrize("name", ["frying pan", "Frying_Pan", " frying-pan "])
def test_category_names_are_read_generously(name: str) -> None:
    assert resolve_category(name) == "frying_pan"


def test_unknown_category_offers_the_near_one() -> None:
    with pytest.raises(UnknownName, match="did you mean hammer"):
        resolve_category("hamer")


def test_there_is_no_third_instance() -> None:
    with pytest.raises(UnknownName, match=r"no instance of mug .*valid: 1, 2"):
        object_file("mug", 3)


def test_each_spec_is_a_fresh_one() -> None:
    model = load_object(object_file("mug", 1))
    model.spec.body("object").name = "changed"
    assert model.spec.body("object") is not None


def test_an_object_with_a_mesh_and_its_own_joint_works_from_any_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    model = load_object(EXAMPLE)
    assert (model.label, model.human_parts, model.robot_parts) == ("ice scraper", ("handle",), ("blade",))
    rest = resting(model)
    assert rest.upper - rest.lower == pytest.approx([0.21, 0.07], abs=1e-3)
    assert rest.pick_point == pytest.approx([0.04, 0.0], abs=1e-3)


GOOD = """<mujoco>
  <custom>
    <text name="label" data="peg"/>
    <text name="human_part" data="handle"/>
    <text name="robot_part" data="tip"/>
  </custom>
  <worldbody>
    <body name="object">
      <geom name="handle_0" type="box" size=".05 .01 .01" pos="-.05 0 .01" mass=".1"/>
      <geom name="tip_0" type="box" size=".02 .01 .01" pos=".02 0 .01" mass=".05"/>
    </body>
  </worldbody>
</mujoco>"""

FAULTS = {
    "not XML": (GOOD, "peg", "cannot read it"),
    "no object": ('<body name="object">', '<body name="thing">', 'no body "object"'),
    "no label": ('<text name="label" data="peg"/>', "", '"label" is missing'),
    "no human part": ('<text name="human_part" data="handle"/>', "", '"human_part" is missing'),
    "unknown part": (
        'name="robot_part" data="tip"',
        'name="robot_part" data="tipp"',
        "'tipp' is the name of no",
    ),
    "same part": (
        'name="robot_part" data="tip"',
        'name="robot_part" data="tip,handle"',
        "both human_part and",
    ),
    "bad geom name": ('name="tip_0"', 'name="tip"', "'tip' is not of the form"),
    "unnamed geom": ('name="tip_0"', "", "'' is not of the form"),
    "too heavy": ('mass=".1"', 'mass="2.1"', "2.15 kg, the arm carries 2 kg"),
    "bad flag": ("<custom>", '<custom><text name="upright" data="yes"/>', "\"upright\" is 'yes'"),
    "absent mesh": (
        "<worldbody>",
        '<asset><mesh name="m" file="gone.obj"/></asset><worldbody>',
        "gone.obj is not there",
    ),
    "a floor": ("<worldbody>", '<worldbody><geom type="plane" size="1 1 1"/>', "more than the body"),
    "a hinge": ('<body name="object">', '<body name="object"><joint type="hinge"/>', "moving parts"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_with_its_fault(fault: str, tmp_path: Path) -> None:
    old, new, message = FAULTS[fault]
    file = tmp_path / "peg.xml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(BadFile, match=message) as caught:
        load_object(file)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{file}: ")


def test_the_file_without_faults_loads(tmp_path: Path) -> None:
    file = tmp_path / "peg.xml"
    file.write_text(GOOD)
    assert load_object(file).mass_kg == pytest.approx(0.15)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no such file"):
        load_object(tmp_path / "none.xml")


def test_an_upright_object_that_topples_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pole.xml"
    pole = GOOD.replace("<custom>", '<custom><text name="upright" data="true"/>')
    file.write_text(pole.replace('<body name="object">', '<body name="object" euler="0 60 0">'))
    with pytest.raises(BadFile, match="topples"):
        resting(load_object(file))


def test_an_object_that_keeps_rolling_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ball.xml"
    ball = GOOD.replace('type="box" size=".05 .01 .01" pos="-.05 0 .01"', 'type="sphere" size=".03"')
    file.write_text(
        ball.replace(
            'type="box" size=".02 .01 .01" pos=".02 0 .01"', 'type="sphere" size=".01" pos=".015 0 0"'
        )
    )
    with pytest.raises(BadFile, match="does not come to rest"):
        resting(load_object(file))
