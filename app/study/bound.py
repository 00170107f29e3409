"""A run bound to the study that made it: should the study be killed, the run stops the arm and holds.

The run is in a session of its own, so that nobody else would tell it; only Linux can.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def bind(parent: int) -> None:
    """Have this process get SIGINT, as by Ctrl-C, when the process `parent`, which made it, ends anyhow.

    Raises KeyboardInterrupt where that has ended already.
    """
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        raise KeyboardInterrupt


if __name__ == "__main__":
    bind(int(sys.argv[1]))

    from app.cli import program

    sys.argv[1:2] = []
    program()
