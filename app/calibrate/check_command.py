"""`handover calibrate check`: does the calibration still hold? The board from two poses, touching nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from app.arguments import UNSET, parse
from app.calibrate.tour_options import TourOptions
from app.errors import UsageError
from app.options import Config

if TYPE_CHECKING:
    from rich.console import Console

    from app.calibrate.devices import CalibrationDevices
    from hardware.calibration.board import Board
    from hardware.calibration.hand_eye_file import HandEye
    from hardware.calibration.views import View
    from hardware.types import FloatArray

WARN_M = 0.005
"""Between two looks the board's middle may differ by this; more is felt at the fingertips."""
PROPOSED = 8
"""Poses of which the two that differ most, and can be reached, are taken."""


@dataclass(frozen=True)
class CheckCommand:
    """Look at the board from two poses and compare where it seems to lie; no file is changed."""

    file: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The hand-eye file to check; hand_eye.file of the configuration if not given."""
    tour: Annotated[TourOptions, tyro.conf.arg(name="")] = TourOptions()  # noqa: RUF009  # frozen
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Check; returns the exit code: 1 where the two looks differ too much, or could not be taken."""
    command, config = parse(CheckCommand(), arguments, "handover calibrate check")
    command.tour.check()
    named = command.file or (Path(config.hand_eye.file) if config.hand_eye.file else None)
    file = None if named is None else named.expanduser()
    if file is None and config.back_ends.robot != "simulated":
        raise UsageError(
            "there is no calibration to check: give --file, or hand_eye.file in the configuration"
        )

    from app.calibrate.packages import check_opencv

    check_opencv()

    from rich.console import Console

    from app.calibrate.attempt import attempted
    from app.calibrate.devices import open_devices
    from app.gate import require_doctor
    from hardware.calibration.board import Board
    from hardware.calibration.hand_eye_file import check_model, load_hand_eye

    console, board = Console(highlight=False), Board.of(command.tour.board)
    known = None if file is None else (file, load_hand_eye(file))
    if known is not None:
        check_model(*known)
    # Without a file the simulated camera is where the model has it, and that is what is checked.
    devices = open_devices(config, board, command.tour.seed, displaced=known is not None)
    require_doctor(config, devices=("robot",))
    mount = devices.model_mount if known is None else known[1].flange_from_camera
    said = "the simulated camera, as modelled" if file is None else f"{file}"
    console.print(f"calibration      {said}", markup=False, soft_wrap=True)

    def work() -> int:
        first, second = _two_looks(command, config, board, devices, known, console)
        return _compared(first, second, mount, board, console)

    return attempted(work, console)


def _two_looks(
    command: CheckCommand,
    config: Config,
    board: Board,
    devices: CalibrationDevices,
    known: tuple[Path, HandEye] | None,
    console: Console,
) -> tuple[View, View]:
    """The board from two poses that differ much. Raises BadFile where `known` is another camera's."""
    import numpy as np

    from app.calibrate.attempt import consent
    from app.calibrate.search import find_board, stops_around
    from app.calibrate.tour import touring
    from hardware.calibration.errors import TooFewViews, Unclear
    from hardware.calibration.hand_eye_file import check_camera

    options = command.tour
    views: list[View] = []
    with touring(devices, board, config, options.pictures, consent(config, console, options.yes)) as tour:
        if known is not None:
            check_camera(*known, devices.camera.serial, devices.camera.intrinsics)
        found = find_board(tour, devices, board, config, options.board_at)
        rng = np.random.default_rng(options.seed)
        for joints in stops_around(tour, devices, board, found, PROPOSED, rng, least=2, in_order=False):
            try:
                if tour.go(joints):
                    views.append(tour.look())
            except Unclear:
                continue
            if len(views) == 2:
                return views[0], views[1]
    raise TooFewViews(len(views), 2)


def _compared(first: View, second: View, mount: FloatArray, board: Board, console: Console) -> int:
    import numpy as np

    from app.calibrate.attempt import NOT_GOOD
    from hardware.calibration.solve import apart
    from hardware.geometry import transform

    boards = [view.base_from_board(mount) for view in (first, second)]
    places = [transform(seen, board.middle) for seen in boards]
    off_m, (_, off_deg) = float(np.linalg.norm(places[0] - places[1])), apart(*boards)
    _, turned_deg = apart(first.base_from_flange, second.base_from_flange)
    console.print(f"looks            two, turned by {turned_deg:.0f} degrees from each other")
    console.print(f"board            differs by {1000.0 * off_m:.2f} mm and {off_deg:.3f} degrees")
    if off_m > WARN_M:
        console.print(
            f"warning: more than {1000.0 * WARN_M:g} mm: the camera has moved on the wrist, the board moved "
            "meanwhile, or its squares are not those of --square-mm; run handover calibrate hand-eye",
            style="bold red",
        )
        return NOT_GOOD
    console.print("ok: the calibration holds", style="bold green")
    return 0
