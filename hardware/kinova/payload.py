"""What the arm carries for good: the tool's mass, told to the arm for a session, read back, put back."""

from __future__ import annotations

from functools import partial
from typing import Any

from hardware.errors import HardwareError
from hardware.kinova.options import KinovaOptions
from hardware.kinova.session import KortexSession

SAME_KG, SAME_M = 0.005, 0.0005
"""The arm keeps 32-bit floats."""


def weighed_tool(session: KortexSession, options: KinovaOptions) -> bool:
    """Tell the arm the mass of its tool, where `tool_mass_kg` names one; False where it does not.

    The tool's frame stays as it is; a payload set beside the tool is set to nothing, or it would count twice.
    Both are put back at the session's end. Raises HardwareError where the arm does not take them.
    """
    if options.tool_mass_kg is None:
        return False
    control, kinds = session.control, session.package.messages.ControlConfig
    tool_before, payload_before = _carried(session)
    tool: Any = kinds.ToolConfiguration()
    tool.CopyFrom(tool_before)
    tool.tool_mass = options.tool_mass_kg
    centre = tool.tool_mass_center
    centre.x, centre.y, centre.z = 0.0, 0.0, options.tool_mass_centre_m
    for name, function, wanted, before in (
        ("tool's mass", control.SetToolConfiguration, tool, tool_before),
        ("payload", control.SetPayloadInformation, kinds.PayloadInformation(), payload_before),
    ):
        session.at_the_end(f"put the {name} back", partial(session.call, function, before))
        session.call(function, wanted)
    now, carried = _carried(session)
    apart_m = abs(now.tool_mass_center.z - options.tool_mass_centre_m)
    apart_kg = max(abs(now.tool_mass - options.tool_mass_kg), abs(carried.payload_mass))
    if not (apart_kg <= SAME_KG and apart_m <= SAME_M):
        raise HardwareError(
            f"the arm did not take the tool's mass of {options.tool_mass_kg:g} kg, it reads back "
            f"{now.tool_mass:.2f} kg and a payload of {carried.payload_mass:.2f} kg; set them in the web "
            "application and leave kinova.tool_mass_kg at null"
        )
    return True


def _carried(session: KortexSession) -> tuple[Any, Any]:
    """The arm's settings of its tool and of a payload."""
    control = session.control
    return session.call(control.GetToolConfiguration), session.call(control.GetPayloadInformation)
