"""The objects of the simulated table: MJCF files whose texts say which part is whose, read and checked.

A file holds one rigid body `object` whose geoms are named `<part>_<number>`, and the custom texts `label`,
`human_part` (what the person takes) and `robot_part` (what the robot may hold); both may list several parts,
separated by commas. Optional texts, "true" or "false": `upright` (must stay upright when handed over) and
`pointed` (has a blade or tip at the robot's end). The object settles on the table as the file turns it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import mujoco

from hardware.errors import BadFile, UnknownName

FOLDER = Path(__file__).with_suffix("")
INSTANCES = (1, 2)
MAX_MASS_KG = 2.0
"""What the arm carries with gripper and camera on it, rounded down (Kinova: 4 kg with nothing mounted)."""
BODY = "object"
_GEOM_NAME = re.compile(r"(?P<part>[A-Za-z]\w*)_\d+")
_EXAMPLE = "see hammer_1.xml for an example"


@dataclass(frozen=True)
class ObjectModel:
    """One object as its file describes it."""

    path: Path
    label: str
    human_parts: tuple[str, ...]
    robot_parts: tuple[str, ...]
    parts: tuple[str, ...]
    mass_kg: float
    upright: bool = False
    pointed: bool = False

    @property
    def spec(self) -> mujoco.MjSpec:
        """A fresh, editable copy; mesh and texture files are absolute, so it can be attached anywhere."""
        return _read(self.path)


def part_of(geom_name: str) -> str:
    """The part a geom belongs to: "handle" for "handle_2". Raises ValueError for other names."""
    match = _GEOM_NAME.fullmatch(geom_name)
    if match is None:
        raise ValueError(f"{geom_name!r} is not of the form <part>_<number>")
    return match["part"]


def categories() -> tuple[str, ...]:
    """The names of the supplied kinds of object, sorted, words joined by "_"."""
    return tuple(sorted(path.stem.removesuffix("_1") for path in FOLDER.glob("*_1.xml")))


def resolve_category(name: str) -> str:
    """The category meant by `name`, in any case, with spaces, hyphens or "_". Raises UnknownName."""
    plain = re.sub(r"[\s_-]+", "_", name.strip().lower())
    if plain not in categories():
        raise UnknownName("object", plain, categories())
    return plain


def object_file(category: str, instance: int) -> Path:
    """The file of one instance (1 or 2). Raises UnknownName."""
    name = resolve_category(category)
    if instance not in INSTANCES:
        raise UnknownName(f"instance of {name}", str(instance), map(str, INSTANCES))
    return FOLDER / f"{name}_{instance}.xml"


def load_object(path: Path | str) -> ObjectModel:
    """Read and check an object's file. Raises BadFile naming the first fault and its remedy."""
    path = Path(path).resolve()
    spec = _read(path)
    _check_body(path, spec)
    parts = _parts(path, spec)
    texts = {text.name: text.data.strip() for text in spec.texts}
    human, robot = (_part_list(path, texts, key, parts) for key in ("human_part", "robot_part"))
    if shared := set(human) & set(robot):
        raise BadFile(
            path, f"{sorted(shared)} are both human_part and robot_part", "give each part one holder"
        )
    return ObjectModel(
        path=path,
        label=_required(path, texts, "label"),
        human_parts=human,
        robot_parts=robot,
        parts=parts,
        mass_kg=_mass(path, spec),
        upright=_flag(path, texts, "upright"),
        pointed=_flag(path, texts, "pointed"),
    )


def _read(path: Path) -> mujoco.MjSpec:
    if not path.is_file():
        raise BadFile(path, "there is no such file", "name an object's MJCF file")
    try:
        spec = mujoco.MjSpec.from_file(str(path))
    except ValueError as error:
        raise BadFile(path, f"MuJoCo cannot read it ({_one_line(error)})", "make it valid MJCF") from error
    _make_absolute(path, spec)
    return spec


def _make_absolute(path: Path, spec: mujoco.MjSpec) -> None:
    for assets, folder in ((spec.meshes, spec.meshdir), (spec.textures, spec.texturedir)):
        for asset in assets:
            if asset.file:
                file = path.parent / folder / asset.file
                if not file.is_file():
                    raise BadFile(path, f"{asset.file} is not there", f"put it at {file}")
                asset.file = str(file)
    spec.meshdir = spec.texturedir = ""


def _check_body(path: Path, spec: mujoco.MjSpec) -> None:
    body = spec.body(BODY)
    if body is None or body.parent != spec.worldbody:
        raise BadFile(path, f'its worldbody has no body "{BODY}"', f'name the body "{BODY}"; {_EXAMPLE}')
    if len(spec.worldbody.bodies) > 1 or spec.worldbody.geoms:
        fault = f'its worldbody holds more than the body "{BODY}"'
        raise BadFile(path, fault, f'move geoms into "{BODY}" and take out floors and other bodies')
    free = mujoco.mjtJoint.mjJNT_FREE
    if any(joint.type != free or joint.parent != body for joint in spec.joints):
        raise BadFile(
            path, "it has moving parts", "take out every joint; only rigid objects can be handed over"
        )


def _parts(path: Path, spec: mujoco.MjSpec) -> tuple[str, ...]:
    parts: dict[str, None] = {}
    for geom in spec.geoms:
        try:
            parts[part_of(geom.name)] = None
        except ValueError:
            fault = f"the geom name {geom.name!r} is not of the form <part>_<number>"
            raise BadFile(path, fault, 'name geoms "handle_0", "head_0", "head_1", ...') from None
    if not parts:
        raise BadFile(path, f'the body "{BODY}" has no geoms', f"give it at least two parts; {_EXAMPLE}")
    return tuple(parts)


def _required(path: Path, texts: dict[str, str], key: str) -> str:
    if not texts.get(key):
        remedy = f'add <text name="{key}" data="..."/> to <custom>; {_EXAMPLE}'
        raise BadFile(path, f'the custom text "{key}" is missing', remedy)
    return texts[key]


def _part_list(path: Path, texts: dict[str, str], key: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in _required(path, texts, key).split(","))
    for name in names:
        if name not in parts:
            fault = f"{key} {name!r} is the name of no geom"
            raise BadFile(path, fault, f"its parts are: {', '.join(parts)}")
    return names


def _flag(path: Path, texts: dict[str, str], key: str) -> bool:
    value = texts.get(key, "false").lower()
    if value not in ("true", "false"):
        raise BadFile(path, f'the custom text "{key}" is {value!r}', 'write "true" or "false"')
    return value == "true"


def _mass(path: Path, spec: mujoco.MjSpec) -> float:
    single = spec.copy()
    if not single.body(BODY).joints:
        single.body(BODY).add_freejoint()
    try:
        mass_kg = float(single.compile().body(BODY).subtreemass[0])
    except ValueError as error:
        raise BadFile(path, f"MuJoCo cannot compile it ({_one_line(error)})", "mend that") from error
    if mass_kg > MAX_MASS_KG:
        fault = f"its mass is {mass_kg:.2f} kg, the arm carries {MAX_MASS_KG:g} kg"
        raise BadFile(path, fault, "set the geoms' mass or density (1000 kg/m3 unless given)")
    return mass_kg


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
