"""What can go wrong with a calibration, each with its numbers and what to do next."""

from __future__ import annotations

from hardware.errors import HandoverError
from hardware.types import FloatArray


class CalibrationError(HandoverError):
    """No calibration can be made of what was seen; nothing was written."""


class BadBoard(HandoverError):
    """A board that cannot be: too small, or its dictionary has too few markers."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(f"there is no such board: {fault}; {remedy}")


class Unclear(CalibrationError):
    """What was seen from one pose does not count."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"does not count: {reason}")


class TooFewViews(CalibrationError):
    """Fewer poses saw the board than a calibration needs."""

    def __init__(self, count: int, needed: int) -> None:
        super().__init__(
            f"the board was seen well from {count} poses, {needed} are needed; light it evenly, lay it flat "
            "within the robot's reach, and take more poses (--poses)"
        )


class ParallelMotions(CalibrationError):
    """The flange turned about one axis only: the camera's place along it stays unknown."""

    def __init__(self, second_deg: float, needed_deg: float) -> None:
        super().__init__(
            f"the flange turned about one axis only (about a second one by {second_deg:.1f} degrees, "
            f"{needed_deg:g} are needed): the camera's place along that axis cannot be found; tilt the "
            "camera in different directions"
        )


class NoAgreement(CalibrationError):
    """Too many poses contradict the others."""

    def __init__(self, agreeing: int, count: int, needed: int) -> None:
        super().__init__(
            f"{agreeing} of {count} poses agree on where the camera is, {needed} are needed; take more poses "
            "(--poses), fix the board to the table and the camera to the wrist, check that the board's "
            "squares were measured, and calibrate again"
        )


class BoardNotSeen(CalibrationError):
    """No look found the board."""

    def __init__(self, looks: int, board: str) -> None:
        super().__init__(
            f"the board ({board}) was not seen in {looks} looks at the table; lay it flat and lit evenly "
            "before the robot, say where its middle is with --board-at X Y (metres, base frame), and check "
            "that columns, rows, squares and dictionary are those of the print"
        )


class OutOfReach(CalibrationError):
    """The arm cannot look at the board from enough places."""

    def __init__(self, count: int, needed: int, place: FloatArray) -> None:
        x, y, z = place
        super().__init__(
            f"the arm can look at the board, which lies at ({x:.2f}, {y:.2f}, {z:.2f}) m, from {count} "
            f"poses only, {needed} are needed; lay it flat at x 0.35 to 0.50 m, |y| below 0.15 m, clear of "
            "other things"
        )
