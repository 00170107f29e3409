"""The hand that the network knows: a Franka Panda's (figures of the published configuration)."""

from __future__ import annotations

GRIPPER_DEPTH_M = 0.1034
"""From the origin of a predicted hand to the middle of its pads along the approach."""
MAX_WIDTH_M, EXTRA_OPENING_M = 0.08, 0.005
WIDTH_BOUNDS_M = (
    *(0.0, 0.00794435329, 0.0158887021, 0.0238330509, 0.0317773996, 0.0397217484),
    *(0.0476660972, 0.055610446, 0.0635547948, 0.0714991435, MAX_WIDTH_M),
)
"""Limits of the ten bins of the width."""
