"""What the arm's own weight asks of its joints, in plain numpy."""

from __future__ import annotations

import numpy as np

from hardware.gen3 import facts, gripper
from hardware.gen3.kinematics import LINK_NAMES, link_poses
from hardware.gen3.mjcf_gripper import CAMERA_MASS_KG
from hardware.types import FloatArray

G_M_S2 = 9.81
_LINKS = {link.name: link for link in facts.LINKS}
_MOVING = LINK_NAMES[1:-1]
_MASSES = np.array([_LINKS[name].mass_kg for name in _MOVING] + [gripper.MASS_KG + CAMERA_MASS_KG])
_COMS = np.array([_LINKS[name].com for name in _MOVING] + [(0.0, 0.0, gripper.COM_HEIGHT_M)])


def gravity_torques(joints: FloatArray) -> FloatArray:
    """Torques (..., 7) in Nm with which gravity turns the joints (..., 7) rad of arm, gripper and camera,
    positive along each joint's axis; base upright, nothing in the hand.
    """
    frames = link_poses(joints)
    # Row i of `carried`: the weight that hangs on joint i, and its first moment about the base's origin.
    places = np.einsum("...kij,kj->...ki", frames[..., 1:, :3, :3], _COMS) + frames[..., 1:, :3, 3]
    moments = np.flip(np.cumsum(np.flip(_MASSES[:, None] * places, -2), -2), -2)[..., :7, :]
    masses = np.cumsum(_MASSES[::-1])[::-1][:7]
    axes, origins = frames[..., 1:8, :3, 2], frames[..., 1:8, :3, 3]
    arms = moments - masses[:, None] * origins
    # (arm x weight) . axis with the weight along -z
    return np.asarray(G_M_S2 * (axes[..., 1] * arms[..., 0] - axes[..., 0] * arms[..., 1]))
