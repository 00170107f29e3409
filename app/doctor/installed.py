"""`handover doctor`: what is installed, what the configuration asks for, what is missing and how to get it.

Exit code 0 when everything the configuration needs is here, else 1. Nothing is downloaded or connected.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import tyro

from app.config import FILE, load_config
from app.errors import ConfigError, UsageError
from app.models.checks import weights_findings
from app.options import Config

State = Literal["ok", "missing", "wrong", "optional"]

CORE = {
    "py_trees": "py_trees",
    "numpy": "numpy",
    "scipy": "scipy",
    "mujoco": "mujoco",
    "roboplan": "roboplan.core",
    "pydantic": "pydantic",
    "tyro": "tyro",
    "PyYAML": "yaml",
    "rich": "rich",
    "textual": "textual",
    "Pillow": "PIL",
    "matplotlib": "matplotlib",
    "imageio": "imageio",
    "imageio-ffmpeg": "imageio_ffmpeg",
}
"""Package -> module whose import shows that it works."""

EXTRAS = {
    "torch": ("torch", "models", "OWL-ViT, SAM, ViTPose and Contact-GraspNet"),
    "transformers": ("transformers", "models", "OWL-ViT, ViTPose and local vision-language models"),
    "segment-anything": ("segment_anything", "models", "SAM"),
    "openai": ("openai", "models", "vision-language models behind an OpenAI-compatible server"),
    "huggingface_hub": ("huggingface_hub", "models", "downloads of model weights"),
    "pooch": ("pooch", "models", "downloads of model weights"),
    "starlette": ("starlette", "models", "handover serve models"),
    "uvicorn": ("uvicorn", "models", "handover serve models"),
    "httpx2": ("httpx2", "remote", "models on another machine"),
    "pyrealsense2": ("pyrealsense2", "robot", "the RealSense camera"),
    "open3d": ("open3d", "viz", "planes, clusters and normals of real depth clouds"),
}
"""Package -> (module, extra of this project, what it is for)."""

KORTEX = (
    "download kortex_api-2.6.0.post3-py3-none-any.whl from Kinova, then: "
    "pip install 'protobuf==3.20.3' 'deprecated==1.2.7' && pip install --no-deps kortex_api-*.whl"
)

LIBRARIES = {
    "libusb-1.0.so.0": ("pyrealsense2", "libusb-1.0-0"),
    "libEGL.so.1": ("open3d", "libegl1"),
    "libGL.so.1": ("open3d", "libgl1"),
    "libgomp.so.1": ("open3d", "libgomp1"),
}
"""Shared library -> (who loads it, Debian package)."""

KEY_PURPOSE = "a vision-language model behind OpenAI's interface"

FILE_UNSET = tyro.conf.arg(metavar="FILE", help_behavior_hint="")


@dataclass(frozen=True)
class Check:
    """One line of the report; `missing` and `wrong` count against the exit code."""

    group: str
    subject: str
    state: State
    detail: str


@dataclass(frozen=True)
class DoctorCommand:
    """Say what is installed, what the configuration asks for, what is missing and how to get it."""

    config: tyro.conf.DisallowNone[
        Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")]
    ] = None
    """The configuration to check; by default config.yaml in the working directory, if there is one."""


def main(arguments: Sequence[str]) -> int:
    """Print the report; returns the exit code."""
    command = tyro.cli(DoctorCommand, args=list(arguments), prog="handover doctor")

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    checks = list(examine(command.config))
    console = Console()
    marks = {
        "ok": ("ok", "green"),
        "missing": ("missing", "bold red"),
        "wrong": ("wrong", "bold red"),
        "optional": ("not here", "yellow"),
    }
    table = Table.grid(padding=(0, 2))
    for number, check in enumerate(checks):
        if number == 0 or check.group != checks[number - 1].group:
            table.add_row("")
            table.add_row(Text(check.group, style="bold"))
        table.add_row("  " + check.subject, Text(*marks[check.state]), Text(check.detail))
    console.print(table)
    missing = [check.subject for check in checks if check.state in ("missing", "wrong")]
    console.print()
    if missing:
        console.print(f"[bold red]What is configured cannot run: {', '.join(missing)}[/]")
        return 1
    console.print("[bold green]What is configured can run here.[/]  Try: handover run hammer")
    return 0


def examine(config_path: Path | None) -> Iterator[Check]:
    """All checks, in the order of the report."""
    version = platform.python_version()
    supported = (3, 11) <= sys.version_info < (3, 14)
    yield Check(
        "program",
        "Python",
        "ok" if supported else "missing",
        version if supported else f"{version}; 3.11 to 3.13",
    )
    for package, module in CORE.items():
        yield _core(package, module)
    yield from _configuration(config_path)
    for package, (module, extra, purpose) in EXTRAS.items():
        yield _extra(package, module, extra, purpose)
        if package == "pyrealsense2":
            yield _kortex(config_path)
    for library, (user, package) in LIBRARIES.items():
        yield _library(library, user, package)
    yield _key(config_path)


def _core(package: str, module: str) -> Check:
    try:
        import_module(module)
    except ImportError as error:
        return Check("program", package, "missing", f"{error}; pip install -e .")
    return Check("program", package, "ok", metadata.version(package))


def _configuration(path: Path | None) -> Iterator[Check]:
    from app.config import find_config

    try:
        found = find_config(path)
        config = load_config(found)
    except (ConfigError, UsageError) as error:
        yield Check("configuration", str(path or FILE), "wrong", str(error))
        return
    yield Check("configuration", str(found) if found else "defaults", "ok", "every value is valid")
    for step in fields(config.back_ends):
        yield Check("back ends", step.name, "ok", _choice(config, step.name))
    for subject, state, detail in weights_findings(config):
        yield Check("weights", subject, state, detail)


def _choice(config: Config, step: str) -> str:
    """The chosen back end of a step, and the others."""
    from app import factory, method_factory

    tables = {
        "robot": factory.ROBOTS,
        "detector": factory.DETECTORS,
        "segmenter": factory.SEGMENTERS,
        "vlm": factory.VLMS,
        "grasps": factory.GRASPS,
        "human": factory.HUMANS,
        "planner": factory.PLANNERS,
        "maps": method_factory.MAPS,
    }
    chosen = getattr(config.back_ends, step)
    others = [name for name in tables[step] if name != chosen]
    return f"{chosen} (also: {', '.join(others)})" if others else chosen


def _extra(package: str, module: str, extra: str, purpose: str) -> Check:
    group = f"extra {extra}"
    if find_spec(module) is None:
        return Check(group, package, "optional", f"for {purpose}; pip install -e '.[{extra}]'")
    return Check(group, package, "ok", f"{metadata.version(package)}, for {purpose}")


def _kortex(path: Path | None) -> Check:
    python = _config_or_default(path).kinova.driver.python
    if python is not None:
        words = f"for the Kinova arm; looked for by {python}: handover doctor robot"
        return Check("extra robot", "kortex_api", "optional", words)
    if find_spec("kortex_api") is None:
        return Check("extra robot", "kortex_api", "optional", f"for the Kinova arm; {KORTEX}")
    return Check("extra robot", "kortex_api", "ok", f"{metadata.version('kortex_api')}, for the Kinova arm")


def _key(path: Path | None) -> Check:
    """Whether the model's key is set, never what it is; missing only where OpenAI's own server is asked."""
    config = _config_or_default(path)
    vlm = config.perception.vlm
    if os.environ.get(vlm.key_variable):
        return Check("keys", vlm.key_variable, "ok", "set")
    wanted = config.back_ends.vlm == "openai" and vlm.base_url is None and not vlm.offline
    return Check("keys", vlm.key_variable, "missing" if wanted else "optional", f"for {KEY_PURPOSE}")


def _config_or_default(path: Path | None) -> Config:
    from app.config import find_config

    try:
        return load_config(find_config(path))
    except (ConfigError, UsageError):
        return Config()


def _library(library: str, user: str, package: str) -> Check:
    try:
        ctypes.CDLL(library)
    except OSError:
        return Check("libraries", library, "optional", f"for {user}; apt-get install {package}")
    return Check("libraries", library, "ok", f"for {user}")
