"""The driver process: `python -m hardware.driver`, started by `hardware.driver.client`, never by hand."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from hardware.clock import SystemClock
from hardware.driver import wire
from hardware.driver.devices import open_devices
from hardware.driver.host import Host
from hardware.driver.journal import Journal
from hardware.driver.options import DriverOptions
from hardware.errors import HandoverError
from hardware.protocols import Clock
from hardware.shown_clock import ShownClock


def main() -> int:
    """Open the devices, serve one program, close them; returns the exit code."""
    words = argparse.ArgumentParser(prog="python -m hardware.driver", description=__doc__)
    words.add_argument("--commands", type=int, required=True, help="descriptor of the stream of commands")
    words.add_argument("--readings", type=int, required=True, help="descriptor of the datagrams of readings")
    words.add_argument("--opener", required=True, help="module:function that opens the devices")
    words.add_argument("--arguments", default="{}", help="its keyword arguments as JSON")
    words.add_argument("--options", default="{}", help="DriverOptions as JSON")
    words.add_argument("--journal", type=Path, help="file for what the driver did and when")
    words.add_argument("--time", type=int, help="descriptor of a time shown; the machine's clock without")
    given = words.parse_args()
    logging.basicConfig(stream=sys.stderr, format="driver: %(message)s", level=logging.WARNING)
    # A Ctrl-C is the program's to answer: it stops the arm in order, and this process with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    commands, readings = socket.socket(fileno=given.commands), socket.socket(fileno=given.readings)
    readings.setblocking(False)
    clock: Clock = SystemClock() if given.time is None else ShownClock(given.time)
    with commands, readings, Journal(given.journal, clock) as journal:
        try:
            with open_devices(given.opener, given.arguments, clock) as devices:
                options = DriverOptions(**json.loads(given.options))
                host = Host(devices, commands, readings, journal, options, clock)
                signal.signal(signal.SIGTERM, lambda *_: host.close())
                wire.send(commands, {"is": "ready", "name": devices.name})
                journal.note("ready", name=devices.name)
                host.run()
        except HandoverError as error:
            journal.note("failed", reason=str(error))
            with suppress(OSError):  # the program may be gone
                wire.send(commands, {"is": "failed", "reason": str(error)})
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
