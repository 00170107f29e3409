"""Scenes are drawn where the robot can pick, without overlap, and the same way from the same seed."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.errors import BadFile, UnknownName
from hardware.sim.model import build_model
from hardware.sim.objects import FOLDER, categories
from hardware.sim.options import PersonOptions, SimOptions
from hardware.sim.scenario import ObjectPlacement, SceneSpec, TooCrowded, gap_between, sample_scene
from hardware.sim.scenery import TABLE, TABLE_TOP_Z_M, TABLE_X_M, TABLE_Y_M

CROWDED = SimOptions(clutter=4)
SQUARE = np.array([(0.0, 0.0), (1, 0), (1, 1), (0, 1)])


def draw(seed: int, label: str | None = None, options: SimOptions = CROWDED) -> SceneSpec:
    return sample_scene(label, None, options, np.random.default_rng(seed))


def what_and_where(placements: tuple[ObjectPlacement, ...]) -> list[tuple[str, list[float]]]:
    return [(p.model.path.name, [*p.position, *p.quaternion]) for p in placements]


def is_object_or_table(model: mujoco.MjModel, geom: int) -> bool:
    name = model.geom(geom).name
    return name == TABLE or name.startswith(("target/", "clutter"))


@pytest.mark.parametrize("seed", range(6))
def test_nothing_overlaps_hangs_over_the_edge_or_moves(seed: int) -> None:
    model = build_model(draw(seed), CROWDED, looks=False)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    for contact in data.contact:
        if all(is_object_or_table(model, geom) for geom in contact.geom):
            assert model.geom(TABLE).id in contact.geom
            assert contact.dist > -1e-3
    objects = [b for b in range(model.nbody) if model.body(b).name.endswith("/object")]
    assert len(objects) >= 4
    for g in range(model.ngeom):
        if model.geom_bodyid[g] in objects:
            assert TABLE_X_M[0] < data.geom_xpos[g, 0] < TABLE_X_M[1]
            assert TABLE_Y_M[0] < data.geom_xpos[g, 1] < TABLE_Y_M[1]
            assert data.geom_xpos[g, 2] > TABLE_TOP_Z_M
    before = data.xpos[objects].copy()
    mujoco.mj_step(model, data, nstep=50)
    assert np.abs(data.xpos[objects] - before).max() < 0.001


@pytest.mark.parametrize("category", categories())
def test_the_pick_point_is_where_the_robot_reaches(category: str) -> None:
    for seed in range(5):
        scene = draw(seed, category, SimOptions())
        model = build_model(scene, SimOptions(), looks=False)
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        parts = scene.target.model.robot_parts
        held = [
            data.geom_xpos[g, :2]
            for g in range(model.ngeom)
            if model.geom(g).name.removeprefix("target/").rpartition("_")[0] in parts
        ]
        middle = np.mean(held, axis=0)
        assert 0.27 <= np.linalg.norm(middle) <= 0.67
        assert abs(middle[1]) <= 0.40


def test_same_seed_same_scene_other_seed_other_scene() -> None:
    first, again, other = draw(5), draw(5), draw(6)
    assert what_and_where((first.target, *first.clutter)) == what_and_where((again.target, *again.clutter))
    assert first.person == again.person
    assert what_and_where((first.target,)) != what_and_where((other.target,))


def test_clutter_changes_neither_target_nor_person() -> None:
    alone, crowded = draw(3, options=SimOptions()), draw(3)
    assert what_and_where((alone.target,)) == what_and_where((crowded.target,))
    assert alone.person == crowded.person
    assert not alone.clutter


@pytest.mark.parametrize("seed", range(10))
def test_clutter_is_of_other_kinds_than_the_target(seed: int) -> None:
    scene = draw(seed, "mug")
    labels = [placement.model.label for placement in scene.clutter]
    assert "mug" not in labels
    assert len(set(labels)) == len(labels)


def test_the_instance_can_be_chosen() -> None:
    names = {draw(seed, "frying pan", SimOptions(instance=2)).target.model.path.name for seed in range(5)}
    assert names == {"frying_pan_2.xml"}


def test_nobody_is_there_when_nobody_is_wanted() -> None:
    assert draw(0, options=SimOptions(person=PersonOptions(present=False))).person is None


def test_an_object_of_ones_own() -> None:
    file = FOLDER / "examples" / "ice_scraper.xml"
    scene = sample_scene(None, file, SimOptions(clutter=1), np.random.default_rng(0))
    assert scene.target.model.label == "ice scraper"
    assert build_model(scene, SimOptions(), looks=False).body("target/object").jntnum == 1


def test_wrong_requests_are_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean"):
        draw(0, "spatla")
    with pytest.raises(TooCrowded, match=r"5 other objects"):
        draw(0, options=SimOptions(clutter=5))
    with pytest.raises(UnknownName, match="instance of mug"):
        draw(0, "mug", SimOptions(instance=7))


def test_an_object_too_long_for_the_table_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "examples" / "ice_scraper.xml").read_text()
    (tmp_path / "ice_scraper_blade.obj").write_bytes(
        (FOLDER / "examples" / "ice_scraper_blade.obj").read_bytes()
    )
    file = tmp_path / "plank.xml"
    file.write_text(
        text.replace('size="0.065 0.014 0.011" pos="-0.065', 'size="0.65 0.014 0.011" pos="-0.65')
    )
    with pytest.raises(BadFile, match="finds no place"):
        sample_scene(None, file, SimOptions(), np.random.default_rng(0))


@given(angle=st.floats(0, 2 * np.pi), apart=st.floats(0.01, 2.0))
def test_gap_is_exact_along_a_side_and_never_too_large(angle: float, apart: float) -> None:
    assert gap_between(SQUARE, SQUARE + np.array([1.0 + apart, 0.3])) == pytest.approx(apart)
    turned = (SQUARE - 0.5) @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centres = 1.0 + apart
    assert gap_between(SQUARE, turned + 0.5 + np.array([centres, 0.0])) <= centres - 1.0 + 1e-9


def test_gap_of_overlapping_squares_is_negative() -> None:
    assert gap_between(SQUARE, SQUARE + 0.5) == pytest.approx(-0.5)
