"""`handover calibrate hand-eye`: finds where the camera sits on the robot's wrist, and how well it knows."""

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
    from hardware.calibration.views import View

LEAST_POSES, MOST_POSES = 12, 100


@dataclass(frozen=True)
class HandEyeCommand:
    """Look at the board from many poses, find the camera's place on the flange, and write it into a file."""

    poses: int = 20
    """Stops round the board; 5 of them are kept out of the fit to measure its error."""
    out: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The file to write; calibration/hand-eye-<date>.yaml if not given. Nothing is overwritten."""
    tour: Annotated[TourOptions, tyro.conf.arg(name="")] = TourOptions()  # noqa: RUF009  # frozen
    config: Annotated[tyro.conf.DisallowNone[Path | None], UNSET] = None
    """The configuration to use; by default config.yaml in the working directory, if there is one."""
    settings: Annotated[Config, tyro.conf.arg(name="")] = Config()  # noqa: RUF009  # frozen


def main(arguments: Sequence[str]) -> int:
    """Calibrate; returns the exit code: 1 where the result is not good enough, and nothing was written."""
    command, config = parse(HandEyeCommand(), arguments, "handover calibrate hand-eye")
    command.tour.check()
    if not LEAST_POSES <= command.poses <= MOST_POSES:
        raise UsageError(f"--poses {command.poses}: {LEAST_POSES} to {MOST_POSES} are needed")
    out = free_name(command.out)

    from app.calibrate.packages import check_opencv

    check_opencv()

    from rich.console import Console

    from app.calibrate.attempt import attempted
    from app.calibrate.devices import open_devices
    from app.gate import require_doctor
    from hardware.calibration.board import Board
    from hardware.calibration.hand_eye_file import check_writable

    check_writable(out)
    console, board = Console(highlight=False), Board.of(command.tour.board)
    devices = open_devices(config, board, command.tour.seed)
    require_doctor(config, devices=("robot",))

    def work() -> int:
        return _solved(
            command, config, board, devices, _views(command, config, board, devices, console), out, console
        )

    return attempted(work, console)


def free_name(out: Path | None) -> Path:
    """Where to write: `out`, or a new dated name. Raises UsageError for a file that exists."""
    from datetime import datetime

    if out is not None:
        if out.exists():
            raise UsageError(f"--out {out}: it exists already, and nothing is overwritten; name another file")
        return out
    name, number = f"hand-eye-{datetime.now():%Y%m%d-%H%M%S}", 1
    path = Path("calibration", f"{name}.yaml")
    while path.exists():
        number += 1
        path = path.with_name(f"{name}-{number}.yaml")
    return path


def _views(
    command: HandEyeCommand, config: Config, board: Board, devices: CalibrationDevices, console: Console
) -> list[View]:
    """The board from every stop that shows it well."""
    import numpy as np

    from app.calibrate.attempt import consent
    from app.calibrate.search import find_board, stops_around
    from app.calibrate.tour import touring
    from hardware.calibration.errors import Unclear

    options = command.tour
    rng = np.random.default_rng(options.seed)
    views: list[View] = []
    console.print(f"board            {board}", markup=False)
    with touring(devices, board, config, options.pictures, consent(config, console, options.yes)) as tour:
        found = find_board(tour, devices, board, config, options.board_at)
        stops = stops_around(tour, devices, board, found, command.poses, rng, LEAST_POSES)
        for number, joints in enumerate(stops, start=1):
            said = "no way leads there"
            if tour.go(joints):
                try:
                    views.append(tour.look())
                    said = f"{len(views[-1].seen.points)} corners, {views[-1].seen.error_px:.2f} px"
                except Unclear as error:
                    said = str(error)
            console.print(f"pose {number:3} of {len(stops):3}  {said}", markup=False)
    return views


def _solved(
    command: HandEyeCommand,
    config: Config,
    board: Board,
    devices: CalibrationDevices,
    views: Sequence[View],
    out: Path,
    console: Console,
) -> int:
    """Solve, report, and write where the result is good enough."""
    from datetime import UTC, datetime

    import numpy as np

    from app.calibrate.attempt import NOT_GOOD
    from app.calibrate.report import details, print_calibration, print_refusal
    from hardware.calibration.hand_eye import REFINED, calibrate
    from hardware.calibration.hand_eye_file import HandEye, save_hand_eye
    from hardware.gen3.kinematics import FK_MODEL

    seed, camera = command.tour.seed, devices.camera
    result = calibrate(views, camera.intrinsics, board.middle, np.random.default_rng(seed))
    print_calibration(console, result, devices.judge)
    if result.held_out.rms_m > config.hand_eye.max_error_m:
        print_refusal(console, result.held_out.rms_m, config.hand_eye.max_error_m)
        return NOT_GOOD
    hand_eye = HandEye(
        flange_from_camera=result.flange_from_camera,
        camera_serial=camera.serial,
        intrinsics=camera.intrinsics,
        date=datetime.now(UTC),
        error_m=result.held_out.rms_m,
        error_deg=result.held_out.rms_deg,
        method=REFINED,
        board=str(board),
        fk_model=FK_MODEL,
        details=details(result, command.tour.pictures, seed, devices.simulated),
    )
    save_hand_eye(out, hand_eye)
    console.print(f"written          {out}", markup=False, soft_wrap=True)
    console.print(f"use it           hand_eye.file: {out} in config.yaml", markup=False, soft_wrap=True)
    return 0
