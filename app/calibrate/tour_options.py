"""The options that both commands which move the arm round the board take, checked (light: no numpy)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from app.arguments import UNSET
from app.errors import UsageError
from hardware.calibration.board_options import BoardOptions

MOST_PICTURES = 100
FARTHEST_M = 1.0


@dataclass(frozen=True)
class TourOptions:
    """How the board is looked at."""

    pictures: int = 10
    """Taken at each pose; the median counts."""
    board_at: Annotated[tyro.conf.DisallowNone[tuple[float, float] | None], UNSET] = None
    """Middle of the board on the table, x and y in metres from the robot's base; looked for if not given."""
    yes: Annotated[bool, tyro.conf.FlagCreatePairsOff, UNSET] = False
    """Do not ask before the first motion: somebody has looked that nobody is within the arm's reach."""
    seed: int = 0
    """Of the poses; in simulation also of where board and camera are: a check needs the calibration's."""
    board: Annotated[BoardOptions, tyro.conf.arg(name="")] = BoardOptions()  # noqa: RUF009  # frozen

    def check(self) -> None:
        """Raises UsageError for a value that cannot be."""
        if not 1 <= self.pictures <= MOST_PICTURES:
            raise UsageError(f"--pictures {self.pictures}: 1 to {MOST_PICTURES} are needed")
        if self.seed < 0:
            raise UsageError(f"--seed {self.seed}: a whole number of 0 or more is needed")
        if self.board_at is not None:
            x, y = self.board_at
            if not 0.1 <= (x * x + y * y) ** 0.5 <= FARTHEST_M:
                raise UsageError(
                    f"--board-at {x:g} {y:g}: a place on the table is needed, 0.1 to {FARTHEST_M:g} m from "
                    "the robot's base"
                )
