"""`handover ground IMAGE --object NAME`: the numbered grid, masks and regions on any picture.

Exit code 0: done as far as configured; 1: the object or its regions were not found; 2: it cannot be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from app.arguments import UNSET, parse
from app.options import Config

NAME = tyro.conf.arg(metavar="NAME", help_behavior_hint="(required)")
EDGES = tyro.conf.arg(metavar="X0 Y0 X1 Y1", help_behavior_hint="")


@dataclass(frozen=True)
class GroundCommand:
    """Draw the numbered grid on a picture and ask which cells are for the person and for the robot; no robot
    and no depth are needed, and what is not configured is left out and named.
    """

    image: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE")]
    """The picture: JPEG, PNG, WebP, TIFF ..."""
    object: Annotated[tyro.conf.DisallowNone[str | None], NAME] = None
    """What to look for, in plain words."""
    box: Annotated[tyro.conf.DisallowNone[tuple[float, float, float, float] | None], EDGES] = None
    """Where the object is: left top right bottom, in pixels of the upright picture; no detector is asked."""
    out: Path = Path("ground")
    """Where grid.png, masks.png, regions.json and the dialogue go."""
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Ground on one picture; returns the exit code."""
    command, config = parse(GroundCommand(tyro.MISSING), arguments, "handover ground")

    import shutil

    from rich.console import Console

    from app.errors import UsageError
    from app.ground.image import read_image
    from app.ground.report import DIALOGUE, print_grounding, write_grounding
    from app.ground.steps import ground
    from app.plan.placing import box_of
    from app.record.conversation import Conversation
    from app.run_command import parse_request

    if command.object is None:
        raise UsageError("--object NAME is missing: say what it is, for example --object hammer")
    request = parse_request(command.object)
    frame = read_image(command.image, 2 * config.perception.grid.n)
    box = box_of(command.box, frame)
    if command.out.exists() and not command.out.is_dir():
        raise UsageError(f"{command.out} is no folder; choose another place with --out")
    shutil.rmtree(command.out / DIALOGUE, ignore_errors=True)
    try:
        command.out.mkdir(parents=True, exist_ok=True)
        found = ground(frame, request, box, config, Conversation(command.out / DIALOGUE))
        write_grounding(command.out, found)
    except OSError as error:
        raise UsageError(f"{command.out} cannot be written ({error}); choose another place") from error
    print_grounding(Console(highlight=False, soft_wrap=True), found, command.out)
    return 1 if found.failure else 0
