"""Blocks of work side by side on the cores of a CPU, each block's operations by one thread.

torch would rather have all cores share every operation and meet at its end: thousands of meetings a pass,
each as long as the slowest core is busy with something else, as on a robot it is, and spent spinning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Work = TypeVar("Work")
Result = TypeVar("Result")


class Workers:
    """As many threads as torch would use; while they exist, torch's own operations use one each.

    On a GPU, which minds for itself, blocks come one after the other.
    """

    def __init__(self, device: torch.device) -> None:
        self._threads = torch.get_num_threads() if device.type == "cpu" else 1
        self._pool = (
            # Whether gradients are kept is each thread's own choice.
            ThreadPoolExecutor(self._threads, initializer=torch.set_grad_enabled, initargs=(False,))
            if self._threads > 1
            else None
        )

    def __enter__(self) -> Workers:
        if self._pool is not None:
            torch.set_num_threads(1)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            torch.set_num_threads(self._threads)

    def each(self, function: Callable[[Work], Result], work: Sequence[Work]) -> list[Result]:
        """`function` of each block, in order."""
        if self._pool is None or len(work) < 2:
            return [function(block) for block in work]
        return list(self._pool.map(function, work))
