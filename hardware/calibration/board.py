"""The ChArUco board: its pattern and the places of its corners, the same for print, picture and detector.

Board frame: origin at the print's top left corner, x right, y down, z into the board; the board is the plane
z = 0. One module is the edge of one bit of a marker; each marker has one white module around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardware.calibration.board_options import BoardOptions
from hardware.calibration.errors import BadBoard
from hardware.types import BoolArray, FloatArray

_QUIET_MODULES = 2
"""White modules beside a marker within its square: one on each side."""
_BORDER_MODULES = 2
"""Black modules beside a marker's bits: one on each side."""


@dataclass(frozen=True)
class Board:
    """A board of `columns` x `rows` squares. Raises BadBoard for one that cannot be."""

    columns: int
    rows: int
    square_m: float
    dictionary: str

    @staticmethod
    def of(options: BoardOptions) -> Board:
        """The board that the options describe."""
        return Board(options.columns, options.rows, options.square_mm / 1000.0, options.dictionary)

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 3:
            size = f"{self.columns} x {self.rows} squares"
            raise BadBoard(f"it has {size}", "take 3 or more each way; 5 x 7 fill a sheet of A4")
        if not 0.005 <= self.square_m <= 0.5:
            raise BadBoard(f"its squares are {1000.0 * self.square_m:g} mm", "take 5 to 500 mm")
        needed, there = self.columns * self.rows // 2, int(self.dictionary.rpartition("_")[2])
        if needed > there:
            remedy = "take fewer squares or a larger dictionary"
            raise BadBoard(f"it needs {needed} markers, the dictionary {self.dictionary} has {there}", remedy)

    def __str__(self) -> str:
        return (
            f"ChArUco {self.columns} x {self.rows}, squares {1000.0 * self.square_m:g} mm, "
            f"dictionary {self.dictionary}"
        )

    @property
    def modules_per_square(self) -> int:
        bits = int(self.dictionary.partition("x")[0])
        return bits + _BORDER_MODULES + _QUIET_MODULES

    @property
    def module_m(self) -> float:
        return self.square_m / self.modules_per_square

    @property
    def size_m(self) -> FloatArray:
        """Width and height (2,) of the pattern."""
        return self.square_m * np.array([self.columns, self.rows])

    @property
    def middle(self) -> FloatArray:
        """The middle (3,) of the pattern, board frame."""
        return np.append(self.size_m / 2.0, 0.0)

    @cached_property
    def corners(self) -> FloatArray:
        """The inner chessboard corners ((columns - 1) (rows - 1), 3) by corner number, board frame."""
        return np.asarray(self.charuco.getChessboardCorners(), dtype=np.float64)

    @cached_property
    def outline(self) -> FloatArray:
        """The four corners (4, 3) of the whole pattern, board frame."""
        width, height = self.size_m
        return np.array([[0, 0, 0], [width, 0, 0], [width, height, 0], [0, height, 0]], dtype=np.float64)

    @cached_property
    def charuco(self) -> Any:
        """OpenCV's own description of this board."""
        import cv2

        aruco = cv2.aruco
        dictionary = aruco.getPredefinedDictionary(getattr(aruco, f"DICT_{self.dictionary.upper()}"))
        marker_m = (self.modules_per_square - _QUIET_MODULES) * self.module_m
        return aruco.CharucoBoard((self.columns, self.rows), self.square_m, marker_m, dictionary)

    def black(self) -> BoolArray:
        """The pattern, one cell per module (rows, columns): True is black; row 0 is the print's top."""
        size = (self.columns * self.modules_per_square, self.rows * self.modules_per_square)
        picture: NDArray[np.uint8] = self.charuco.generateImage(size, marginSize=0)
        return picture < 128
