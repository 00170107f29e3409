"""A person of average proportions, standing where people are served: the stand-in for one not yet seen."""

from __future__ import annotations

import numpy as np

from perception.types import ArmLengths, HumanPose, Keypoint
from planning.ergonomics import FOREARM_OF_STATURE, UPPER_ARM_OF_STATURE
from planning.options import PresentationOptions

# Height over the floor and distance to the side as shares of stature (Drillis and Contini), arms hanging.
_PROPORTIONS = {
    "EYE": (0.936, 0.020),
    "EAR": (0.930, 0.045),
    "SHOULDER": (0.818, 0.129),
    "ELBOW": (0.818 - UPPER_ARM_OF_STATURE, 0.129),
    "WRIST": (0.818 - UPPER_ARM_OF_STATURE - FOREARM_OF_STATURE, 0.129),
    "HIP": (0.530, 0.055),
    "KNEE": (0.285, 0.055),
    "ANKLE": (0.039, 0.055),
}
_NOSE_OF_STATURE = 0.910


def nominal_person(options: PresentationOptions) -> HumanPose:
    """Someone of `stature_m` facing the robot from straight ahead at `distance_m`, right hand receiving.

    Nothing of it is measured: confidence 0, no joint marked as measured, stamp 0.
    """
    stature, x = options.stature_m, options.distance_m
    floor_z = options.table_top_z_m - options.floor_below_table_m
    joints = np.empty((len(Keypoint), 3))
    joints[Keypoint.NOSE] = x, 0.0, floor_z + _NOSE_OF_STATURE * stature
    for name, (height, aside) in _PROPORTIONS.items():
        # Facing the robot, the person's right is the robot's left.
        joints[Keypoint[f"RIGHT_{name}"]] = x, aside * stature, floor_z + height * stature
        joints[Keypoint[f"LEFT_{name}"]] = x, -aside * stature, floor_z + height * stature
    lengths = ArmLengths(UPPER_ARM_OF_STATURE * stature, FOREARM_OF_STATURE * stature, measured=False)
    return HumanPose(
        joints=joints,
        raw=joints,
        measured=np.zeros(len(Keypoint), dtype=np.bool_),
        arm="right",
        arm_lengths=lengths,
        facing=np.array([-1.0, 0.0, 0.0]),
        confidence=0.0,
        stamp_s=0.0,
        source="nominal person",
    )
