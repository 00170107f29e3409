"""Which calibration board is used (light: nothing but the standard library)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Dictionary = Literal["4x4_50", "4x4_100", "5x5_50", "5x5_100", "6x6_50", "6x6_100"]


@dataclass(frozen=True)
class BoardOptions:
    """A ChArUco board: a chessboard with a marker in each white square."""

    columns: int = 5
    rows: int = 7
    square_mm: float = 35.0
    """Edge of one square as MEASURED on the print: printers scale, and the error goes into every length."""
    dictionary: Dictionary = "4x4_50"
    """The markers' dictionary: bits per marker, and how many markers there are."""
