"""Reads, checks and writes the configuration; every fault of a file is told at once, with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.errors import ConfigError, Fault, UsageError
from app.faults import Location, disagreements, dotted, explain, out_of_bounds, secrets
from app.options import Config

FILE = "config.yaml"


def shipped_file() -> Path:
    """The config.yaml of this program: beside the sources, or inside the package once installed."""
    inside = Path(__file__).parent / FILE
    return inside if inside.is_file() else Path(__file__).parent.parent / FILE


def find_config(path: Path | None) -> Path | None:
    """The file to read: `path`, else config.yaml in the working directory, else None (the defaults)."""
    if path is None:
        here = Path(FILE)
        return here if here.is_file() else None
    if not path.is_file():
        raise UsageError(
            f"{path}: there is no such file; {shipped_file()} lists every value with its default"
        )
    return path


def load_config(path: Path | None) -> Config:
    """The defaults with the values of the YAML file at `path` on top; raises ConfigError with every fault."""
    if path is None:
        return Config()
    values, lines = read_yaml(path)
    return checked(values, str(path), lines)


def checked(values: Mapping[str, Any], source: str, lines: Mapping[Location, int] | None = None) -> Config:
    """`values` as a Config; raises ConfigError, naming `source` and the line of each faulty key."""
    from pydantic import TypeAdapter, ValidationError

    found = dict(secrets(values))
    config = None
    try:
        config = TypeAdapter(Config).validate_python(values)
    except ValidationError as error:
        for detail in error.errors():
            location, message = explain(detail)
            found.setdefault(location, message)
    for location, message in (*out_of_bounds(values), *(disagreements(config) if config else ())):
        found.setdefault(location, message)
    if found:
        raise ConfigError(
            source, [_fault(location, message, lines or {}) for location, message in found.items()]
        )
    assert config is not None
    return config


def as_values(config: Config) -> dict[str, Any]:
    """The configuration as plain nested dictionaries, lists and scalars, as YAML and JSON hold them."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, tuple | list) else value

    return {key: plain(value) for key, value in asdict(config).items()}


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[Location, int]]:
    """The values of a YAML file and the line of every key and list item; repeated keys are a fault."""
    import yaml

    text = path.read_text(encoding="utf-8")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigError(str(path), [Fault("", f"not YAML: {error.problem}", line)]) from error
    if root is None:
        return {}, {}
    if not isinstance(values, dict):
        raise ConfigError(str(path), [Fault("", "sections with keys are needed, as in the shipped file", 1)])
    lines: dict[Location, int] = {}
    repeated: list[Fault] = []

    def walk(node: yaml.Node, location: Location) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*location, key.value)
                line = key.start_mark.line + 1
                if inner in lines:
                    repeated.append(Fault(dotted(inner), f"already given in line {lines[inner]}", line))
                lines[inner] = line
                walk(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                lines[(*location, index)] = value.start_mark.line + 1
                walk(value, (*location, index))

    walk(root, ())
    if repeated:
        raise ConfigError(str(path), repeated)
    return values, lines


def _fault(location: Location, message: str, lines: Mapping[Location, int]) -> Fault:
    near = location
    while near and near not in lines:
        near = near[:-1]
    return Fault(dotted(location), message, lines.get(near))
