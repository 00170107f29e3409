"""Draws the pictures of a run while it runs, in a thread of its own, as soon as their keys are written."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from behaviours import keys

logger = logging.getLogger(__name__)

Board = Mapping[str, Any]


class Album:
    """Writes regions-1.png, grasps-1.png, handover-1.png ... into the run's folder.

    Values are frozen, so the thread draws them while the tree goes on; a picture that cannot be drawn is
    logged and left out.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts: Counter[str] = Counter()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")

    def on_key_written(self, key: str, value: Any, board: Board) -> None:
        """`key` just got `value`; `board` holds everything else that is written by now."""
        draw = _PICTURES.get(key)
        if draw is not None:
            name, picture = draw
            self._counts[name] += 1
            path = self._folder / f"{name}-{self._counts[name]}.png"
            self._worker.submit(self._draw, picture, dict(board), path)

    def close(self) -> None:
        """Wait until all pictures are written."""
        self._worker.shutdown(wait=True)

    def _draw(self, picture: Callable[[Board], Any], board: Board, path: Path) -> None:
        try:
            image = picture(board)
            if image is not None:
                image.save(path)
        except Exception as error:
            logger.exception("could not draw %s (%s)", path.name, error)


def _regions(board: Board) -> Any:
    from app.record.pictures import regions_picture

    return regions_picture(board[keys.FRAME], board[keys.REGIONS])


def _grasps(board: Board) -> Any:
    """Drawn when a grasp has its plan: the queue then still holds the worse ones."""
    from app.record.pictures import grasps_picture

    plan = board[keys.GRASP_PLAN]
    return grasps_picture(
        board[keys.FRAME],
        (plan.grasp, *board.get(keys.GRASP_QUEUE, ())),
        board.get(keys.GRASPS_REJECTED, ()),
        plan.grasp,
    )


def _handover(board: Board) -> Any:
    from app.record.pictures import handover_picture

    return handover_picture(board.get(keys.HUMAN), board[keys.HANDOVER])


_PICTURES: dict[str, tuple[str, Callable[[Board], Any]]] = {
    keys.REGIONS: ("regions", _regions),
    keys.GRASP_PLAN: ("grasps", _grasps),
    keys.HANDOVER_PLAN: ("handover", _handover),
}
