"""What may vary in a simulated scene and how well its devices see and feel (light: no numpy, no MuJoCo)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Script = Literal["takes", "late", "ignores", "leaves", "steps_closer", "pulls_early", "touches", "pushes"]
Posture = Literal["standing", "seated"]
Renderer = Literal["ray", "gl", "auto"]


@dataclass(frozen=True)
class PersonOptions:
    """The simulated person. Values of None are drawn from the run's seed."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    present: bool = True
    script: Script = "takes"
    stature_m: float | None = None
    posture: Posture | None = None
    distance_m: float | None = None
    """From the robot's base axis to the torso's axis; drawn from 1.05 to 1.25 m."""
    bearing_deg: float | None = None
    """Where the person is, seen from the base: 0 = straight ahead, positive to the robot's left."""
    hand: Literal["left", "right"] = "right"


@dataclass(frozen=True)
class WristCameraOptions:
    """The D435i on the wrist: its colour picture, with depth aligned to it, and where it is mounted."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    width: int = 848
    height: int = 480
    focal_px: float = 605.8  # 69 x 43 deg, the D435i's colour view at 16:9
    mount_xyz_m: tuple[float, float, float] = (0.0, 0.0615, 0.03)
    """The optical centre in the flange frame; the picture's right is the flange's -x and its bottom the -y,
    so the gripper is at the bottom of the picture."""
    mount_rpy_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Turned by this from there, about the picture's right, its bottom and the optical axis in turn."""
    period_s: float = 1.0 / 30.0
    """A frame younger than this is handed out again instead of rendering a new one."""
    min_depth_m: float = 0.19  # 848 x 480; nearer surfaces give no reading
    max_depth_m: float = 6.0
    tracking_width: int = 160
    tracking_height: int = 90
    """Size of the picture that follows the person: the same view, coarser."""


@dataclass(frozen=True)
class SimOptions:
    """The simulated world and its devices."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    person: PersonOptions = PersonOptions()
    camera: WristCameraOptions = WristCameraOptions()
    clutter: int = 0
    """How many other objects lie on the table (0 to 4)."""
    instance: int | None = None
    """Which of the category's instances to use; None draws one."""
    start_deg: tuple[float, ...] = (11.6, -46.4, 169.5, -113.4, -10.1, -37.3, 1.8)
    """Joints at the start, 1 to 7; the default looks at a person straight ahead."""
    timestep_s: float = 0.002
    renderer: Renderer = "ray"
    """ray needs nothing and gives the same picture everywhere; gl is faster and needs OpenGL; auto tries gl
    first."""
    depth_noise: float = 1.0
    """Scale of the D435i's depth noise and holes; 0 switches noise, holes, rounding and near limit off."""
    force_noise_n: float = 0.3
    """Standard deviation of the wrist force reading."""
